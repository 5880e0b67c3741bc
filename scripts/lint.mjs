/** Every check that is not a test: formatting, lints, types, the rules of the repository, packaging. */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { installPackages, installTestPackages } from "./lib/projects.mjs";
import { repositoryRules } from "./lib/rules.mjs";
import { Failure, heading, main, root, run } from "./lib/run.mjs";
import { npmTool, targetDir } from "./lib/tools.mjs";

const CLIPPY = ["clippy", "--locked", "--target-dir", targetDir];
const HOST = ["--all-targets"];
/** The other test programs are for the host, where their tools are. */
const WASM = ["--target", "wasm32-unknown-unknown", "--lib", "--test", "boundary"];
const DENY_WARNINGS = ["--", "--deny", "warnings"];

/** The entries left out are the `.wasm` assets: no modules and no types, so NoResolution by nature. */
const ASSETS = ["./core.wasm", "./convert.wasm"];
const ATTW = ["--pack", ".", "--profile", "esm-only", "--exclude-entrypoints", ...ASSETS];

const LAYERS = "scripts/layers/layers.cjs";
const CRUISER = "scripts/layers/node_modules/dependency-cruiser/bin/dependency-cruise.mjs";

const checks = [
  ["Rust formatting", () => run("cargo", ["fmt", "--check"])],
  ["Rust lints, host", () => run("cargo", [...CLIPPY, ...HOST, ...DENY_WARNINGS])],
  ["Rust lints, wasm32", () => run("cargo", [...CLIPPY, ...WASM, ...DENY_WARNINGS])],
  ["Types", () => tsc(".")],
  ["Types of the tests", () => tsc("tests/tsconfig.json")],
  [
    "Formatting and lints of JavaScript",
    () => run(npmTool("biome"), ["check", "--error-on-warnings"]),
  ],
  ["Rules of the repository", repositoryRules],
  ["Layers of js/", () => run(process.execPath, [CRUISER, "js", "--config", LAYERS])],
  ["publint", () => run(npmTool("publint"), ["--strict"])],
  ["Are the types wrong?", () => run(npmTool("attw"), ATTW)],
];

await main(() => {
  if (!existsSync(join(root, "dist/index.js"))) run(process.execPath, ["scripts/build.mjs"]);
  installTestPackages();
  installPackages("scripts/layers");
  const failed = checks.filter(([title, check]) => !passes(title, check)).map(([title]) => title);
  heading(failed.length === 0 ? "All checks passed" : "Failed checks");
  if (failed.length > 0) throw new Failure(failed.join("\n"));
});

function tsc(project) {
  run(npmTool("tsc"), ["--noEmit", "--project", project]);
}

function passes(title, check) {
  heading(title);
  try {
    check();
    return true;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    console.error(error.message);
    return false;
  }
}
