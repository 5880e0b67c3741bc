/** Loads the core in Node, Bun and Deno: read from the package's own folder. */

import { readFile } from "node:fs/promises";
import { type CoreModule, coreModule } from "../core-module.js";
import { once } from "./once.js";

/** The compiled core, one per process. Rejects with UNSUPPORTED when it cannot be read or compiled. */
export const loadCore: () => Promise<CoreModule> = once(async () => {
  const bytes = await readFile(new URL("../core.wasm", import.meta.url));
  return coreModule(await WebAssembly.compile(bytes));
});
