/** Loads the core from the script itself: for bundlers and pages that cannot serve a `.wasm` file. */

import { base64 } from "./base64.js";
import { bytesOf, compile } from "./compile.js";
import { makeGlue } from "./glue.js";
import { type CoreModule, coreModule } from "./module.js";
import { once } from "./once.js";

/** The compiled core, one per page or process. Rejects with UNSUPPORTED when it may not be compiled. */
export const loadCore: () => Promise<CoreModule> = once(async () =>
  coreModule(await compile(bytesOf(base64), "the core"), makeGlue),
);
