/** Loads the core in Node, Bun and Deno: read from the package's own folder. */

import { readFileSync } from "node:fs";
import { type Glue, makeGlue } from "./glue.js";
import { type CoreModule, coreModule } from "./module.js";
import { once } from "./once.js";

/** The compiled core, one per process. Rejects with UNSUPPORTED when it cannot be read or compiled. */
export const loadCore: () => Promise<CoreModule<Glue>> = once(async () => {
  // Reading and compiling take 6 ms, and longer where other threads are asked to do it.
  const bytes = readFileSync(new URL("../core.wasm", import.meta.url));
  return coreModule(new WebAssembly.Module(bytes), makeGlue);
});
