/** What look-ups got, counted over sessions; and uses in a session too short to read the index. */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import type { HostAdapter } from "../../dist/host.js";
import { MemoryPlace, memoryAdapter, openInPage, openStore, until } from "./kit.js";
import { a1, b, each } from "./settings.js";

const scratch = mkdtempSync(join(tmpdir(), "fss-lifetime-"));
after(() => rmSync(scratch, { recursive: true, force: true }));

each("look-ups of all sessions are added up", async (open) => {
  const first = await open();
  if ((await first.stats()).adapter === undefined) return;
  assert.equal((await first.stats()).lifetime, undefined);
  await first.put(a1);
  for (let n = 0; n < 7; n += 1) await first.get("http://x/A");
  assert.equal(await first.get("http://x/none"), undefined);
  const { tiers, misses } = await first.stats();
  await first.close();

  const second = await open();
  const { lifetime } = await second.stats();
  assert.deepEqual([lifetime?.tiers, lifetime?.misses], [tiers, misses]);
  assert.equal(misses, 1);
  for (let n = 0; n < 5; n += 1) await second.get("http://x/A");
  const again = await second.stats();
  await second.close();

  const third = await open();
  const sum = (await third.stats()).lifetime;
  for (const tier of ["memory", "disk"] as const) {
    assert.equal(sum?.tiers[tier].hits, tiers[tier].hits + again.tiers[tier].hits, tier);
    assert.equal(sum?.tiers[tier].misses, tiers[tier].misses + again.tiers[tier].misses, tier);
  }
  assert.equal(sum?.tiers.disk.loads, tiers.disk.loads + again.tiers.disk.loads);
  assert.equal(lifetime?.since, sum?.since);
  assert.ok((sum?.savedAt ?? 0) >= (lifetime?.savedAt ?? 1));
  await third.close();
});

test("a session that saves twice is counted once", async () => {
  const place = new MemoryPlace();
  const stores = [];
  for (let n = 0; n < 2; n += 1) stores.push(await openStore({ adapter: memoryAdapter(place) }));
  const [one, two] = stores;
  await one?.put(a1, { durable: true });
  for (let round = 0; round < 3; round += 1) {
    for (let n = 0; n < 10; n += 1) await one?.get("http://x/A");
    await two?.get("http://x/A");
  }
  for (const store of stores) await store.close();
  const last = await openStore({ adapter: memoryAdapter(place) });
  const { lifetime } = await last.stats();
  const { memory, disk } = lifetime?.tiers ?? {};
  assert.equal((memory?.hits ?? 0) + (disk?.hits ?? 0), 33);
  await last.close();
});

test("a record that is none counts as none, and is replaced", async () => {
  const counts = Array.from({ length: 45 }, () => 1);
  const bad = [
    "",
    "null",
    "{",
    '{"version":1}',
    JSON.stringify({ version: 2, since: 1, savedAt: 1, counts }),
    JSON.stringify({ version: 1, since: -1, savedAt: 1, counts }),
    JSON.stringify({ version: 1, since: 1, savedAt: 1, counts: counts.slice(1) }),
    JSON.stringify({ version: 1, since: 1, savedAt: 1, counts: [...counts, 1] }),
    JSON.stringify({ version: 1, since: 1, savedAt: 1, counts: [1.5, ...counts.slice(1)] }),
    "\u0000\uffff",
  ];
  for (const text of bad) {
    const place = new MemoryPlace();
    place.side.set("lifetime", new TextEncoder().encode(text));
    const store = await openStore({ adapter: memoryAdapter(place) });
    assert.equal((await store.stats()).lifetime, undefined, text);
    await store.put(a1);
    await store.get("http://x/A");
    await store.close();
    const again = await openStore({ adapter: memoryAdapter(place) });
    assert.equal((await again.stats()).lifetime?.tiers.memory.hits, 1, text);
    await again.close();
  }
});

test("one read of a text is a use, in a session that ends with it", async () => {
  const options = { diskCacheDir: join(scratch, "short") };
  const { openSchemaStore } = await import("../../dist/index.node.js");
  const first = await openSchemaStore(options);
  await first.putMany([{ value: a1 }, { value: b }], { durable: true });
  for (let n = 0; n < 3; n += 1) await first.get(b.url);
  await first.close();
  for (let n = 1; n <= 3; n += 1) {
    const store = await openSchemaStore(options);
    await store.getText("http://x/A");
    await store.close();
  }
  const last = await openSchemaStore(options);
  const uses = (await last.list()).map(({ url, accessCount }) => [url, accessCount]);
  assert.deepEqual(uses, [
    ["http://x/A", 3],
    ["http://y/B", 3],
  ]);
  assert.equal(await last.getText("http://x/A"), JSON.stringify(a1));
  assert.equal((await last.metadata("http://x/A"))?.accessCount, 4);
  await last.close();
});

test("closing waits for counts that are being saved, and saves what could not be saved before", async () => {
  for (const fault of ["slow", "failing"] as const) {
    const place = new MemoryPlace();
    const inner = memoryAdapter(place);
    let first = true;
    const adapter: HostAdapter = {
      ...inner,
      async saveSide(name, bytes) {
        const isFirst = first;
        first = false;
        if (isFirst && fault === "failing") throw new Error("not now");
        if (isFirst) await new Promise<void>((resolve) => setTimeout(resolve, 50));
        await inner.saveSide?.(name, bytes);
      },
    };
    const { store, hide } = await openInPage(adapter);
    await store.put(a1, { durable: true });
    for (let n = 0; n < 4; n += 1) await store.get("http://x/A");
    await hide();
    await until(() => !first, "the first save");
    await store.close();
    const again = await openStore({ adapter: memoryAdapter(place) });
    assert.equal((await again.metadata("http://x/A"))?.accessCount, 4, fault);
    assert.equal((await again.stats()).lifetime?.tiers.memory.hits, 4, fault);
    await again.close();
  }
});

test("a text that is missed is one look-up, in every tier", async () => {
  const store = await openStore({ adapter: memoryAdapter(new MemoryPlace()) });
  assert.equal(await store.getText("http://x/none"), undefined);
  const { tiers, misses } = await store.stats();
  assert.deepEqual([tiers.memory.misses, tiers.disk.misses, misses], [1, 1, 1]);
  await store.close();
});
