/** Bytes: copied, joined, compared, and as keys of a Map. */

import { SchemaStoreError } from "./errors.js";
import type { HostRow } from "./host.js";

/** A copy of its own: `copy.buffer.byteLength === copy.byteLength`. */
export function copyOf(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes);
}

/** A row whose bytes are copies of their own. */
export function copyRow({ key, url, hash, meta, revision }: HostRow): HostRow {
  return { key: copyOf(key), url, hash: copyOf(hash), meta: copyOf(meta), revision };
}

/** All of these, one after the other. */
export function joinBytes(parts: readonly (Uint8Array | ArrayBuffer)[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let end = 0;
  for (const part of parts) {
    bytes.set(part instanceof ArrayBuffer ? new Uint8Array(part) : part, end);
    end += part.byteLength;
  }
  return bytes;
}

/** Refuses bytes that were transferred to somebody else: they look like none. INVALID_VALUE. */
export function refuseDetached(bytes: ArrayBufferView | ArrayBuffer): void {
  const buffer = ArrayBuffer.isView(bytes) ? bytes.buffer : bytes;
  try {
    // Not every engine can be asked.
    new Uint8Array(buffer);
  } catch (cause) {
    throw new SchemaStoreError("INVALID_VALUE", "the bytes are detached", { cause });
  }
}

/** Whether both are the same bytes. */
export function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.byteLength === other.byteLength && one.every((byte, at) => byte === other[at]);
}

/** The bytes in a buffer of exactly their size; the caller's own buffer where it is one. */
export function exactBuffer(bytes: Uint8Array): ArrayBuffer {
  const { buffer } = bytes;
  const exact = buffer instanceof ArrayBuffer && buffer.byteLength === bytes.byteLength;
  return exact ? buffer : copyOf(bytes).buffer;
}

/** One character per byte, so that equal bytes are equal `Map` keys. At most some 10 KB. */
export function mapKey(bytes: Uint8Array | ArrayBuffer): string {
  const view = bytes instanceof ArrayBuffer ? new Uint8Array(bytes) : bytes;
  // Spread, it would be iterated over.
  return String.fromCharCode.apply(null, view as unknown as number[]);
}

/** 128 random bits in lower-case hex, for the identity of a place. */
export function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
