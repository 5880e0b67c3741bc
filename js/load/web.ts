/** Loads the core in a browser or worker: fetched from beside this file, or from where the bundler put it. */

import { SchemaStoreError } from "../errors.js";
import { compile } from "./compile.js";
import { type CoreModule, coreModule } from "./module.js";
import { once } from "./once.js";
import { makeGlue } from "./store-glue.js";

const CURE = 'import "fhir-schema-store/inline" instead, which needs no file';

/** The compiled core, one per page or worker. Rejects with UNSUPPORTED and a message that names the cure. */
export const loadCore: () => Promise<CoreModule> = once(async () => {
  const url = address();
  const response = await request(url);
  const bytes = new Uint8Array(await response.arrayBuffer());
  if (!isWasm(bytes)) {
    throw unsupported(`${url} is not WebAssembly; the bundler may have moved the file: ${CURE}`);
  }
  return coreModule(await compile(bytes), makeGlue);
});

function address(): URL {
  try {
    // Bundlers look for this expression as it stands.
    return new URL("../core.wasm", import.meta.url);
  } catch (cause) {
    throw unsupported(`a script that is no module cannot find core.wasm beside it: ${CURE}`, cause);
  }
}

async function request(url: URL): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url);
  } catch (cause) {
    throw unsupported(`${url} could not be fetched: try again, or ${CURE}`, cause);
  }
  if (!response.ok) throw unsupported(`${url} returned status ${response.status}: ${CURE}`);
  return response;
}

function isWasm(bytes: Uint8Array): boolean {
  return [0x00, 0x61, 0x73, 0x6d].every((byte, at) => bytes[at] === byte);
}

function unsupported(message: string, cause?: unknown): SchemaStoreError {
  return new SchemaStoreError("UNSUPPORTED", message, { cause });
}
