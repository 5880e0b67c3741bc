/** Writes on their way to the host, and what comes between; as in the tests of loads. */

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  filled,
  GatedAdapter,
  memoryAdapter,
  openStore,
  outcome,
  readBack,
  turn,
  until,
} from "./kit.js";
import { type Gated, newer, one, openGated, two } from "./races.js";

/** A store with a commit of `one` under way; `commit` lets it, and those to come, be done. */
async function holdCommit(): Promise<Gated & { commit(): Promise<void> }> {
  const gated = await openGated();
  const { gate, store } = gated;
  gate.shut("commit");
  await store.put(one);
  const flushed = store.flush();
  const held = await gate.next("commit");
  const commit = () => {
    held.go();
    gate.open("commit");
    return flushed;
  };
  return { ...gated, commit };
}

test("a failed background write is told, kept, and forgotten when a later one succeeds", async () => {
  const { gate, store, place } = await openGated();
  const errors: unknown[] = [];
  store.on("error", ({ error }) => errors.push(error));
  gate.shut("commit");
  await store.put(one);
  const flushed = outcome(store.flush());
  (await gate.next("commit")).fail(new Error("the disk is on fire"));
  await until(() => flushed.done, "the flush");
  const failure = flushed.error as { code: string; message: string };
  assert.equal(failure.code, "DISK_ERROR");
  assert.match(failure.message, /on fire/);
  assert.equal(errors.length, 1);
  const ill = store.health();
  assert.equal(ill.ok, false);
  assert.equal(ill.writeError?.code, "DISK_ERROR");
  assert.equal(ill.pendingWrites, 1);
  assert.deepEqual(await store.get("u"), one);
  assert.equal(await store.getText("u"), JSON.stringify(one));
  gate.open("commit");
  await store.flush();
  assert.equal(store.health().ok, true);
  assert.equal(store.health().pendingWrites, 0);
  assert.equal(place.rows.size, 1);
  await store.close();
});

test("flush resolves only when what was put before it is durable, whoever else flushes", async () => {
  const { gate, store } = await openGated();
  gate.shut("commit");
  await store.put(one);
  const first = outcome(store.flush());
  const commitOne = await gate.next("commit");
  await store.put(two);
  const flushes = [store.flush(), store.flush(), store.put(newer, { durable: true })].map((all) =>
    outcome(all as Promise<unknown>),
  );
  commitOne.go();
  const commitTwo = await gate.next("commit");
  await turn();
  assert.equal(first.done, true);
  assert.deepEqual(
    flushes.map(({ done }) => done),
    [false, false, false],
  );
  commitTwo.go();
  gate.open("commit");
  await until(() => flushes.every(({ done }) => done), "the flushes");
  await store.close();
});

test("puts of one row are coalesced, in their order", async () => {
  const { gate, store, place } = await openGated();
  for (let n = 0; n < 100; n += 1) void store.put({ url: "u", n });
  assert.deepEqual(await store.get("u"), { url: "u", n: 99 });
  await store.flush();
  assert.equal(gate.calls.commit, 1);
  assert.deepEqual(await readBack(place, "u"), { url: "u", n: 99 });
  await store.close();
});

test("a put during the commit of the same row is written after it", async () => {
  const { store, place, commit } = await holdCommit();
  await store.put(two);
  await commit();
  assert.deepEqual(await store.get("u"), two);
  await store.flush();
  assert.deepEqual(await readBack(place, "u"), two);
  await store.close();
});

test("a slot that was freed during a commit and has a new owner keeps the owner's body", async () => {
  const { store, place, commit } = await holdCommit();
  await store.put(two);
  clockMoves();
  const others = Array.from({ length: 8 }, (_, n) => ({ url: `other${n}`, n }));
  for (const other of others) await store.put(other);
  await commit();
  await store.flush();
  for (const other of others) {
    assert.equal(await store.getText(other.url), JSON.stringify(other));
    assert.deepEqual(await store.get(other.url), other);
    assert.deepEqual(await readBack(place, other.url), other);
  }
  assert.deepEqual(await store.get("u"), two);
  await store.close();
});

/** Waits for the next millisecond: with it, slots that were freed are given to new owners. */
function clockMoves(): void {
  const now = Date.now();
  while (Date.now() === now);
}

test("puts wait while too much is on its way, and keep their order", async () => {
  const { gate, store, place } = await openGated({ memoryLimitMb: 1 });
  gate.shut("commit");
  const big = "x".repeat(400_000);
  await store.put({ url: "first", big });
  const flushed = outcome(store.flush());
  const puts = Array.from({ length: 12 }, (_, n) =>
    outcome(store.put({ url: n % 2 ? "odd" : "even", n, big, own: n })),
  );
  const small = outcome(store.put({ url: "odd", n: "last" }));
  await turn();
  const bytes = store.health().pendingBytes;
  assert.ok(bytes <= 1024 * 1024, `${bytes} bytes are on their way`);
  assert.ok(puts.some(({ done }) => !done));
  gate.open("commit");
  await until(() => puts.every(({ done }) => done) && small.done && flushed.done, "the puts");
  for (const put of puts) assert.equal(put.error, undefined);
  await store.flush();
  assert.deepEqual(await store.get("odd"), { url: "odd", n: "last" });
  assert.deepEqual(await readBack(place, "odd"), { url: "odd", n: "last" });
  assert.deepEqual(await readBack(place, "even"), { url: "even", n: 10, big, own: 10 });
  const { memory } = await store.stats();
  assert.ok(memory.usedBytes <= memory.limitBytes);
  await store.close();
});

test("a put that waits for room is refused when the store closes, not lost", async () => {
  const { gate, store, place } = await openGated({ memoryLimitMb: 1 });
  gate.shut("commit");
  const big = "x".repeat(700_000);
  const puts = ["a", "b", "c"].map((url) => outcome(store.put({ url, big })));
  await turn();
  const closed = store.close();
  gate.open("commit");
  await closed;
  await until(() => puts.every(({ done }) => done), "the puts");
  for (const [index, url] of ["a", "b", "c"].entries()) {
    const put = puts[index];
    const kept = (await readBack(place, url)) !== undefined;
    assert.equal(kept, put?.error === undefined, url);
    if (!kept) assert.equal((put?.error as { code: string } | undefined)?.code, "CLOSED");
  }
});

test("an index that is not complete is never saved", async (context) => {
  const place = await filled(one, { url: "other" });
  const gate = new GatedAdapter(place);
  place.index = undefined;
  gate.shut("index");
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const store = await openStore({ adapter: gate.adapter });
  await store.put(newer, { durable: true });
  context.mock.timers.tick(60_000);
  await turn();
  const next = await openStore({ adapter: memoryAdapter(place) });
  assert.equal(await next.size(), 3);
  gate.open("index");
  await store.close();
  await next.close();
});
