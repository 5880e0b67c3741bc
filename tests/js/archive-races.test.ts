/** Archives while others write: nothing put meanwhile is lost, and an import is all or nothing. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { SchemaStoreError } from "../../dist/errors.js";
import type { HostBatch } from "../../dist/host.js";
import { mapKey } from "../../js/bytes.js";
import { archiveOf, exported, tea, teas } from "./archives.js";
import { GatedAdapter, MemoryPlace, memoryAdapter, openStore, turn } from "./kit.js";

test("an import is one commit", async () => {
  const gate = new GatedAdapter(new MemoryPlace());
  const store = await openStore({ adapter: gate.adapter });
  await store.import(await archiveOf(...teas));
  assert.equal(gate.calls.commit, 1);
});

test("an import whose commit fails leaves the store as it was, and can be made again", async () => {
  const place = new MemoryPlace();
  const gate = new GatedAdapter(place);
  const store = await openStore({ adapter: gate.adapter });
  await store.put({ url: "mine" }, { durable: true });
  const archive = await archiveOf(...teas);
  gate.shut("commit");
  const importing = store.import(archive);
  (await gate.next("commit")).fail(new Error("no space"));
  await assert.rejects(importing, { code: "DISK_ERROR", message: /no space/ });
  assert.equal(await store.size(), 1);
  assert.equal(place.rows.size, 1);
  gate.open("commit");
  assert.equal((await store.import(archive)).added, 5);
});

test("a put that comes during the commit stays, here and on the host", async () => {
  const place = new MemoryPlace();
  const gate = new GatedAdapter(place);
  const store = await openStore({ adapter: gate.adapter });
  const archive = await archiveOf(...teas);
  gate.shut("commit");
  const importing = store.import(archive, { conflicts: "replace" });
  const commit = await gate.next("commit");
  await store.put({ url: "http://x/ceylon", version: "1.0.0", n: 99 }, { source: "tea#1.0.0" });
  gate.open("commit");
  commit.go();
  assert.equal((await importing).added, 5);
  assert.equal((await store.get("http://x/ceylon"))?.["n"], 99);
  await store.close();
  const later = await openStore({ adapter: memoryAdapter(place) });
  assert.equal((await later.get("http://x/ceylon"))?.["n"], 99);
  assert.equal(await later.size(), 5);
});

test("a put of another store that comes first is kept", async () => {
  const place = new MemoryPlace();
  const gate = new GatedAdapter(place);
  const store = await openStore({ adapter: gate.adapter });
  const other = await openStore({ adapter: memoryAdapter(place) });
  const archive = await archiveOf(...teas);
  gate.shut("commit");
  const importing = store.import(archive);
  const commit = await gate.next("commit");
  const mine = { url: "http://x/assam", version: "1.0.0", mine: true };
  await other.put(mine, { durable: true });
  gate.open("commit");
  commit.go();
  const report = { added: 4, skipped: 0, replaced: 0, conflicting: 1 };
  assert.deepEqual(await importing, report);
  assert.deepEqual(await store.get("http://x/assam|1.0.0"), mine);
  assert.deepEqual(await other.get("http://x/assam|1.0.0"), mine);
});

test("a put that is not durable yet is an entry like any other", async () => {
  const store = await openStore();
  await store.put({ url: "http://x/assam", version: "1.0.0", mine: true });
  assert.equal((await store.import(await archiveOf(...teas))).conflicting, 1);
  assert.equal((await store.get("http://x/assam|1.0.0"))?.["mine"], true);
});

test("two imports at once agree", async () => {
  const place = new MemoryPlace();
  const stores = [place, place, new MemoryPlace()].map((one) =>
    openStore({ adapter: memoryAdapter(one) }),
  );
  const [one, two, three] = await Promise.all(stores);
  const archive = await archiveOf(...teas);
  const reports = await Promise.all([one, two, three].map((store) => store?.import(archive)));
  assert.equal((reports[0]?.added ?? 0) + (reports[1]?.added ?? 0), 5);
  assert.equal((reports[0]?.skipped ?? 0) + (reports[1]?.skipped ?? 0), 5);
  assert.equal(reports[2]?.added, 5);
});

test("a store that is closed during an import writes nothing more", async () => {
  const store = await openStore();
  const archive = await archiveOf(...teas);
  const slow = (async function* () {
    yield archive.subarray(0, 90);
    await store.close();
    yield archive.subarray(90);
  })();
  await assert.rejects(store.import(slow), { code: "CLOSED" });
});

test("an import into a store that is closed at any moment is done whole, or is CLOSED", async () => {
  const archive = await archiveOf(...teas);
  for (const strategy of ["memory", "memory-disk"] as const) {
    const ends = new Set<string>();
    for (let wait = 0; wait < 100; wait += 1) {
      const place = new MemoryPlace();
      const store = await openStore({ strategy, adapter: memoryAdapter(place) });
      await store.size();
      let there = false;
      let closing: Promise<void> | undefined;
      const source = (async function* () {
        yield archive;
        closing = (async () => {
          for (let n = 0; n < wait; n += 1) await null;
          there = store.getSync("http://x/ceylon") !== undefined;
          await store.close();
        })();
      })();
      const [imported] = await Promise.allSettled([store.import(source)]);
      await closing;
      const done = imported.status === "fulfilled";
      const end = done ? "done" : imported.reason.code;
      ends.add(end);
      if (strategy === "memory") assert.equal(done, there, `${end} after ${wait}`);
      else assert.ok(place.rows.size === 5 || (!done && place.rows.size === 0), `after ${wait}`);
    }
    assert.deepEqual([...ends].sort(), ["CLOSED", "done"], strategy);
  }
});

test("watchers hear of what an import brings", async () => {
  const store = await openStore();
  const heard: string[] = [];
  store.watch("http://x/ceylon", ({ canonical }) => heard.push(canonical));
  await store.import(await archiveOf(...teas));
  assert.equal(heard.length, 1);
  assert.equal((await store.get("http://x/ceylon"))?.["n"], 3.1);
});

test("an archive is written while entries come, change and go", async () => {
  const place = new MemoryPlace();
  const gate = new GatedAdapter(place);
  const filler = await openStore({ adapter: memoryAdapter(place) });
  await filler.putMany([tea("a"), tea("b"), tea("c")], { durable: true });
  const store = await openStore({ adapter: gate.adapter });
  gate.shut("bodies");
  const archive = exported(store);
  const read = await gate.next("bodies");
  await filler.delete("b");
  await filler.putMany([tea("c", 7), tea("d")], { durable: true });
  gate.open("bodies");
  read.go();
  const into = await openStore();
  await into.import(await archive);
  assert.deepEqual(await into.getMany(["a", "b", "c", "d"]), [
    { url: "a", version: "1.0.0", n: 0.1 },
    undefined,
    { url: "c", version: "1.0.0", n: 7.1 },
    undefined,
  ]);
});

test("an archive that cannot be written whole fails", async () => {
  const place = new MemoryPlace();
  const filler = await openStore({ adapter: memoryAdapter(place) });
  await filler.putMany([tea("a"), tea("b")], { durable: true });
  for (const { bytes } of place.bodies.values()) if (bytes) bytes[5] = 7;
  const store = await openStore({ adapter: memoryAdapter(place) });
  await assert.rejects(exported(store), { code: "CORRUPT", key: "a|1.0.0" });
});

test("what is wrong with one body of many is told of that one, as the host tells it", async () => {
  const place = new MemoryPlace();
  const filler = await openStore({ adapter: memoryAdapter(place) });
  await filler.putMany([tea("a"), tea("b"), tea("c")], { durable: true });
  const bodies = [...place.bodies.values()];
  for (const { bytes } of bodies.slice(1, 2)) if (bytes) bytes[5] = 7;
  const damaged = await openStore({ adapter: memoryAdapter(place) });
  await assert.rejects(exported(damaged), { code: "CORRUPT", key: "b|1.0.0" });

  const adapter = memoryAdapter(place);
  adapter.bodies = async () => {
    throw new SchemaStoreError("TIMEOUT", "the host does not answer");
  };
  const slow = await openStore({ adapter });
  const told = /^a\|1\.0\.0 cannot be read: the host does not answer$/;
  const failure = { code: "TIMEOUT", key: "a|1.0.0", message: told, retryable: true };
  await assert.rejects(exported(slow), failure);

  // Of those that are read together, one that cannot be read alone either.
  await filler.put({ url: "b", version: "1.0.0", n: 1 }, { durable: true });
  const [, second] = [...place.bodies.keys()];
  const picky = memoryAdapter(place);
  const { bodies: read } = picky;
  picky.bodies = async (hashes) => {
    if (hashes.some((hash) => mapKey(hash) === second)) throw new Error("EIO: i/o error");
    return read(hashes);
  };
  const failing = await openStore({ adapter: picky });
  const message = "c|1.0.0 cannot be read: EIO: i/o error";
  await assert.rejects(exported(failing), { code: "DISK_ERROR", key: "c|1.0.0", message });
});

test("what cannot be read now is not taken for damaged: what differs stays, what is equal is written again", async () => {
  const place = new MemoryPlace();
  const filler = await openStore({ adapter: memoryAdapter(place) });
  await filler.putMany([tea("a"), tea("b")], { durable: true });
  const adapter = memoryAdapter(place);
  const { bodies, commit } = adapter;
  const written: string[] = [];
  adapter.commit = async (batch, options) => {
    written.push(...batch.put.map(({ url }) => url));
    return commit(batch, options);
  };
  adapter.bodies = async () => {
    throw new SchemaStoreError("TIMEOUT", "the host does not answer");
  };
  const store = await openStore({ adapter });
  const archive = await archiveOf(tea("a", 5), tea("b"), tea("c"));
  assert.deepEqual(await store.import(archive), report({ added: 2, conflicting: 1 }));
  assert.deepEqual(written, ["b", "c"]);
  adapter.bodies = bodies;
  assert.equal((await store.get("a"))?.["n"], 0.1);
  assert.deepEqual(await store.import(archive), report({ skipped: 2, conflicting: 1 }));
});

test("a reader that goes away ends the writing", async () => {
  const gate = new GatedAdapter(new MemoryPlace());
  const store = await openStore({ adapter: gate.adapter });
  const noise = (n: number) => Array.from({ length: 300 }, (_, at) => Math.sin(at * n)).join();
  for (let n = 1; n < 400; n += 1) await store.put({ url: `u${n}`, text: noise(n) });
  await store.flush();
  const reader = store.export().getReader();
  await reader.read();
  await reader.cancel();
  const { bodies } = gate.calls;
  for (let turns = 0; turns < 50; turns += 1) await turn();
  assert.ok(gate.calls.bodies <= bodies + 1);
  await store.close();
});

test("what an import replaces is not taken for the host's own", async () => {
  const batches: HostBatch[] = [];
  const adapter = memoryAdapter(new MemoryPlace());
  const commit = adapter.commit.bind(adapter);
  adapter.commit = async (batch, options) => {
    batches.push(batch);
    return commit(batch, options);
  };
  const store = await openStore({ adapter });
  await store.put({ url: "http://x/assam", version: "1.0.0", mine: true }, { durable: true });
  await store.import(await archiveOf(...teas), { conflicts: "replace" });
  const { put, expect } = batches.at(-1) as HostBatch;
  assert.equal(put.length, 5);
  assert.equal(expect?.filter(({ revision }) => revision > 0).length, 1);
});

function report(counts: object): object {
  return { added: 0, skipped: 0, replaced: 0, conflicting: 0, ...counts };
}
