/**
 * Builds the package into `dist/`:
 *
 *     cargo -> wasm-bindgen -> wasm-opt    core.wasm, load/glue.js and parts of it,
 *                                          load/convert.wasm, load/convert-glue.js
 *     base64                               load/base64.js, load/convert-base64.js
 *     tsc                                  every module of js/, with its types
 *     esbuild                              third-party code of the converter and the command line
 *                                          taken in, the entries of the store joined to one file each
 *
 * Everything is made in Cargo's target directory and only then copied to `dist/`, file by file where
 * the bytes differ, so that a failed build leaves the last good one.
 *
 * `node scripts/build.mjs js` skips the first step and takes both modules as they were last built.
 */

import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import { gzipSync } from "node:zlib";
import { bundleThirdParty, joinEntries } from "./lib/bundle.mjs";
import { buildWasm, convert, core, crates, writeCrates } from "./lib/core.mjs";
import { writeLicences } from "./lib/licences.mjs";
import { publish } from "./lib/publish.mjs";
import { removeUnreachable } from "./lib/reachable.mjs";
import { Failure, main, root, run } from "./lib/run.mjs";
import { npmTool, stageDir } from "./lib/tools.mjs";
import { wallModule } from "./lib/wall.mjs";

const staged = join(stageDir, "dist");

await main(async ([only]) => {
  if (only !== undefined && only !== "js")
    throw new Failure(`usage: build.mjs [js], not "${only}"`);
  mkdirSync(stageDir, { recursive: true });
  for (const module of [core, convert]) {
    if (only !== "js" || !existsSync(module.wasm)) await buildWasm(module);
  }
  if (only !== "js" || !existsSync(crates)) writeCrates();

  rmSync(staged, { recursive: true, force: true });
  mkdirSync(join(staged, "load"), { recursive: true });
  cpSync(core.wasm, join(staged, "core.wasm"));
  // Beside its loader, which keeps its file: bundlers look for what lies beside.
  cpSync(convert.wasm, join(staged, "load", "convert.wasm"));
  for (const { types, glues } of [core, convert]) {
    for (const { module } of glues) cpSync(module, join(staged, "load", basename(module)));
    for (const declared of [types, ...glues.map((glue) => glue.types)]) {
      cpSync(declared, join(staged, "load", basename(declared)));
      // Where tsc looks for the types of the bindings; not tracked.
      cpSync(declared, join(root, "js", "load", basename(declared)));
    }
  }
  writeInline("base64.js", readFileSync(core.wasm));
  // Packed: whoever does not convert has it in the script all the same.
  writeInline("convert-base64.js", gzipSync(readFileSync(convert.wasm), { level: 9 }));
  writeFileSync(join(root, "js/core/wall.ts"), wallModule());
  const typed = succeeds(() => run(npmTool("tsc"), ["--project", ".", "--outDir", staged]));

  await joinEntries(staged, ["index.js", "index.node.js"], ["index.inline.js"]);
  const packages = await bundleThirdParty(staged, "convert", "browser");
  packages.push(...(await bundleThirdParty(staged, "cli", "node")));
  writeLicences(staged, packages, JSON.parse(readFileSync(crates, "utf8")));
  chmodSync(join(staged, "cli", "main.js"), 0o755);
  removeUnreachable(staged, JSON.parse(readFileSync(join(root, "package.json"), "utf8")));

  const changed = publish(staged, join(root, "dist"));
  console.log(`dist/ is up to date (${changed} files changed)`);
  // What runs may be tried before its types are right, but not delivered.
  if (!typed) throw new Failure("dist/ was written, but tsc found type errors");
});

function succeeds(step) {
  try {
    step();
    return true;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return false;
  }
}

/** A module as text, for places that cannot load a `.wasm` file. */
function writeInline(file, bytes) {
  const base64 = bytes.toString("base64");
  writeFileSync(join(staged, "load", file), `export const base64 =\n  "${base64}";\n`);
}
