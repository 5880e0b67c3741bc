/** Fetching a WebAssembly module from beside a script, or from where the bundler put it. */

import { SchemaStoreError } from "../errors.js";

const CURE = 'import "fhir-schema-store/inline" instead, which needs no file';

/** The bytes of a module at the address of `file`. UNSUPPORTED and a message that names the cure. */
export async function fetchWasm(
  file: string,
  addressOf: () => URL,
): Promise<Uint8Array<ArrayBuffer>> {
  const url = address(file, addressOf);
  const there = `copy fhir-schema-store/${file} there, or ${CURE}`;
  const response = await request(url);
  if (!response.ok) throw unsupported(`${url} returned status ${response.status}: ${there}`);
  const bytes = new Uint8Array(await response.arrayBuffer());
  if (!isWasm(bytes)) {
    throw unsupported(`${url} is not WebAssembly; the bundler may have moved the file: ${there}`);
  }
  return bytes;
}

function address(file: string, addressOf: () => URL): URL {
  try {
    return addressOf();
  } catch (cause) {
    throw unsupported(`a script that is no module cannot find ${file} beside it: ${CURE}`, cause);
  }
}

async function request(url: URL): Promise<Response> {
  try {
    return await fetch(url);
  } catch (cause) {
    throw unsupported(`${url} could not be fetched: try again, or ${CURE}`, cause);
  }
}

function isWasm(bytes: Uint8Array): boolean {
  return [0x00, 0x61, 0x73, 0x6d].every((byte, at) => bytes[at] === byte);
}

function unsupported(message: string, cause?: unknown): SchemaStoreError {
  return new SchemaStoreError("UNSUPPORTED", message, { cause });
}
