/**
 * Wasm memory is used again: however much passes through a store, it stays about as large as it was
 * early on. `FSS_CHURN` sets the number of operations.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { SchemaStore } from "../../dist/store.js";
import { openStore, random } from "../js/kit.js";

const OPERATIONS = Number(process.env["FSS_CHURN"] ?? 90_000);
/** By then bodies of every size have lain everywhere. */
const EARLY = Math.max(30_000, OPERATIONS / 10);
/** Every so many operations others get a turn, and budgets are looked at. */
const LOOK = 1000;

for (const strategy of ["memory", "memory-disk"] as const) {
  test(`${strategy}: Wasm memory is flat over ${OPERATIONS} operations (FSS_CHURN)`, async () => {
    const store = await openStore({ strategy, memoryLimitMb: 2, maxEntries: 200 });
    const step = stepsOf(store, strategy !== "memory");
    let early = 0;
    for (let n = 0; n < OPERATIONS; n += 1) {
      await step(n);
      if (n % LOOK !== 0) continue;
      const { memory } = await store.stats();
      assert.ok(memory.usedBytes <= memory.limitBytes && memory.residentEntries <= 200);
      if (n <= EARLY) early = memory.wasmBytes;
      await new Promise((resolve) => setImmediate(resolve));
    }
    const { memory, puts } = await store.stats();
    console.log(
      `${puts} puts: Wasm memory ${early} bytes early on, ${memory.wasmBytes} at the end`,
    );
    // A few pages more where bodies happen to lie badly.
    assert.ok(memory.wasmBytes <= 1.25 * early, `grew from ${early} to ${memory.wasmBytes}`);
    await store.close();
  });
}

/** One random operation; reads must find the last put, unless it was evicted from memory alone. */
function stepsOf(store: SchemaStore, keepsAll: boolean): (n: number) => Promise<void> {
  const next = random(5);
  const last = new Map<string, number>();
  return async (n) => {
    const url = `http://example.org/StructureDefinition/u${next(1000)}`;
    const kind = next(10);
    if (kind < 7) {
      const tail = "x".repeat(next(50) === 0 ? next(200_000) : next(3000));
      await store.putText(`{"url":"${url}","n":${n},"tail":"${tail}"}`);
      last.set(url, n);
    } else if (kind < 9) {
      const found = await store.get<{ n: number }>(url);
      if (found !== undefined || keepsAll) assert.equal(found?.n, last.get(url));
    } else {
      await store.delete(url);
      last.delete(url);
    }
  };
}
