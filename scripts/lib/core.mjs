/** The Rust half of the build: two optimised `.wasm` of one crate, and the glue that instantiates them. */

import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { glueModule, glueTypes } from "./glue.mjs";
import { cratesOf } from "./licences.mjs";
import { Failure, output, root, run } from "./run.mjs";
import { bindgenTool, npmTool, stageDir, targetDir, wasmBindgenVersion } from "./tools.mjs";

const WASM_TARGET = "wasm32-unknown-unknown";

/** What makes the core smaller as it is compiled; measured in bytes of brotli. */
const COMPACT = {
  store: [
    // Rounds of SHA-256 as a loop: 1.3 KB less, 1.2 times the time.
    '--cfg=sha2_backend_soft="compact"',
    // Calls into wrappers of a few instructions cost more than those instructions.
    "-Cllvm-args=-inline-threshold=14",
  ],
  convert: ["-Cllvm-args=-inline-threshold=0"],
};

/** For speed first: what -Oz is given then it leaves smaller. */
const OPTIMISE = ["-O4", "--gufa", "-Oz", "--converge", "--strip-debug", "--strip-producers"];

/** Short names, printed; after what is repeated until nothing changes any more. */
const RENAME = ["--minify-imports-and-exports", "--strip-target-features"];

/** What each binding has. The log of `fs` is no use where there is no file system, archives are rare. */
const STORE = ["StoreHandle", "memoryBytes", "sha256"];
const LOG = ["LogHandle", "packFormat", "storeOfSegment", "unpackFormat"];
const ARCHIVE = ["ArchiveReader", "ArchiveWriter", "sameContent"];
const CONVERT = ["convert", "dependencies", "memoryBytes"];

/** The store, with bindings to parts of it. */
export const core = wasmModule("core", "release", "store", "bound", [
  { file: "glue", name: "Glue", exported: [...STORE, ...LOG] },
  { file: "store-glue", name: "StoreGlue", exported: STORE },
  { file: "archive-glue", name: "ArchiveGlue", exported: ARCHIVE },
]);

/** The converter, which a page that only reads never loads. */
export const convert = wasmModule("convert", "convert", "convert", "convert-bound", [
  { file: "convert-glue", name: "ConvertGlue", exported: CONVERT },
]);

/** The licences of the crates in both, as a list of texts. */
export const crates = join(stageDir, "crates.json");

/** Writes those. */
export function writeCrates() {
  writeFileSync(crates, JSON.stringify(cratesOf(WASM_TARGET)));
}

/** A module made of the crate: how it is compiled, and the files `buildWasm` leaves behind. */
function wasmModule(name, profile, feature, types, bindings) {
  return {
    name,
    profile,
    feature,
    /** Where wasm-bindgen writes. */
    folder: join(stageDir, name),
    wasm: join(stageDir, `${name}.wasm`),
    /** What wasm-bindgen says of the types. */
    types: join(stageDir, `${types}.d.ts`),
    /** Of each binding its module and its types. */
    glues: bindings.map(({ file, ...binding }) => ({
      ...binding,
      bound: `./${types}.js`,
      module: join(stageDir, `${file}.js`),
      types: join(stageDir, `${file}.d.ts`),
    })),
  };
}

/** Compiles the crate as one of its modules; the steps after cargo are skipped while its result stays the same. */
export async function buildWasm(module) {
  // Where a crate is to be an rlib as well, Cargo leaves link-time optimisation out without a word.
  const crate = ["rustc", "--lib", "--crate-type", "cdylib", "--locked"];
  const { name, profile, feature } = module;
  const which = ["--profile", profile, "--no-default-features", "--features", feature];
  run("cargo", [...crate, ...which, "--target", WASM_TARGET, "--target-dir", targetDir], {
    CARGO_ENCODED_RUSTFLAGS: [...remappedPaths(), ...COMPACT[feature]].join("\x1f"),
  });
  // A profile each: they do not replace each other's files.
  const compiled = join(targetDir, WASM_TARGET, profile, "fhir_schema_store.wasm");
  const stamp = fingerprint(compiled);
  const stampFile = join(stageDir, `${name}.stamp`);
  if (existsSync(stampFile) && readFileSync(stampFile, "utf8") === stamp) return;

  bind(compiled, module);
  await writeGlues(module, optimise(module));
  writeFileSync(stampFile, stamp);
}

/** Makes `bound.js` with its types, and `bound_bg.wasm`, of what cargo compiled. */
function bind(compiled, { folder, types }) {
  mkdirSync(folder, { recursive: true });
  const singleValued = join(folder, "compiled.wasm");
  writeFileSync(singleValued, withoutMultivalue(readFileSync(compiled)));
  run(bindgenTool(), [singleValued, folder]);
  copyFileSync(join(folder, "bound.d.ts"), types);
}

/**
 * With "multivalue" as a feature that is not to be used: the standard library comes with it in use.
 * V8 compiles a wrapper for every signature with more results than one as it compiles the module:
 * 4 ms of every start.
 */
function withoutMultivalue(wasm) {
  const at = wasm.lastIndexOf("+\nmultivalue");
  if (at < 0) throw new Failure("the compiled core does not name its target feature multivalue");
  wasm[at] = "-".charCodeAt(0);
  return wasm;
}

/** Optimises the `.wasm`; returns the short names it has given to what comes in and goes out. */
function optimise({ folder, wasm }) {
  run(npmTool("wasm-opt"), [...OPTIMISE, join(folder, "bound_bg.wasm"), "-o", wasm]);
  const printed = output(npmTool("wasm-opt"), [...RENAME, wasm, "-o", wasm]);
  if (printed === undefined) throw new Failure("wasm-opt failed");
  const { imports, exports } = JSON.parse(printed);
  return Object.fromEntries([
    ...imports.map(([_module, long, short]) => [long, short]),
    ...exports,
  ]);
}

async function writeGlues({ folder, glues }, names) {
  for (const { name, exported, bound, module, types } of glues) {
    writeFileSync(module, await glueModule(join(folder, "bound.js"), exported, names));
    writeFileSync(types, glueTypes(name, exported, bound));
  }
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
  for (const script of ["core.mjs", "glue.mjs", "../bindgen/src/main.rs"])
    hash.update(readFileSync(new URL(script, import.meta.url)));
  hash.update(readFileSync(compiled));
  for (const tool of ["binaryen", "esbuild"])
    hash.update(readFileSync(join(root, "node_modules", tool, "package.json")));
  return hash.digest("hex");
}
