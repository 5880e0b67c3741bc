/** What the tests of expiry are written with. */

import assert from "node:assert/strict";
import type { SchemaStore } from "../../dist/store.js";
import { turn } from "./kit.js";

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const YEAR = 365 * 24 * HOUR;

/** A clock that the test sets. */
export class Clock {
  at = Date.UTC(2026, 0, 1);
  readonly now = () => this.at;

  /** Lets time pass as it does for a store whose timer runs: minute by minute. */
  async pass(ms: number, ...stores: SchemaStore[]): Promise<void> {
    for (let left = ms; left > 0; left -= MINUTE) {
      this.at += Math.min(left, MINUTE);
      for (const store of stores) store.getSync("http://x.org/nobody");
    }
    for (const store of stores) await store.has("http://x.org/nobody");
  }
}

/** Waits until an asynchronous condition holds; fails after five seconds. */
export async function eventually(holds: () => Promise<boolean>, what: string): Promise<void> {
  const end = performance.now() + 5000;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`waited in vain for ${what}`);
    await turn();
  }
}

/** Waits until the store knows of so many entries, hidden ones included. */
export function entries(store: SchemaStore, count: number): Promise<void> {
  return eventually(async () => (await store.stats()).entries === count, `${count} entries`);
}

/** Whoever asks cannot find it; a hit would, within the second until the timer looks at the clock. */
export async function isHidden(store: SchemaStore, canonical: string): Promise<void> {
  assert.equal(await store.has(canonical), false);
  assert.equal(store.getSync(canonical), undefined);
  assert.equal(await store.metadata(canonical), undefined);
  const listed = await store.list();
  assert.ok(listed.every((known) => known.canonical !== canonical));
}
