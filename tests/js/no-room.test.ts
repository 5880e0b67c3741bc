/** A host that has no room for a write: what is undone, what is kept apart, and that nothing waits behind it. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { type ErrorCode, SchemaStoreError } from "../../dist/errors.js";
import type { HostAdapter, HostBatch } from "../../dist/host.js";
import { MemoryPlace, memoryAdapter, openStore, random, readBack, until } from "./kit.js";

/** An adapter over a place that takes so many bytes of bodies; deletions and replacements count. */
function limited(place: MemoryPlace, room: { bytes: number; commits: number }): HostAdapter {
  const inner = memoryAdapter(place);
  const sizeAfter = (batch: HostBatch): number => {
    const rows = new Map(Array.from(place.rows, ([key, { hash }]) => [key, hash.join()]));
    const sizes = new Map<string, number>();
    for (const { hash } of place.rows.values()) {
      const body = place.bodies.get(String.fromCharCode(...hash));
      sizes.set(hash.join(), body?.bytes?.byteLength ?? 0);
    }
    for (const { key, hash, body } of batch.put) {
      rows.set(String.fromCharCode(...key), hash.join());
      sizes.set(hash.join(), body.byteLength);
    }
    for (const key of batch.delete) rows.delete(String.fromCharCode(...key));
    return [...new Set(rows.values())].reduce((sum, hash) => sum + (sizes.get(hash) ?? 0), 0);
  };
  return {
    ...inner,
    async commit(batch, options) {
      room.commits += 1;
      if (batch.put.length > 0 && sizeAfter(batch) > room.bytes) {
        throw new SchemaStoreError("QUOTA_EXCEEDED", "the place is full");
      }
      return inner.commit(batch, options);
    },
  };
}

/** An adapter whose first commits fail with these codes, or succeed where there is none. */
function failing(place: MemoryPlace, codes: readonly (ErrorCode | undefined)[]): HostAdapter {
  const inner = memoryAdapter(place);
  let commits = 0;
  return {
    ...inner,
    async commit(batch, options) {
      const code = codes[commits];
      commits += 1;
      if (code !== undefined) throw new SchemaStoreError(code, `commit ${commits}`);
      return inner.commit(batch, options);
    },
  };
}

const text = (length: number) => "x".repeat(length);

test("a refused durable put gives back what was queued before it", async () => {
  const place = new MemoryPlace();
  const store = await openStore({ adapter: limited(place, { bytes: 1000, commits: 0 }) });
  await store.put({ url: "a", n: 1 });
  await assert.rejects(store.put({ url: "a", text: text(2000) }, { durable: true }), {
    code: "QUOTA_EXCEEDED",
    key: "a",
  });
  assert.deepEqual(await store.get("a"), { url: "a", n: 1 });
  await store.flush();
  assert.deepEqual(await readBack(place, "a"), { url: "a", n: 1 });

  await store.delete("a");
  await assert.rejects(store.put({ url: "a", text: text(3000) }, { durable: true }));
  assert.equal(await store.get("a"), undefined);
  await store.flush();
  assert.equal(await readBack(place, "a"), undefined);
  assert.equal(store.health().ok, true);
  await store.close();
});

test("two refused durable puts of one row leave what was there before both", async () => {
  const place = new MemoryPlace();
  const store = await openStore({ adapter: limited(place, { bytes: 1000, commits: 0 }) });
  await store.put({ url: "a", n: 1 }, { durable: true });
  const puts = [2000, 3000].map((length) =>
    store.put({ url: "a", text: text(length) }, { durable: true }),
  );
  for (const { status } of await Promise.allSettled(puts)) assert.equal(status, "rejected");
  assert.deepEqual(await store.get("a"), { url: "a", n: 1 });
  assert.deepEqual([store.health().pendingWrites, store.health().pendingBytes], [0, 0]);
  await store.close();
});

test("a refused write goes when its row is written or deleted, and when there is room", async () => {
  const place = new MemoryPlace();
  const room = { bytes: 1000, commits: 0 };
  const store = await openStore({ adapter: limited(place, room) });
  for (const url of ["written", "deleted", "kept"]) await store.put({ url, text: text(2000) });
  await assert.rejects(store.flush(), { code: "QUOTA_EXCEEDED" });
  assert.equal(store.health().refusedWrites, 3);
  await store.put({ url: "written", n: 1 }, { durable: true });
  await store.delete("deleted");
  assert.equal(store.health().refusedWrites, 1);
  room.bytes = 10_000;
  await until(() => store.health().ok, "the next try");
  assert.equal(((await readBack(place, "kept")) as { text: string }).text.length, 2000);
  assert.deepEqual(await readBack(place, "written"), { url: "written", n: 1 });
  await store.close();
});

test("what was refused counts as refused until it is durable, also while it is tried again", async () => {
  const place = new MemoryPlace();
  const inner = limited(place, { bytes: 2500, commits: 0 });
  let [isHeld, tries, release] = [false, 0, () => {}];
  const adapter: HostAdapter = {
    ...inner,
    async commit(batch, options) {
      if (isHeld && batch.put.length > 0) {
        tries += 1;
        await new Promise<void>((resolve) => {
          release = resolve;
        });
      }
      return inner.commit(batch, options);
    },
  };
  const store = await openStore({ adapter });
  await store.put({ url: "old", text: text(2000) }, { durable: true });
  await store.put({ url: "new", text: text(2001) });
  await assert.rejects(store.flush(), { code: "QUOTA_EXCEEDED" });
  isHeld = true;
  await store.delete("old");
  await until(() => tries === 1, "the next try");
  const { ok, refusedWrites, writeError } = store.health();
  assert.deepEqual([ok, refusedWrites, writeError?.code], [false, 1, "QUOTA_EXCEEDED"]);
  release();
  await until(() => store.health().ok, "its success");
  assert.equal(((await readBack(place, "new")) as { text: string }).text.length, 2001);
  await store.close();
});

test("what was refused is tried again at once when something was deleted", async () => {
  const place = new MemoryPlace();
  const store = await openStore({ adapter: limited(place, { bytes: 2500, commits: 0 }) });
  await store.put({ url: "old", text: text(2000) }, { durable: true });
  await store.put({ url: "new", text: text(2001) });
  await assert.rejects(store.flush(), { code: "QUOTA_EXCEEDED" });
  await store.delete("old");
  await store.flush();
  assert.equal(store.health().ok, true);
  await store.close();
});

test("a put that was written is durable, whatever becomes of the rest of its batch", async () => {
  const place = new MemoryPlace();
  const store = await openStore({
    adapter: failing(place, ["QUOTA_EXCEEDED", undefined, "DISK_ERROR"]),
  });
  // Three that are queued, and one that begins the commit of all.
  for (const url of ["medium", "large", "larger"]) {
    await store.put({ url, text: text(1000 * url.length) });
  }
  await store.put({ url: "small" }, { durable: true });
  assert.equal(store.health().writeError?.code, "DISK_ERROR");
  assert.deepEqual(await readBack(place, "small"), { url: "small" });
  await store.close();
  assert.deepEqual(await readBack(place, "large"), { url: "large", text: text(5000) });
});

test("a batch is tried as often as its logarithm, not once for each write", async () => {
  const place = new MemoryPlace();
  const room = { bytes: 100_000, commits: 0 };
  const store = await openStore({ adapter: limited(place, room) });
  await store.putMany(
    Array.from({ length: 512 }, (_, n) => ({ value: { url: `${n}`, text: text(n * 10) } })),
  );
  await assert.rejects(store.flush(), { code: "QUOTA_EXCEEDED" });
  assert.ok(room.commits <= 12, `${room.commits} commits`);
  const { refusedWrites } = store.health();
  assert.ok(refusedWrites > 300 && refusedWrites < 512, `${refusedWrites} refused`);
  assert.equal(place.rows.size, 512 - refusedWrites);
  await assert.rejects(store.close(), { code: "QUOTA_EXCEEDED" });
});

test("what cannot be written does not grow beyond the memory limit", async () => {
  const store = await openStore({
    adapter: limited(new MemoryPlace(), { bytes: 1000, commits: 0 }),
    memoryLimitMb: 1,
  });
  const outcomes: string[] = [];
  for (let n = 0; n < 30; n += 1) {
    const put = store.put({ url: `${n}`, text: text(100_000) });
    outcomes.push(
      await put.then(
        () => "kept",
        ({ code }) => code,
      ),
    );
    await store.flush().catch(() => {});
  }
  assert.deepEqual([...new Set(outcomes)], ["kept", "QUOTA_EXCEEDED"]);
  assert.ok(store.health().pendingBytes <= 1024 * 1024);
  await store.put({ url: "small" }, { durable: true });
  await assert.rejects(store.close());
});

test("random writes on a place that is full by turns: what is acknowledged as durable is there", async () => {
  const below = random(7);
  const place = new MemoryPlace();
  const room = { bytes: 20_000, commits: 0 };
  const store = await openStore({ adapter: limited(place, room) });
  const durable = new Map<string, number | undefined>();
  let refused = 0;
  for (let n = 0; n < 600; n += 1) {
    const url = `u${below(12)}`;
    if (below(10) === 0) room.bytes = 5000 + below(40_000);
    if (below(5) === 0) {
      await store.delete(url);
      await store.flush().catch(() => {});
      durable.set(url, undefined);
      continue;
    }
    const put = store.put({ url, n, text: text(below(6000)) }, { durable: true });
    await put.then(
      () => durable.set(url, n),
      ({ code }) => {
        assert.equal(code, "QUOTA_EXCEEDED");
        refused += 1;
      },
    );
    for (const [one, right] of durable) {
      assert.equal((await store.get<{ n: number }>(one))?.n, right, `${one} after ${n}`);
    }
  }
  assert.ok(refused > 20, `${refused} were refused`);
  room.bytes = 1e9;
  await store.close();
  for (const [url, right] of durable) {
    assert.equal(((await readBack(place, url)) as { n?: number } | undefined)?.n, right, url);
  }
});

test("flush and close wait for what a refused durable put had replaced", async () => {
  for (const end of ["flush", "close"] as const) {
    const place = new MemoryPlace();
    const store = await openStore({ adapter: limited(place, { bytes: 1000, commits: 0 }) });
    await store.put({ url: "a", n: 1 });
    const refused = assert.rejects(store.put({ url: "a", text: text(2000) }, { durable: true }));
    await store[end]();
    assert.deepEqual(await readBack(place, "a"), { url: "a", n: 1 }, end);
    await refused;
    await store.close();
  }
});

test("an entry whose refused put is being undone is never damaged to a reader", async () => {
  for (const strategy of ["memory-disk", "disk"] as const) {
    const room = { bytes: 1000, commits: 0 };
    const store = await openStore({ strategy, adapter: limited(new MemoryPlace(), room) });
    await store.put({ url: "a", n: 1 }, { durable: true });
    for (let ticks = 0; ticks < 60; ticks += 1) {
      const put = store.put({ url: "a", text: text(2000) }, { durable: true }).catch(() => {});
      for (let n = 0; n < ticks; n += 1) await null;
      const seen = await Promise.all([store.get<{ n?: number }>("a"), store.getText("a")]);
      assert.ok(seen[0]?.n === 1 || seen[0] !== undefined, `after ${ticks} ticks`);
      await put;
      assert.deepEqual(await store.get("a"), { url: "a", n: 1 });
    }
    await store.close();
  }
});

test("a durable put that failed once and does not fit later is kept and told", async () => {
  const store = await openStore({
    adapter: failing(new MemoryPlace(), ["DISK_ERROR", "QUOTA_EXCEEDED"]),
  });
  const told: string[] = [];
  store.on("error", ({ error }) => told.push(`${error.code} ${error.key}`));
  await assert.rejects(store.put({ url: "a", n: 1 }, { durable: true }), { code: "DISK_ERROR" });
  await assert.rejects(store.flush(), { code: "QUOTA_EXCEEDED" });
  assert.deepEqual(told, ["DISK_ERROR undefined", "QUOTA_EXCEEDED a"]);
  assert.deepEqual(await store.get("a"), { url: "a", n: 1 });
  await store.flush();
  assert.equal(store.health().ok, true);
  await store.close();
});

test("a refused deletion is told under its own name, whoever has its slot now", async () => {
  const inner = memoryAdapter(new MemoryPlace());
  let full = false;
  const store = await openStore({
    adapter: {
      ...inner,
      async commit(batch, options) {
        if (full) throw new SchemaStoreError("STORAGE_FULL", "the disk is full");
        return inner.commit(batch, options);
      },
    },
  });
  const told: (string | undefined)[] = [];
  store.on("error", ({ error }) => told.push(error.key));
  await store.put({ url: "a", n: 1 }, { durable: true });
  full = true;
  await store.delete("a");
  await new Promise((resolve) => setTimeout(resolve, 5));
  await store.put({ url: "later", n: 2 });
  await assert.rejects(store.flush(), { code: "STORAGE_FULL" });
  assert.deepEqual(told.sort(), ["a", "later"]);
  full = false;
  await store.close();
});
