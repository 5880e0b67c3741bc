/** The caller's cost per entry: who asks for it, and where it goes. */

import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { openSchemaStore } from "../../dist/index.node.js";
import type { SchemaStore } from "../../dist/store.js";
import type { EvictionCandidate, StoreOptions } from "../../dist/types.js";

const NAMES = Array.from({ length: 10 }, (_, n) => `u${n}`);
/** Dear ones among cheap ones. */
const DEAR = new Map([
  ["u2", 1000],
  ["u5", 2000],
  ["u7", 0xffff_ffff],
]);

async function fill(store: SchemaStore): Promise<void> {
  for (const url of NAMES) {
    const cost = DEAR.get(url);
    await store.put({ url, filler: "x".repeat(100) }, cost === undefined ? {} : { cost });
  }
}

/** Which of the names are in memory. */
function resident(store: SchemaStore): string[] {
  return NAMES.filter((url) => store.getSync(url) !== undefined);
}

async function flooded(options: StoreOptions): Promise<string[]> {
  const store = await openSchemaStore({ strategy: "memory", maxEntries: 12, ...options });
  await fill(store);
  for (let n = 0; n < 100; n += 1) await store.put({ url: `v${n}`, filler: "x".repeat(100) });
  const kept = resident(store);
  await store.close();
  return kept;
}

test("gdsf keeps what costs most, the others do not ask", async () => {
  assert.deepEqual(await flooded({ evictionPolicy: "gdsf" }), [...DEAR.keys()]);
  assert.deepEqual(await flooded({ evictionPolicy: "lru" }), []);
});

test("gdsf weighs cost against bytes", async () => {
  const store = await openSchemaStore({
    strategy: "memory",
    evictionPolicy: "gdsf",
    maxEntries: 2,
  });
  await store.put({ url: "large", filler: "x".repeat(100_000) }, { cost: 100 });
  await store.put({ url: "small" }, { cost: 10 });
  await store.put({ url: "third" }, { cost: 10 });
  assert.equal(store.getSync("large"), undefined);
  assert.ok(store.getSync("small") && store.getSync("third"));
  await store.close();
});

test("a policy of one's own is told the cost", async () => {
  const told = new Map<string, number>();
  const rank = (given: EvictionCandidate[]) => {
    for (const { canonical, cost } of given) told.set(canonical, cost);
    return given.sort((left, right) => left.cost - right.cost);
  };
  const kept = await flooded({ evictionPolicy: { name: "custom", rank } });
  assert.deepEqual(kept, [...DEAR.keys()]);
  for (const url of NAMES) assert.equal(told.get(url), DEAR.get(url) ?? 1, url);
});

test("the cost is metadata: stored, carried by archives, changed by the next put", async () => {
  const diskCacheDir = await mkdtemp(join(tmpdir(), "fss-cost-"));
  const first = await openSchemaStore({ diskCacheDir });
  await fill(first);
  await first.close();
  const options = { evictionPolicy: "gdsf", maxEntries: 12 } as const;
  const store = await openSchemaStore({ diskCacheDir, ...options });
  for (const url of NAMES) assert.equal((await store.metadata(url))?.cost, DEAR.get(url), url);
  assert.deepEqual(
    (await store.list()).flatMap(({ cost }) => cost ?? []),
    [...DEAR.values()],
  );
  await store.getMany(NAMES);
  for (let n = 0; n < 100; n += 1) {
    await store.put({ url: `v${n}`, filler: "x".repeat(100) }, { durable: true });
  }
  assert.deepEqual(resident(store), [...DEAR.keys()], "the cost is known after a restart");

  const copy = await openSchemaStore({ strategy: "memory" });
  await copy.import(store.export({ urlPrefix: "u" }));
  for (const url of NAMES) assert.equal((await copy.metadata(url))?.cost, DEAR.get(url), url);
  const stored = await copy.put({ url: "u2" }, { cost: 7 });
  assert.equal(stored.cost, 7);
  assert.equal("cost" in (await copy.put({ url: "u2", n: 2 })), false);
  assert.equal((await copy.metadata("u2"))?.cost, undefined);
  await copy.close();
  await store.close();
  await rm(diskCacheDir, { recursive: true });
});

test("an entry that differs in cost only is the same entry to an import", async () => {
  const [one, other] = [
    await openSchemaStore({ strategy: "memory" }),
    await openSchemaStore({ strategy: "memory" }),
  ];
  for (const url of NAMES) {
    await one.put({ url }, { cost: 12 });
    await other.put({ url }, { cost: 13 });
  }
  const report = await other.import(one.export());
  assert.equal(report.skipped, NAMES.length);
  assert.equal((await other.metadata("u0"))?.cost, 13);
  await one.close();
  await other.close();
});

test("convert takes a cost", async () => {
  const store = await openSchemaStore({ strategy: "memory" });
  const definition = {
    resourceType: "StructureDefinition",
    url: "http://x/S",
    name: "S",
    type: "Patient",
    kind: "resource",
    derivation: "constraint",
    snapshot: { element: [{ id: "Patient", path: "Patient" }] },
  };
  const { metadata } = await store.convert(definition, { cost: 12 });
  assert.equal(metadata.cost, 12);
  await assert.rejects(store.convert({ ...definition, name: "T" }, { cost: 0 }), {
    code: "INVALID_VALUE",
    key: "cost",
  });
  await store.close();
});
