/** Loads the converter from the script itself, for entries that load nothing later. */

import { bytesOf, compile } from "./compile.js";
import { base64 } from "./convert-base64.js";
import { type ConvertGlue, makeGlue } from "./convert-glue.js";
import { instantiate } from "./module.js";
import { once } from "./once.js";

/** What makes instances of the converter; compiled once per page or process. Rejects with UNSUPPORTED. */
export const loadConverter: () => Promise<() => ConvertGlue> = once(async () => {
  const packed = new Blob([bytesOf(base64)]).stream();
  const unpacked = new Response(packed.pipeThrough(new DecompressionStream("gzip")));
  const module = await compile(new Uint8Array(await unpacked.arrayBuffer()), "the converter");
  return () => instantiate(module, makeGlue);
});
