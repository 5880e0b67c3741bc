/**
 * Makes a fresh clone ready: `node scripts/setup.mjs build` for building, `test` for testing too.
 * It needs nothing but Node, says what it installs and why, and does nothing twice.
 */

import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { aptInstall } from "./lib/apt.mjs";
import { findChromedriver, findChromium, onPath } from "./lib/browser.mjs";
import { Failure, heading, main, output, root, run, runBeside } from "./lib/run.mjs";
import { bindgenDir, toolsDir, wasmBindgenRoot, wasmBindgenVersion } from "./lib/tools.mjs";

const NODE = [20, 19];
const WASM_TARGET = "wasm32-unknown-unknown";

await main(async ([purpose]) => {
  if (purpose !== "build" && purpose !== "test") throw new Failure("usage: setup.mjs build|test");
  heading("Set-up");
  checkNode();
  ensureCompiler();
  ensureRust();
  // One waits for the network most of the time, the other for the processor.
  await Promise.all([ensurePackages(), ensureBindgen()]);
  if (purpose === "test") {
    ensureTestRunner();
    ensureBrowser();
  }
  heading("Build");
  run(process.execPath, ["scripts/build.mjs"]);
});

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major < NODE[0] || (major === NODE[0] && minor < NODE[1])) {
    throw new Failure(
      `Node ${NODE.join(".")} or newer is needed, this is ${process.versions.node}`,
    );
  }
  console.log(`Node ${process.versions.node}`);
}

/** Rust links its build helpers with the system's C compiler. */
function ensureCompiler() {
  if (onPath(process.env.CC ?? "cc")) return;
  const installed = aptInstall(
    ["gcc", "libc6-dev"],
    "Rust links with a C compiler, and there is none",
  );
  if (!installed)
    throw new Failure("a C compiler is needed: sudo apt-get install -y gcc libc6-dev");
}

function ensureRust() {
  const version = output("rustc", ["--version"]);
  if (!version)
    throw new Failure("Rust is needed: install rustup from https://rustup.rs, then run this again");
  const library = output("rustc", ["--print", "target-libdir", "--target", WASM_TARGET]);
  if (!library || !existsSync(library)) {
    console.log(`Installing the Rust target ${WASM_TARGET}: the core is compiled to WebAssembly`);
    run("rustup", ["target", "add", WASM_TARGET]);
  }
  console.log(version);
}

/** The program that binds the core: of exactly the version of the crate. */
async function ensureBindgen() {
  const version = wasmBindgenVersion();
  if (!existsSync(join(bindgenDir(), "debug", "bindgen"))) {
    console.log(
      `Compiling wasm-bindgen ${version}, which binds the core to JavaScript, into ${toolsDir}: ` +
        "half a minute, once per machine",
    );
  }
  const manifest = ["--manifest-path", "scripts/bindgen/Cargo.toml", "--locked", "--quiet"];
  await runBeside("cargo", ["build", ...manifest, "--target-dir", bindgenDir()]);
  console.log(`wasm-bindgen ${version}`);
}

function ensureTestRunner() {
  const version = wasmBindgenVersion();
  if (existsSync(join(wasmBindgenRoot(), "bin", "wasm-bindgen-test-runner"))) return;
  console.log(
    `Installing the command line of wasm-bindgen ${version} into ${toolsDir}: it runs tests in ` +
      "WebAssembly. This compiles for about three minutes, once per machine.",
  );
  // Not --locked: the lock file of the command line lags behind what compiles today.
  run("cargo", [
    "install",
    "wasm-bindgen-cli",
    "--version",
    `=${version}`,
    "--root",
    wasmBindgenRoot(),
  ]);
}

async function ensurePackages() {
  const lock = statSync(join(root, "package-lock.json")).mtimeMs;
  const installed = statSync(join(root, "node_modules/.package-lock.json"), {
    throwIfNoEntry: false,
  });
  if (installed && installed.mtimeMs >= lock) return;
  console.log("Installing the development packages of package-lock.json");
  await runBeside("npm", ["ci"]);
}

function ensureBrowser() {
  if (!findChromium() || !findChromedriver()) {
    const why = "the browser tests run in a real Chromium, and there is none";
    const installed = aptInstall(["chromium", "chromium-driver"], why);
    if (!installed) missingBrowser();
  }
  console.log(
    `Chromium ${findChromium() ?? "missing"}, chromedriver ${findChromedriver() ?? "missing"}`,
  );
}

function missingBrowser() {
  const cure =
    "Chromium and chromedriver are needed for the browser tests: sudo apt-get install -y chromium chromium-driver, " +
    "or name them in CHROME_PATH and CHROMEDRIVER";
  if (process.env.CI === "true") throw new Failure(cure);
  console.warn(`${cure}. Without them these tests are skipped.`);
}
