/** Loads the core in a browser or worker: fetched from beside this file, or from where the bundler put it. */

import { compile } from "./compile.js";
import { fetchWasm } from "./fetch-wasm.js";
import { type CoreModule, coreModule } from "./module.js";
import { once } from "./once.js";
import { makeGlue } from "./store-glue.js";

/** The compiled core, one per page or worker. Rejects with UNSUPPORTED and a message that names the cure. */
export const loadCore: () => Promise<CoreModule> = once(async () => {
  // Bundlers look for this expression as it stands.
  const bytes = await fetchWasm("core.wasm", () => new URL("../core.wasm", import.meta.url));
  return coreModule(await compile(bytes, "the core"), makeGlue);
});
