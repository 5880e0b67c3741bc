/** Rows as the core packs them, and the text form of a hash. */

import { PUT_KEY, PUT_KEY_LENGTH } from "./wall.js";

/** The two digits of each byte. */
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** A row as the core packs it. */
export interface PackedRow {
  readonly key: Uint8Array;
  readonly hash: Uint8Array;
  readonly meta: Uint8Array;
}

/** A row as `src/wasm/store_handle.rs` hands it over. */
export function rowOf(packed: Uint8Array, hash: Uint8Array): PackedRow {
  const keyEnd = PUT_KEY + new DataView(packed.buffer).getUint32(PUT_KEY_LENGTH, true);
  return { hash, key: packed.subarray(PUT_KEY, keyEnd), meta: packed.subarray(keyEnd) };
}

/** Bytes as lower-case digits. */
export function hex(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += HEX[byte];
  return text;
}
