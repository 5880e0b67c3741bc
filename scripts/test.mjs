/**
 * Runs every test there is, layer by layer, and ends with one line of totals. A layer that runs no
 * test has failed; a layer that cannot run here is reported and counted as skipped.
 */

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { findChromedriver, findChromium } from "./lib/browser.mjs";
import { nodeCounts, rustCounts, tee, vitestCounts } from "./lib/count.mjs";
import { installTestPackages } from "./lib/projects.mjs";
import { Failure, heading, main, root } from "./lib/run.mjs";
import { npmTool, targetDir, wasmBindgenTool } from "./lib/tools.mjs";

const WASM_TARGET = "wasm32-unknown-unknown";
const CARGO_TEST = ["test", "--locked", "--target-dir", targetDir];
/** Operations of the fuzz target, which does fewer where nobody asks; some 30 s. */
const FUZZ = { FSS_FUZZ_OPS: process.env.FSS_FUZZ_OPS ?? "10000000" };
const TEST_TIMEOUT_MS = 15 * 60_000;
const BRIDGES = join("tests", "bridges");
/** The published suite needs the runner it is written for. */
const KEYV = ["run", "--root", BRIDGES, "--no-color", "keyv.spec.ts"];
/** Folders of tests/ whose every test needs a browser. */
const IN_BROWSER = new Set(["browser"]);

const chromium = findChromium();
const totals = { passed: 0, failed: 0, skipped: 0 };

await main(async () => {
  await layer("Core, native", "cargo", CARGO_TEST, rustCounts, FUZZ);
  await boundary();
  heading("Packages of the tests");
  installTestPackages();
  await types();
  for (const folder of testFolders()) await typescript(folder);
  await layer("@keyv/test-suite", join(BRIDGES, "node_modules/.bin/vitest"), KEYV, vitestCounts);

  heading("Total");
  console.log(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
  if (totals.failed > 0) process.exitCode = 1;
});

/** The Wasm exports, called from Rust: the same file in Node and in Chromium. */
async function boundary() {
  const args = [...CARGO_TEST, "--target", WASM_TARGET, "--test", "boundary"];
  const env = {
    CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER: wasmBindgenTool("wasm-bindgen-test-runner"),
  };
  await layer("Boundary, Node", "cargo", args, rustCounts, env);

  const driver = findChromedriver();
  if (!chromium || !driver)
    return skip("Boundary, Chromium", "Chromium or chromedriver is missing");
  const inBrowser = { ...env, WASM_BINDGEN_USE_BROWSER: "1", CHROMEDRIVER: driver };
  await layer("Boundary, Chromium", "cargo", args, rustCounts, inBrowser);
}

/** The tests' own types; tsx runs them without looking. */
async function types() {
  heading("Types of the tests");
  const { status } = await tee(npmTool("tsc"), ["--noEmit", "--project", "tests/tsconfig.json"]);
  if (status !== 0) totals.failed += 1;
}

async function typescript(folder) {
  if (IN_BROWSER.has(folder) && !chromium) return skip(`tests/${folder}`, "Chromium is missing");
  const args = [
    "--import",
    "tsx",
    "--test",
    "--test-reporter=spec",
    `--test-timeout=${TEST_TIMEOUT_MS}`,
  ];
  const env = chromium ? { CHROME_PATH: chromium } : {};
  const files = testFiles(folder);
  await layer(`tests/${folder}`, process.execPath, [...args, ...files], nodeCounts, env);
}

/** Runs one layer and adds its counts. A failing exit without a failed test is a failure too. */
async function layer(title, program, args, count, env) {
  heading(title);
  const { status, text } = await tee(program, args, env);
  const counts = count(text);
  if (status !== 0 && counts.failed === 0) counts.failed = 1;
  if (counts.passed + counts.failed === 0) {
    console.error(`${title} ran no test`);
    counts.failed = 1;
  }
  for (const [kind, number] of Object.entries(counts)) totals[kind] += number;
}

function skip(title, reason) {
  heading(title);
  if (process.env.CI === "true") throw new Failure(`${title} cannot run: ${reason}`);
  console.warn(`SKIPPED: ${reason}`);
  totals.skipped += 1;
}

function testFolders() {
  const entries = readdirSync(join(root, "tests"), { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  return folders.sort().filter((folder) => testFiles(folder).length > 0);
}

function testFiles(folder) {
  const path = join("tests", folder);
  if (!existsSync(join(root, path))) return [];
  const names = readdirSync(join(root, path), { recursive: true, encoding: "utf8" });
  return names
    .filter((name) => name.endsWith(".test.ts") && !name.includes("node_modules"))
    .map((name) => join(path, name))
    .sort();
}
