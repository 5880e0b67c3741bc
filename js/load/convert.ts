/**
 * Loads the converter from beside this file, or from where the bundler put it: read where there is a file system,
 * fetched elsewhere. In entries that load nothing later the build has `convert-inline.ts` in place of this.
 */

import { SchemaStoreError } from "../errors.js";
import { compile } from "./compile.js";
import { type ConvertGlue, makeGlue } from "./convert-glue.js";
import { fetchWasm } from "./fetch-wasm.js";
import { instantiate } from "./module.js";
import { once } from "./once.js";

const FILE = "convert.wasm";

/** What makes instances of the converter; compiled once per page or process. Rejects with UNSUPPORTED. */
export const loadConverter: () => Promise<() => ConvertGlue> = once(async () => {
  const bytes = read() ?? (await fetchWasm(FILE, address));
  const module = await compile(bytes, "the converter");
  return () => instantiate(module, makeGlue);
});

// Bundlers look for this expression as it stands.
const address = () => new URL("./convert.wasm", import.meta.url);

/** The file, where its address is one of a file system and this is no page. */
function read(): Uint8Array<ArrayBuffer> | undefined {
  // Not imported: this file is for browsers, too. Their bundlers leave a member of the global object alone.
  const files = globalThis.process?.getBuiltinModule?.("node:fs");
  if (files === undefined) return undefined;
  try {
    const url = address();
    return url.protocol === "file:" ? new Uint8Array(files.readFileSync(url)) : undefined;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const message = `fhir-schema-store/${FILE} is not where the bundler should have put it: ${reason}`;
    throw new SchemaStoreError("UNSUPPORTED", message, { cause });
  }
}
