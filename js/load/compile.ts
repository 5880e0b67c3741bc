import { SchemaStoreError } from "../errors.js";

/** Compiles the core; UNSUPPORTED, with the cure, where the page's policy forbids it. */
export async function compile(bytes: Uint8Array<ArrayBuffer>): Promise<WebAssembly.Module> {
  try {
    return await WebAssembly.compile(bytes);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SchemaStoreError(
      "UNSUPPORTED",
      `the core could not be compiled; a Content-Security-Policy must allow 'wasm-unsafe-eval' in script-src: ${reason}`,
      { cause },
    );
  }
}
