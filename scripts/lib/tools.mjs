/** Where the tools and the build's own files are. */

import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { Failure, root } from "./run.mjs";

/** Cargo's target directory, outside the tracked files. */
export const targetDir = resolve(root, process.env.CARGO_TARGET_DIR ?? "target");

/** What the build makes before it publishes to `dist/`. */
export const stageDir = join(targetDir, "npm");

/** Tools installed for this project, outside the clone: a fresh clone finds them again. */
export const toolsDir = join(
  process.env.XDG_CACHE_HOME || join(homedir(), ".cache"),
  "fhir-schema-store",
  "tools",
);

/** The wasm-bindgen version of Cargo.lock: its tools must be of exactly this one. */
export function wasmBindgenVersion() {
  const lines = readFileSync(join(root, "Cargo.lock"), "utf8").split("\n");
  const at = lines.indexOf('name = "wasm-bindgen"');
  const version = lines[at + 1]?.split('"')[1];
  if (at < 0 || !version) throw new Failure("Cargo.lock does not name wasm-bindgen");
  return version;
}

/** Where `scripts/bindgen`, which binds the core, is compiled. */
export function bindgenDir() {
  return join(toolsDir, `bindgen-${wasmBindgenVersion()}`);
}

/** The program of `scripts/bindgen`; a `Failure` when it is not compiled. */
export function bindgenTool() {
  return there(join(bindgenDir(), "debug", "bindgen"), "build");
}

/** Where `cargo install --root` puts the wasm-bindgen command line, for its runner of tests. */
export function wasmBindgenRoot() {
  return join(toolsDir, `wasm-bindgen-${wasmBindgenVersion()}`);
}

/** The runner of tests in WebAssembly; a `Failure` when it is not installed. */
export function wasmTestRunner() {
  return there(join(wasmBindgenRoot(), "bin", "wasm-bindgen-test-runner"), "test");
}

function there(path, purpose) {
  if (!existsSync(path))
    throw new Failure(`${path} is missing: run "node scripts/setup.mjs ${purpose}"`);
  return path;
}

/** A program of a devDependency. */
export function npmTool(name) {
  const path = join(root, "node_modules", ".bin", name);
  if (!existsSync(path)) throw new Failure(`${name} is missing: run "npm ci"`);
  return path;
}
