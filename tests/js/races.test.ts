/** Interleavings: each test says in which order things happen, and what must be true then. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { SchemaStore } from "../../dist/store.js";
import {
  GatedAdapter,
  MemoryPlace,
  memoryAdapter,
  openStore,
  outcome,
  readBack,
  turn,
  until,
} from "./kit.js";

interface Gated {
  readonly place: MemoryPlace;
  readonly gate: GatedAdapter;
  readonly store: SchemaStore;
}

async function openGated(options: object = {}, place = new MemoryPlace()): Promise<Gated> {
  const gate = new GatedAdapter(place);
  const store = await openStore({ adapter: gate.adapter, ...options });
  await store.size();
  return { place, gate, store };
}

/** A place that holds these bodies, all durable. */
async function filled(...bodies: object[]): Promise<MemoryPlace> {
  const place = new MemoryPlace();
  const store = await openStore({ adapter: memoryAdapter(place) });
  await store.putMany(bodies.map((value) => ({ value })));
  await store.close();
  return place;
}

const one = { url: "u", version: "1.0", n: 1 };
const two = { url: "u", version: "1.0", n: 2 };
const newer = { url: "u", version: "2.0", n: 3 };

test("a load that began before a put of its key answers what was put", async () => {
  const { gate, store } = await openGated({}, await filled(one));
  gate.shut("bodies");
  const got = ["u", "u|1.0"].map((request) => store.get(request));
  const read = await gate.next("bodies");
  await store.put(two);
  read.go();
  gate.open("bodies");
  for (const [index, request] of ["u", "u|1.0"].entries()) {
    assert.deepEqual(await got[index], two);
    assert.deepEqual(store.getSync(request), two);
    assert.deepEqual(await store.get(request), two);
  }
  await store.close();
});

test("a load of the newest that began before a newer put answers the newer one", async () => {
  const { gate, store } = await openGated({}, await filled(one));
  gate.shut("bodies");
  const [newest, exact] = [store.get("u"), store.get("u|1.0")];
  await gate.next("bodies").then((read) => {
    void store.put(newer);
    read.go();
  });
  gate.open("bodies");
  assert.deepEqual(await newest, newer);
  assert.deepEqual(await exact, one);
  assert.deepEqual(store.getSync("u"), newer);
  assert.deepEqual(store.getSync("u|1.0"), one);
  await store.close();
});

for (const way of ["delete", "clear"] as const) {
  test(`a load that began before a ${way} of its key brings nothing back`, async () => {
    const { gate, store } = await openGated({}, await filled(one));
    gate.shut("bodies");
    const got = store.get("u");
    const read = await gate.next("bodies");
    const gone = way === "delete" ? store.delete("u") : store.clear();
    await turn();
    read.go();
    gate.open("bodies");
    await gone;
    assert.equal(await got, undefined);
    assert.equal(store.getSync("u"), undefined);
    assert.equal(await store.has("u"), false);
    await store.close();
  });

  test(`an answer of the network that is older than a ${way} is not kept`, async () => {
    for (const there of [true, false]) {
      const { promise, resolve } = withResolvers<object>();
      let asked = 0;
      const resolver = () => {
        asked += 1;
        return promise;
      };
      const store = await openStore({ strategy: "memory", resolver });
      const got = store.get("u|1.0");
      await until(() => asked === 1, "the resolver");
      if (there) await store.put(two);
      await (way === "delete" ? store.delete("u|1.0") : store.clear());
      resolve(one);
      await got;
      assert.equal(await store.has("u|1.0"), false, `there: ${there}`);
      assert.equal(store.getSync("u|1.0"), undefined);
      await store.close();
    }
  });
}

test("deleting one key leaves a network load of another alone", async () => {
  const { promise, resolve } = withResolvers<object>();
  const store = await openStore({ strategy: "memory", resolver: () => promise });
  await store.put({ url: "other" });
  const got = store.get("u");
  await turn();
  await store.delete("other");
  resolve(one);
  assert.deepEqual(await got, one);
  assert.equal(await store.has("u"), true);
  await store.close();
});

test("a put that came while the network was busy wins, even when it has left memory", async () => {
  const { promise, resolve } = withResolvers<object>();
  const { store } = await openGated({ maxEntries: 1, resolver: () => promise });
  const got = store.get("u|1.0");
  await turn();
  await store.put(two, { durable: true });
  await store.put({ url: "other" }, { durable: true });
  resolve(one);
  assert.deepEqual(await got, two);
  assert.deepEqual(await store.get("u|1.0"), two);
  await store.close();
});

test("the network answers while the index is still being read", async () => {
  const gate = new GatedAdapter(new MemoryPlace());
  gate.shut("index");
  const store = await openStore({ adapter: gate.adapter, resolver: async () => one });
  assert.deepEqual(await store.get("u|1.0"), one);
  assert.equal((await store.entry("u|1.0"))?.metadata.origin, "resolver");
  gate.open("index");
  await store.close();
});

test("a hundred concurrent gets make one read and one question to the network", async () => {
  const { gate, store } = await openGated({}, await filled(one));
  const many = await Promise.all(Array.from({ length: 100 }, () => store.get("u")));
  assert.equal(gate.calls.bodies, 1);
  assert.equal(new Set(many).size, 1);
  await store.close();

  let asked = 0;
  const resolver = async () => {
    asked += 1;
    await turn();
    return two;
  };
  const online = await openStore({ strategy: "memory", resolver });
  const answers = await Promise.all(Array.from({ length: 100 }, () => online.get("u|1.0")));
  assert.equal(asked, 1);
  assert.equal(new Set(answers).size, 1);
  assert.deepEqual(answers[0], two);
  await online.close();
});

test("each caller gives up alone; the last one stops the resolver", async () => {
  const { promise, resolve } = withResolvers<object>();
  const signals: AbortSignal[] = [];
  const resolver = (_canonical: string, { signal }: { signal: AbortSignal }) => {
    signals.push(signal);
    return Promise.race([
      promise,
      new Promise<never>((_, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason));
      }),
    ]);
  };
  const store = await openStore({ strategy: "memory", resolver });
  const [first, second] = [new AbortController(), new AbortController()];
  const [why, whyToo] = [new Error("first"), new Error("second")];
  const gets = [first, second].map(({ signal }) => outcome(store.get("u|1.0", { signal })));
  await until(() => signals.length === 1, "the resolver");
  first.abort(why);
  await turn();
  assert.equal(gets[0]?.error, why);
  assert.equal(gets[1]?.done, false);
  assert.equal(signals[0]?.aborted, false);
  second.abort(whyToo);
  await turn();
  assert.equal(gets[1]?.error, whyToo);
  assert.equal(signals[0]?.aborted, true);
  assert.equal(signals[0]?.reason, whyToo);

  const third = new AbortController();
  const [patient, hasty] = [store.get("u|1.0"), store.get("u|1.0", { signal: third.signal })];
  third.abort(why);
  await assert.rejects(hasty, why);
  resolve(one);
  assert.deepEqual(await patient, one);
  assert.equal(signals.length, 2);
  await assert.rejects(store.get("u|1.0", { signal: AbortSignal.abort(why) }), why);
  await store.close();
});

test("getText gives up at once too", async () => {
  const { gate, store } = await openGated({}, await filled(one));
  gate.shut("bodies");
  const controller = new AbortController();
  const why = new Error("enough");
  const text = outcome(store.getText("u", { signal: controller.signal }));
  await gate.next("bodies").then((read) => {
    controller.abort(why);
    return turn().then(() => {
      assert.equal(text.error, why);
      read.go();
    });
  });
  await store.close();
});

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
  const { gate, store, place } = await openGated();
  gate.shut("commit");
  await store.put(one);
  const flushed = store.flush();
  const commit = await gate.next("commit");
  await store.put(two);
  commit.go();
  gate.open("commit");
  await flushed;
  assert.deepEqual(await store.get("u"), two);
  await store.flush();
  assert.deepEqual(await readBack(place, "u"), two);
  await store.close();
});

test("a slot that was freed during a commit and has a new owner keeps the owner's body", async () => {
  const { gate, store, place } = await openGated();
  gate.shut("commit");
  await store.put(one);
  const flushed = store.flush();
  const commit = await gate.next("commit");
  await store.put(two);
  const others = Array.from({ length: 8 }, (_, n) => ({ url: `other${n}`, n }));
  for (const other of others) await store.put(other);
  commit.go();
  gate.open("commit");
  await flushed;
  await store.flush();
  for (const other of others) {
    assert.equal(await store.getText(other.url), JSON.stringify(other));
    assert.deepEqual(await store.get(other.url), other);
    assert.deepEqual(await readBack(place, other.url), other);
  }
  assert.deepEqual(await store.get("u"), two);
  await store.close();
});

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

test("close while loads run: CLOSED for them, and nothing is answered afterwards", async () => {
  const { gate, store } = await openGated({}, await filled(one));
  gate.shut("bodies");
  const loads = [store.get("u"), store.getText("u|1.0"), store.entry("u")].map((load) =>
    outcome(load as Promise<unknown>),
  );
  const read = await gate.next("bodies");
  const closed = store.close();
  read.go();
  gate.open("bodies");
  await closed;
  await until(() => loads.every(({ done }) => done), "the loads");
  await assert.rejects(store.get("u"), { code: "CLOSED" });
  assert.throws(() => store.getSync("u"), { code: "CLOSED" });
  for (const load of loads) {
    if (load.error !== undefined) assert.equal((load.error as { code: string }).code, "CLOSED");
  }
});

test("hot values are gone from the moment of close", async () => {
  const { gate, store } = await openGated();
  await store.put(one);
  await store.get("u");
  gate.shut("commit");
  const closed = store.close();
  await assert.rejects(store.get("u"), { code: "CLOSED" });
  assert.throws(() => store.getSync("u"), { code: "CLOSED" });
  gate.open("commit");
  await closed;
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

test("two stores: updates are exact under contention", async () => {
  const place = new MemoryPlace();
  const stores = [
    await openStore({ adapter: memoryAdapter(place) }),
    await openStore({ adapter: memoryAdapter(place) }),
  ];
  const increments = stores.map(async (store) => {
    for (let n = 0; n < 200; n += 1) await increment(store);
  });
  await Promise.all(increments);
  for (const store of stores) {
    await store.refresh();
    assert.deepEqual(await store.get("count"), { url: "count", n: 400 });
  }
  for (const store of stores) await store.close();
});

for (const strategy of ["memory", "memory-disk", "disk"] as const) {
  test(`${strategy}: a hundred updates at once on one store are all counted`, async () => {
    const store = await openStore({ strategy });
    await Promise.all(Array.from({ length: 100 }, () => increment(store)));
    assert.deepEqual(await store.get("count"), { url: "count", n: 100 });
    await store.close();
  });

  test(`${strategy}: of two puts on the same ifHash one wins`, async () => {
    const store = await openStore({ strategy });
    const { contentHash } = await store.put(one);
    const puts = [two, { ...two, n: 5 }].map((value) => store.put(value, { ifHash: contentHash }));
    const results = await Promise.allSettled(puts);
    const refused = results.filter((result) => result.status === "rejected");
    assert.equal(refused.length, 1);
    assert.equal(refused[0]?.reason.code, "CONCURRENCY");
    const winner = results[0]?.status === "fulfilled" ? two : { ...two, n: 5 };
    assert.deepEqual(await store.get("u"), winner);
    await assert.rejects(store.put(one, { ifHash: null }), { code: "CONCURRENCY" });
    await store.put({ url: "fresh" }, { ifHash: null });
    await store.close();
  });

  test(`${strategy}: a put or delete during an update is not undone by it`, async () => {
    const store = await openStore({ strategy });
    await store.put({ url: "count", n: 1 });
    let calls = 0;
    await store.update<{ n: number }>("count", async (current) => {
      calls += 1;
      if (calls === 1) await store.put({ url: "count", n: 10 });
      if (calls === 2) await store.delete("count");
      return { url: "count", n: (current?.n ?? 100) + 1 };
    });
    assert.equal(calls, 3);
    assert.deepEqual(await store.get("count"), { url: "count", n: 101 });
    await store.flush();
    assert.deepEqual(JSON.parse((await store.getText("count")) ?? ""), { url: "count", n: 101 });
    await store.close();
  });
}

test("a put or delete during the commit of an update is written after it", async () => {
  for (const way of ["put", "delete"] as const) {
    const { gate, store, place } = await openGated({}, await filled({ url: "count", n: 1 }));
    gate.shut("commit");
    const updated = store.update("count", () => ({ url: "count", n: 2 }));
    const commit = await gate.next("commit");
    const later = way === "put" ? store.put({ url: "count", n: 3 }) : store.delete("count");
    await turn();
    commit.go();
    gate.open("commit");
    await later;
    assert.equal((await updated)?.canonical, "count");
    const expected = way === "put" ? { url: "count", n: 3 } : undefined;
    assert.deepEqual(await store.get("count"), expected);
    await store.flush();
    assert.deepEqual(await store.get("count"), expected);
    assert.equal(await store.getText("count"), expected && JSON.stringify(expected));
    assert.deepEqual(await readBack(place, "count"), expected);
    await store.close();
  }
});

test("an update sees what another store has deleted", async () => {
  const place = await filled({ url: "count", n: 7 });
  const gate = new GatedAdapter(place);
  const store = await openStore({ adapter: { ...gate.adapter, watch: () => () => {} } });
  assert.deepEqual(await store.get("count"), { url: "count", n: 7 });
  const other = await openStore({ adapter: memoryAdapter(place) });
  await other.delete("count");
  await other.close();
  await increment(store);
  assert.deepEqual(await store.get("count"), { url: "count", n: 1 });
  await store.close();
});

test("two stores: puts and deletes of one are seen by the other, and watched", async () => {
  const place = new MemoryPlace();
  const [here, there] = [
    await openStore({ adapter: memoryAdapter(place) }),
    await openStore({ adapter: memoryAdapter(place) }),
  ];
  const seen: (string | undefined)[] = [];
  const stop = there.watch("u", ({ metadata }) => seen.push(metadata?.version));
  await here.put(one, { durable: true });
  await until(() => seen.length === 1, "the watcher");
  assert.deepEqual(await there.get("u"), one);
  await here.put(newer, { durable: true });
  await until(() => seen.length === 2, "the watcher");
  assert.deepEqual(there.getSync("u") ?? (await there.get("u")), newer);
  await here.delete("u|2.0");
  await here.flush();
  await there.refresh();
  assert.deepEqual(await there.get("u"), one);
  await here.clear();
  await there.refresh();
  assert.equal(await there.has("u"), false);
  assert.equal(there.getSync("u|1.0"), undefined);
  await until(() => seen.length === 4, "the watcher");
  assert.deepEqual(seen, ["1.0", "2.0", "1.0", undefined]);
  stop();
  await here.put(one, { durable: true });
  await there.refresh();
  assert.equal(seen.length, 4);
  const hash = (await there.metadata("u"))?.contentHash ?? "";
  await here.put(two, { durable: true });
  await assert.rejects(there.put(newer, { ifHash: hash, version: "1.0" }), { code: "CONCURRENCY" });
  await Promise.all([here.close(), there.close()]);
});

test("a reader survives a writer that replaces its row again and again", async () => {
  const place = await filled({ url: "count", n: 0 });
  const gate = new GatedAdapter(place);
  const reader = await openStore({ adapter: gate.adapter });
  await reader.size();
  const writer = await openStore({ adapter: memoryAdapter(place) });
  gate.shut("bodies");
  const got = reader.get<{ n: number }>("count");
  for (let n = 1; n <= 12; n += 1) {
    const read = await gate.next("bodies");
    await writer.put({ url: "count", n }, { durable: true });
    read.go();
    await turn();
  }
  gate.open("bodies");
  assert.deepEqual(await got, { url: "count", n: 12 });
  await Promise.all([reader.close(), writer.close()]);
});

test("one failing key of getMany rejects, and leaves no rejection unhandled", async () => {
  const store = await openStore({
    strategy: "memory",
    resolver: async () => {
      await turn();
      throw new Error("offline");
    },
  });
  await assert.rejects(store.getMany(["a", "b", "c d"]), { code: "INVALID_KEY" });
  await assert.rejects(store.getMany(["a", "b"]), { code: "RESOLVER" });
  await turn();
  await store.close();
});

async function increment(store: SchemaStore): Promise<void> {
  await store.update<{ n: number }>("count", (current) => ({
    url: "count",
    n: (current?.n ?? 0) + 1,
  }));
}

function withResolvers<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
