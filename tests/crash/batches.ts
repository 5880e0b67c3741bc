/** What writer and checker agree on: batch n, and the state after it. */

import { createHash } from "node:crypto";
import type { HostAdapter, HostBatch, HostPut } from "../../dist/host.js";

/** Rows of one batch; all carry its number, so that half a batch shows. */
const ROWS = 4;
/** Every so often a batch deletes its rows instead. */
const DELETING = 7;

const utf8 = new TextEncoder();
const url = (row: number): string => `http://example.org/crash/${row}`;

/** Batch `number`: the same rows each time, with bodies of up to some 40 KB that name it. */
export function batchOf(number: number): HostBatch {
  const keys = Array.from({ length: ROWS }, (_, row) => utf8.encode(url(row)));
  if (number % DELETING === 0) return { put: [], delete: keys };
  const put = keys.map((key, row): HostPut => {
    const body = utf8.encode(`${number} ${"x".repeat((number * 7919 * (row + 1)) % 40_000)}`);
    const hash = new Uint8Array(createHash("sha256").update(body).digest());
    return { key, url: url(row), hash, meta: utf8.encode(String(number)), body };
  });
  return { put, delete: [] };
}

/** Which batch the place holds; fails when it holds parts of two, or a wrong body. */
export async function batchIn(adapter: HostAdapter, acknowledged: number): Promise<number> {
  const { rows } = await adapter.allRows();
  const numbers = new Set(rows.map((row) => Number(new TextDecoder().decode(row.meta))));
  if (rows.length === 0) return acknowledged - (acknowledged % DELETING) + deleted(acknowledged);
  if (rows.length !== ROWS || numbers.size !== 1) {
    throw new Error(`half a batch: ${rows.length} rows of batches ${[...numbers].join(", ")}`);
  }
  const [number = 0] = numbers;
  const bodies = await adapter.bodies(rows.map(({ hash }) => hash));
  for (const { key, body } of batchOf(number).put) {
    const at = rows.findIndex((row) => Buffer.compare(row.key, key) === 0);
    if (Buffer.compare(bodies[at] ?? new Uint8Array(), body) !== 0) {
      throw new Error(`a body of batch ${number} is not what was written`);
    }
  }
  return number;
}

/** No rows: the acknowledged batch deletes, or the one after it does and got through. */
function deleted(acknowledged: number): number {
  return acknowledged % DELETING === 0 ? 0 : DELETING;
}
