import { SchemaStoreError } from "../errors.js";

/** The least module there is: the magic of the format and its version. */
const EMPTY = Uint8Array.of(0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0);

/** Compiles what messages call `what`; UNSUPPORTED, with the cure, where the page's policy forbids it. */
export async function compile(
  bytes: Uint8Array<ArrayBuffer>,
  what: string,
): Promise<WebAssembly.Module> {
  try {
    const module = await WebAssembly.compile(bytes);
    // Under such a policy WebKit compiles, but refuses the first instance.
    await WebAssembly.instantiate(EMPTY);
    return module;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SchemaStoreError(
      "UNSUPPORTED",
      `${what} could not be compiled; a Content-Security-Policy must allow 'wasm-unsafe-eval' in script-src: ${reason}`,
      { cause },
    );
  }
}

/** The bytes of a module that is in the script as text. */
export function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}
