/** Rows as the core packs them, and the text form of a hash. */

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
  const keyEnd = 20 + new DataView(packed.buffer).getUint32(8, true);
  return { hash, key: packed.subarray(20, keyEnd), meta: packed.subarray(keyEnd) };
}

/** Bytes as lower-case digits. */
export function hex(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += HEX[byte];
  return text;
}
