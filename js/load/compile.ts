import { SchemaStoreError } from "../errors.js";

/** The least module there is: the magic of the format and its version. */
const EMPTY = Uint8Array.of(0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0);

/** Compiles the core; UNSUPPORTED, with the cure, where the page's policy forbids it. */
export async function compile(bytes: Uint8Array<ArrayBuffer>): Promise<WebAssembly.Module> {
  try {
    const module = await WebAssembly.compile(bytes);
    // Under such a policy WebKit compiles, but refuses the first instance.
    await WebAssembly.instantiate(EMPTY);
    return module;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SchemaStoreError(
      "UNSUPPORTED",
      `the core could not be compiled; a Content-Security-Policy must allow 'wasm-unsafe-eval' in script-src: ${reason}`,
      { cause },
    );
  }
}
