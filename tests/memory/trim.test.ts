/** Memory given back on demand. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { SchemaStore } from "../../dist/store.js";
import { openStore, turn } from "../js/kit.js";
import { each } from "../js/settings.js";

const COUNT = 20;
const filler = "x".repeat(10_000);

/** Half of the entries decoded, half of them as text. */
async function fill(store: SchemaStore): Promise<void> {
  for (let n = 0; n < COUNT; n += 1) await store.put({ url: `u${n}`, n, filler });
  await store.flush();
  for (let n = 0; n < COUNT; n += 2) await store.get(`u${n}`);
}

async function checkAnswers(store: SchemaStore): Promise<void> {
  for (let n = 0; n < COUNT; n += 1) {
    assert.equal((await store.get<{ n: number }>(`u${n}`))?.n, n);
  }
}

each("trim frees what was asked for, decoded values first, and loses nothing", async (open) => {
  const store = await open();
  await fill(store);
  const causes: string[] = [];
  store.on("evict", ({ cause }) => causes.push(cause));
  const before = (await store.stats()).memory;

  const freed = store.trim(30_000);
  const after = (await store.stats()).memory;
  assert.equal(freed, before.usedBytes - after.usedBytes);
  assert.ok(freed >= 30_000 && freed < 60_000, `${freed}`);
  if (before.decodedEstimate > 0) {
    assert.equal(after.encodedBytes, before.encodedBytes, "text left before decoded values");
    assert.ok(after.decodedEstimate < before.decodedEstimate);
  }
  const { strategy, evictions } = await store.stats();
  await turn();
  assert.ok(causes.every((cause) => cause === "explicit"));
  assert.equal(causes.length, evictions.explicit);

  const kept = store.getSync("u0");
  store.trim();
  assert.ok(store.getSync("u0") !== kept || kept === undefined, "the value is still there");
  store.trim();
  const last = (await store.stats()).memory;
  assert.equal(last.decodedEstimate, 0);
  if (strategy === "memory") {
    assert.equal(last.encodedBytes, before.encodedBytes, "the only copy");
    assert.equal(causes.length, 0);
  } else {
    assert.deepEqual([last.usedBytes, last.residentEntries], [0, 0]);
  }
  assert.equal(store.trim(), 0);
  assert.equal(store.getSync("u0") === undefined, strategy !== "memory");
  assert.equal(await store.size(), COUNT);
  await checkAnswers(store);
});

test("what is not durable yet stays", async () => {
  const store = await openStore();
  await store.put({ url: "a", filler });
  const { pendingBytes } = (await store.stats()).memory;
  assert.ok(pendingBytes > 10_000);
  store.trim();
  assert.equal((await store.stats()).memory.pendingBytes, pendingBytes);
  assert.deepEqual(await store.get("a"), { url: "a", filler });
  await store.close();
});

test("lru: what was used longest ago leaves first", async () => {
  const store = await openStore({ evictionPolicy: "lru" });
  await fill(store);
  for (const n of [0, 2, 4]) assert.ok(store.getSync(`u${n}`));
  store.trim(7 * 17_000);
  const here = Array.from({ length: COUNT }, (_, n) => n).filter((n) => n % 2 === 0);
  assert.deepEqual(
    here.filter((n) => store.getSync(`u${n}`) !== undefined),
    [0, 2, 4],
  );
  assert.equal((await store.stats()).memory.encodedBytes > 10 * 10_000, true);
  await store.close();
});

test("trim by what is no number of bytes", async () => {
  const store = await openStore({ strategy: "memory" });
  await fill(store);
  for (const bytes of [-1, Number.NaN, "1", null, {}, 1n]) {
    assert.throws(() => store.trim(bytes as number), {
      code: "INVALID_VALUE",
      message: /^bytes is .*, must be a number of at least 0$/,
    });
  }
  assert.ok((await store.stats()).memory.decodedEstimate > 0);
  assert.equal(store.trim(0), 0);
  assert.ok(store.trim(0.5) > 0);
  await checkAnswers(store);
  await store.close();
  assert.throws(() => store.trim(), { code: "CLOSED" });
});
