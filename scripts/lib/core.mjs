/** The Rust half of the build: one optimised `.wasm` and the glue that instantiates it. */

import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { Failure, output, root, run } from "./run.mjs";
import { npmTool, stageDir, targetDir, wasmBindgenTool, wasmBindgenVersion } from "./tools.mjs";

const WASM_TARGET = "wasm32-unknown-unknown";

/** What makes the core smaller as it is compiled; measured in bytes of brotli. */
const COMPACT = [
  // Rounds of SHA-256 as a loop: 1.3 KB less, 1.2 times the time.
  '--cfg=sha2_backend_soft="compact"',
  // Calls into wrappers of a few instructions cost more than those instructions.
  "-Cllvm-args=-inline-threshold=14",
];

const OPTIMISE = [
  // For speed first: what -Oz is given then it leaves smaller.
  ...["-O4", "--gufa", "-Oz", "--converge"],
  ...["--strip-debug", "--strip-producers", "--strip-target-features"],
];

/** The log of the `fs` adapter is no use where there is no file system, and archives are rare. */
const LOG = ["LogHandle", "packFormat", "unpackFormat"];
const ARCHIVE = ["ArchiveReader", "ArchiveWriter", "sameContent"];
const STORE = ["StoreHandle", "memoryBytes", "sha256"];

/** The files `buildCore` leaves behind. */
export const core = {
  wasm: join(stageDir, "core.wasm"),
  glue: join(stageDir, "glue.js"),
  glueTypes: join(stageDir, "glue.d.ts"),
  storeGlue: join(stageDir, "store-glue.js"),
  storeGlueTypes: join(stageDir, "store-glue.d.ts"),
  archiveGlue: join(stageDir, "archive-glue.js"),
  archiveGlueTypes: join(stageDir, "archive-glue.d.ts"),
};

/** Compiles the crate; the steps after cargo are skipped while its result stays the same. */
export function buildCore() {
  // Where a crate is to be an rlib as well, Cargo leaves link-time optimisation out without a word.
  const crate = ["rustc", "--lib", "--crate-type", "cdylib", "--release", "--locked"];
  run("cargo", [...crate, "--target", WASM_TARGET, "--target-dir", targetDir], {
    CARGO_ENCODED_RUSTFLAGS: [...remappedPaths(), ...COMPACT].join("\x1f"),
  });
  const compiled = join(targetDir, WASM_TARGET, "release", "fhir_schema_store.wasm");
  const stamp = fingerprint(compiled);
  const stampFile = join(stageDir, "core.stamp");
  if (existsSync(stampFile) && readFileSync(stampFile, "utf8") === stamp) return;

  bind(compiled);
  run(npmTool("wasm-opt"), [...OPTIMISE, join(stageDir, "bound_bg.wasm"), "-o", core.wasm]);
  writeFileSync(stampFile, stamp);
}

/**
 * Every glue of wasm-bindgen binds one instance per load of its file, and a store wants an instance
 * of its own. The glue of the `no-modules` target is one expression without imports or exports, so
 * as the body of a function it binds a new instance per call. All targets give the same `.wasm`.
 */
function bind(compiled) {
  run(wasmBindgenTool("wasm-bindgen"), [
    compiled,
    ...["--target", "no-modules", "--omit-default-module-path", "--encode-into", "always"],
    ...["--out-dir", stageDir, "--out-name", "bound"],
  ]);
  // Compiling and its errors are the loaders' task.
  const script = cut(readFileSync(join(stageDir, "bound.js"), "utf8"), [
    ["    async function __wbg_load(", "    function initSync("],
    ["    let __wbg_init_promise;", "    return Object.assign(__wbg_init, "],
  ]).replace("__wbg_init,", "{},");
  writeFileSync(core.glue, factory(script));
  writeFileSync(core.storeGlue, factory(without(script, [...LOG, ...ARCHIVE])));
  writeFileSync(core.archiveGlue, factory(without(script, [...LOG, ...STORE])));

  const types = readFileSync(join(stageDir, "bound.d.ts"), "utf8");
  const exports = [
    "/** A binding of the core to one instance of it. */",
    "export type Glue = Pick<typeof wasm_bindgen, keyof typeof wasm_bindgen>;",
    "/** Makes a binding that is not yet initialised. */",
    "export declare function makeGlue(): Glue;",
  ];
  writeFileSync(core.glueTypes, [types, ...exports, ""].join("\n"));
  writeFileSync(core.storeGlueTypes, typesWithout("StoreGlue", [...LOG, ...ARCHIVE]));
  writeFileSync(core.archiveGlueTypes, typesWithout("ArchiveGlue", [...LOG, ...STORE]));
}

function factory(script) {
  // The script looks for its own address in the page; the address of the `.wasm` is the loaders' task.
  const lines = ["export function makeGlue() {", "const document = undefined;", script];
  return [...lines, "return wasm_bindgen;", "}", ""].join("\n");
}

/** The types of a binding without some exports. */
function typesWithout(name, lacking) {
  const lines = [
    'import type { Glue } from "./glue.js";',
    `/** A binding of the core without ${lacking.join(", ")}. */`,
    `export type ${name} = Omit<Glue, ${lacking.map((one) => `"${one}"`).join(" | ")}>;`,
    "/** Makes a binding that is not yet initialised. */",
    `export declare function makeGlue(): ${name};`,
  ];
  return [...lines, ""].join("\n");
}

/** The glue without some exports, and without the functions that only they call. */
function without(script, exported) {
  let rest = script;
  for (const name of exported) {
    const definition = new RegExp(
      `    (class|function) ${name}\\b.*?exports\\.${name} = ${name};\n`,
      "s",
    );
    if (!definition.test(rest)) throw new Failure(`wasm-bindgen's glue has no ${name}`);
    const registry = new RegExp(`    const ${name}Finalization = .*?;\n`, "s");
    rest = rest.replace(definition, "").replace(registry, "");
  }
  for (let before = ""; before !== rest; ) {
    before = rest;
    rest = rest.replace(/^ {4}function (\w+)\(.*?^ {4}\}\n/gms, (text, name) =>
      before.split(new RegExp(`\\b${name}\\b`)).length === 2 ? "" : text,
    );
  }
  return rest;
}

/** A text without what stands from the first mark of each pair up to the second. */
function cut(text, marks) {
  return marks.reduce((rest, [from, to]) => {
    const begin = rest.indexOf(from);
    const end = rest.indexOf(to, begin);
    if (begin < 0 || end < 0)
      throw new Failure(`wasm-bindgen's glue has no "${from}" before "${to}"`);
    return rest.slice(0, begin) + rest.slice(end);
  }, text);
}

/** Panic messages name source files: relative to these, the same on every machine. */
function remappedPaths() {
  const cargoHome = process.env.CARGO_HOME ?? join(homedir(), ".cargo");
  const sysroot = output("rustc", ["--print", "sysroot"]);
  const prefixes = [
    [sysroot, "rust"],
    [cargoHome, "cargo"],
    [root.slice(0, -1), "fhir-schema-store"],
  ];
  return prefixes.map(([path, name]) => `--remap-path-prefix=${path}=/${name}`);
}

/** Changes whenever the steps after cargo would give something else. */
function fingerprint(compiled) {
  const hash = createHash("sha256").update(wasmBindgenVersion());
  hash.update(readFileSync(new URL(import.meta.url))).update(readFileSync(compiled));
  hash.update(readFileSync(join(root, "node_modules", "binaryen", "package.json")));
  return hash.digest("hex");
}
