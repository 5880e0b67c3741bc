/** Loads the converter from the script itself, for entries that load nothing later. */

import { compileText } from "./compile.js";
import { base64 } from "./convert-base64.js";
import { type ConvertGlue, makeGlue } from "./convert-glue.js";
import { instantiate } from "./module.js";
import { once } from "./once.js";

/** What makes instances of the converter; compiled once per page or process. Rejects with UNSUPPORTED. */
export const loadConverter: () => Promise<() => ConvertGlue> = once(async () => {
  const module = await compileText(base64, "the converter");
  return () => instantiate(module, makeGlue);
});
