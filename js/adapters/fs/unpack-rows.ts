/** The packed rows of the core, read on this side. */

import { SchemaStoreError } from "../../errors.js";
import type { HostRow } from "../../host.js";

const VERSION = 1;
const HASH = 32;
const text = new TextDecoder();

/** The rows of a packed buffer: `src/format/rows.rs` in TypeScript. */
export function unpackRows(packed: Uint8Array): HostRow[] {
  if (packed[0] !== VERSION) throw malformed();
  const rows: HostRow[] = [];
  let at = 1;

  const number = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = packed[at++];
      if (byte === undefined) throw malformed();
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  const bytes = (length: number): Uint8Array => {
    const end = at + length;
    if (end > packed.length) throw malformed();
    const part = packed.slice(at, end);
    at = end;
    return part;
  };

  while (at < packed.length) {
    const key = bytes(number());
    const url = text.decode(bytes(number()));
    const hash = bytes(HASH);
    const meta = bytes(number());
    rows.push({ key, url, hash, meta, revision: number() });
  }
  return rows;
}

/** Byte strings that stand behind their lengths, each a little-endian u32. */
export function unpackKeys(packed: Uint8Array): Uint8Array[] {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  const keys: Uint8Array[] = [];
  for (let at = 0; at < packed.length; ) {
    const start = at + 4;
    at = start + view.getUint32(at, true);
    keys.push(packed.slice(start, at));
  }
  return keys;
}

function malformed(): SchemaStoreError {
  return new SchemaStoreError("SERIALIZATION", "packed rows end in the middle of a row");
}
