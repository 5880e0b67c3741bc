/** Commits that rewrite the same keys over and over, so that segments die and are merged. */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fsAdapter } from "../../dist/adapters/fs.js";
import type { HostAdapter, HostBatch } from "../../dist/host.js";
import { loadCore } from "../js/core.js";

/** Keys there are, and keys one commit rewrites. */
const KEYS = 40;
const WRITTEN = 8;
const LENGTH = 30_000;

const utf8 = new TextEncoder();
const PREFIX = "http://example.org/rewrite/";
const keyOf = (key: number): string => `${PREFIX}${key}`;

/** Commit `number`, from 1: the keys behind those of the one before, in a circle. */
export function rewrite(number: number): HostBatch {
  const put = Array.from({ length: WRITTEN }, (_, at) => {
    const key = (number * WRITTEN + at) % KEYS;
    const body = textOf(key, number);
    const hash = new Uint8Array(createHash("sha256").update(body).digest());
    return { key: utf8.encode(keyOf(key)), url: keyOf(key), hash, meta: utf8.encode("m"), body };
  });
  return { put, delete: [] };
}

/** Asserts that an adapter holds what commits up to one of `numbers` leave, and returns which. */
export async function holdsRewrites(
  adapter: HostAdapter,
  numbers: readonly number[],
  what: string,
): Promise<number> {
  await adapter.poll?.();
  const all = await adapter.allRows();
  const rows = all.rows.filter(({ url }) => url.startsWith(PREFIX));
  const bodies = await adapter.bodies(rows.map(({ hash }) => hash));
  const found = new Map(rows.map(({ url }, at) => [url, bodies[at]]));
  const holds = numbers.find((number) => {
    const written = Array.from({ length: KEYS }, (_, key) => [key, lastOf(key, number)] as const);
    return written.every(([key, last]) => {
      const body = found.get(keyOf(key));
      return last < 1 ? body === undefined : equal(body, textOf(key, last));
    });
  });
  assert.ok(holds !== undefined, `${what}: not what commits up to ${numbers.join(" or ")} leave`);
  return holds;
}

/** An adapter open on a directory, and what damage it met. */
export async function openAdapter(directory: string): Promise<HostAdapter> {
  const adapter = fsAdapter(directory);
  const { damage } = await adapter.open({ core: await loadCore() });
  assert.deepEqual(damage, [], directory);
  return adapter;
}

/** Opens a directory, and asserts the same of it. */
export async function openHoldsRewrites(
  directory: string,
  numbers: readonly number[],
  what: string,
): Promise<number> {
  const adapter = await openAdapter(directory);
  const holds = await holdsRewrites(adapter, numbers, what);
  await adapter.close();
  return holds;
}

/** Bytes of all files in a directory. */
export function sizeOf(directory: string): number {
  const sizes = readdirSync(directory).map((name) => {
    return statSync(join(directory, name), { throwIfNoEntry: false })?.size ?? 0;
  });
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** Bytes of the bodies that are live. */
export const LIVE: number = KEYS * LENGTH;
/** Bytes of the bodies of one commit. */
export const COMMIT: number = WRITTEN * LENGTH;

/** The last commit up to `number` that wrote a key; below 1 when there was none. */
function lastOf(key: number, number: number): number {
  for (let last = number; last >= 1; last -= 1) {
    const at = key - ((last * WRITTEN) % KEYS);
    if ((at + KEYS) % KEYS < WRITTEN) return last;
  }
  return 0;
}

function textOf(key: number, number: number): Uint8Array {
  return utf8.encode(`${key} in ${number} `.padEnd(LENGTH, "x"));
}

function equal(one: Uint8Array | undefined, other: Uint8Array): boolean {
  return one !== undefined && Buffer.compare(one, other) === 0;
}
