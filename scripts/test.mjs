/**
 * Runs every test there is and ends with one line of totals. The layers run side by side in a few
 * lanes, each shown whole when it has ended, with an estimate of the time that is left; what measures
 * memory runs alone. A layer that runs no test has failed; a layer that cannot run here is reported and
 * counted as skipped.
 */

import { readdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { findChromedriver, findChromium } from "./lib/browser.mjs";
import { countsOf, nodeCounts, rustCounts, vitestCounts } from "./lib/count.mjs";
import { Estimate } from "./lib/estimate.mjs";
import { inLanes, runWhole } from "./lib/lanes.mjs";
import { testArguments, testFiles } from "./lib/node-tests.mjs";
import { installTestPackages } from "./lib/projects.mjs";
import { Failure, heading, main, root } from "./lib/run.mjs";
import { npmTool, targetDir, wasmTestRunner } from "./lib/tools.mjs";

const WASM_TARGET = "wasm32-unknown-unknown";
const CARGO_TEST = ["test", "--locked", "--target-dir", targetDir];
const BOUNDARY = [...CARGO_TEST, "--target", WASM_TARGET, "--test", "boundary"];
/** What needs the folder that `FSS_TRACES` names; the table is of the benches. */
const REAL_TRACES = [
  ...[...CARGO_TEST, "--test", "eviction", "--", "--ignored"],
  ...["--skip", "hit_ratios"],
];
/** Operations of the fuzz target, which does fewer where nobody asks; some 30 s. */
const FUZZ = { FSS_FUZZ_OPS: process.env.FSS_FUZZ_OPS ?? "10000000" };
const BRIDGES = join("tests", "bridges");
/** The published suite needs the runner it is written for. */
const KEYV = ["run", "--root", BRIDGES, "--no-color", "keyv.spec.ts"];
/** Folders of tests/ whose every test needs a browser. */
const IN_BROWSER = new Set(["browser"]);
/** Folders that measure what the whole machine has to do with. */
const ALONE = new Set(["memory"]);
/** Folders that take longest begin first. */
const SLOW = ["browser", "packaging", "js", "docs", "crash"];

const cores = availableParallelism();
const lanes = Math.min(cores, 4);
/** Nothing to keep apart. */
const live = lanes === 1;
/** Test files that a layer runs at a time. */
const filesAtATime = Math.max(1, Math.floor(cores / lanes));
const chromium = findChromium();
const totals = { passed: 0, failed: 0, skipped: 0 };

await main(async () => {
  const { together, alone } = plan();
  const estimate = new Estimate(lanes, titles(together.flat()), titles(alone));
  console.log(`The tests take about ${estimate.minutes} min, once what is new was compiled.`);
  heading("Packages of the tests");
  installTestPackages();
  await compile();
  heading(lanes === 1 ? "Layers" : `Layers, ${lanes} at a time`);
  const pieces = together.map((layers) => () => oneByOne(layers, estimate));
  await inLanes(lanes, pieces);
  await oneByOne(alone, estimate);

  heading("Total");
  console.log(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
  if (totals.failed > 0) process.exitCode = 1;
});

/**
 * The layers that go side by side, those first that take longest, in groups of which each goes one by
 * one: Cargo locks its folder. And those that go alone.
 */
function plan() {
  const rust = [cargo("Core, native", CARGO_TEST, FUZZ)];
  // Else they are ignored, and their reason is printed.
  if (process.env.FSS_TRACES) rust.push(cargo("Policies on real traces", REAL_TRACES));
  rust.push(boundary("Boundary, Node", {}));
  const driver = findChromedriver();
  if (chromium && driver) {
    const env = { WASM_BINDGEN_USE_BROWSER: "1", CHROMEDRIVER: driver };
    rust.push(boundary("Boundary, Chromium", env));
  } else skip("Boundary, Chromium", "Chromium or chromedriver is missing");

  const together = [rust];
  const alone = [];
  for (const folder of testFolders()) {
    if (IN_BROWSER.has(folder) && !chromium) skip(`tests/${folder}`, "Chromium is missing");
    else if (ALONE.has(folder)) alone.push(typescript(folder, { alone: true }));
    else together.push([typescript(folder)]);
  }
  // The tests' own types; tsx runs them without looking.
  const types = ["--noEmit", "--project", "tests/tsconfig.json"];
  together.push([{ title: "Types of the tests", program: npmTool("tsc"), args: types }]);
  const vitest = join(BRIDGES, "node_modules/.bin/vitest");
  together.push([{ title: "@keyv/test-suite", program: vitest, args: KEYV, count: vitestCounts }]);
  return { together, alone };
}

/** Compiles first, on all cores; what fails here fails again as a layer. */
async function compile() {
  for (const [what, args] of Object.entries({ native: CARGO_TEST, boundary: BOUNDARY })) {
    await runWhole(`Compiling, ${what}`, "cargo", [...args, "--no-run"], { live: true });
  }
}

function cargo(title, args, env) {
  return { title, program: "cargo", args, count: rustCounts, env };
}

/** The Wasm exports, called from Rust: the same file in Node and in Chromium. */
function boundary(title, more) {
  const runner = { CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER: wasmTestRunner() };
  return cargo(title, BOUNDARY, { ...runner, ...more });
}

function typescript(folder, { alone = false } = {}) {
  const args = testArguments(testFiles(folder), alone ? 1 : filesAtATime);
  const env = chromium ? { CHROME_PATH: chromium } : {};
  const title = `tests/${folder}`;
  return { title, program: process.execPath, args, count: nodeCounts, env, live: live || alone };
}

function titles(layers) {
  return layers.map(({ title }) => title);
}

/** Runs layers one after the other and adds their counts; one without a count has only to succeed. */
async function oneByOne(layers, estimate) {
  for (const { title, program, args, count, env, live: shown = live } of layers) {
    estimate.begin(title);
    const ended = await runWhole(title, program, args, { env, live: shown });
    estimate.end(title, ended.status === 0);
    if (count === undefined) totals.failed += ended.status === 0 ? 0 : 1;
    else {
      const counts = countsOf(title, ended, count);
      for (const [kind, number] of Object.entries(counts)) totals[kind] += number;
    }
    console.log(`-- ${estimate}`);
  }
}

function skip(title, reason) {
  if (process.env.CI === "true") throw new Failure(`${title} cannot run: ${reason}`);
  heading(title);
  console.warn(`SKIPPED: ${reason}`);
  totals.skipped += 1;
}

/** Folders of tests/ with tests in them, the slow ones first. */
function testFolders() {
  const entries = readdirSync(join(root, "tests"), { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  const rest = folders.sort().filter((folder) => !SLOW.includes(folder));
  return [...SLOW, ...rest].filter((folder) => testFiles(folder).length > 0);
}
