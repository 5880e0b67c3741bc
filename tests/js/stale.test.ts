/** What has expired and is kept as stale: who gets it, and how it leaves. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { SchemaStoreError } from "../../dist/errors.js";
import type { SchemaStore } from "../../dist/store.js";
import type { Resolved } from "../../dist/types.js";
import { Clock, entries, eventually, HOUR, isHidden, MINUTE } from "./expiry-kit.js";
import { GatedAdapter, MemoryPlace, memoryAdapter, openStore, turn } from "./kit.js";
import { each } from "./settings.js";

const url = "http://x.org/fetched";
const old = { url, n: 1 };

/** A network that answers what the test says. */
class Network {
  answer: Resolved | Error | Promise<Resolved> = new Error("there is no network");
  asked = 0;
  readonly resolver = async (canonical: string) => {
    if (canonical !== url) return undefined;
    this.asked += 1;
    if (this.answer instanceof Error) throw this.answer;
    return this.answer;
  };
}

each("while the resolver fails, what has expired is answered within its grace", async (open) => {
  const [clock, network] = [new Clock(), new Network()];
  const options = { now: clock.now, resolver: network.resolver, unknownTtlSeconds: 0 };
  let store = await open({ ...options, ttlHours: 1, graceHours: 2 });
  const { strategy } = await store.stats();
  network.answer = old;
  assert.deepEqual(await store.get(url), old);
  assert.equal((await store.entry(url))?.stale, undefined);
  await store.flush();
  network.answer = new Error("there is no network");
  clock.at += HOUR;
  await isHidden(store, url);
  const check = async () => {
    const asked = network.asked;
    assert.deepEqual(await store.get(url), old);
    assert.equal(network.asked, asked + 1, "it is asked first, every time");
    assert.ok(Object.isFrozen(await store.get(url)));
    assert.equal(await store.getText(url), JSON.stringify(old));
    assert.deepEqual(await store.getMany([url, "http://x.org/none"]), [old, undefined]);
    const entry = await store.entry(url);
    assert.deepEqual([entry?.value, entry?.stale], [old, true]);
    assert.equal(entry?.metadata.staleUntil, (entry?.metadata.expiresAt ?? 0) + 2 * HOUR);
    assert.equal(entry?.tier, strategy === "memory" ? "memory" : "disk");
    await isHidden(store, url);
  };
  await check();
  if (strategy !== "memory") {
    await store.close();
    store = await open({ ...options, graceHours: 2 });
    await check();
  }
  await clock.pass(2 * HOUR - 1, store);
  await check();
  await clock.pass(1, store);
  const calls: Promise<unknown>[] = [store.get(url), store.getText(url), store.entry(url)];
  await Promise.all(calls.map((call) => assert.rejects(call, { code: "RESOLVER" })));
  network.answer = undefined;
  assert.equal(await store.get(url), undefined);
  network.answer = { url, n: 2 };
  assert.deepEqual(await store.get(url), { url, n: 2 });
});

each("an answer of the resolver ends what is stale, also that there is nothing", async (open) => {
  const [clock, network] = [new Clock(), new Network()];
  const store = await open({
    now: clock.now,
    resolver: network.resolver,
    unknownTtlSeconds: 0,
    ttlHours: 1,
    graceHours: 2,
  });
  network.answer = old;
  await store.get(url);
  clock.at += HOUR;
  await isHidden(store, url);
  network.answer = undefined;
  assert.equal(await store.get(url), undefined);
  await assert.rejects(store.get(url, { require: true }), { code: "NOT_FOUND" });
  network.answer = { url, n: 2 };
  assert.deepEqual(await store.get(url), { url, n: 2 });
  network.answer = new Error("there is no network");
  assert.deepEqual(await store.get(url), { url, n: 2 });
  await entries(store, 1);
});

each("without a grace nothing is kept as stale", async (open) => {
  const [clock, network] = [new Clock(), new Network()];
  const store = await open({ now: clock.now, resolver: network.resolver });
  const { staleUntil } = await store.put(old, { ttl: HOUR, origin: "resolver" });
  assert.equal(staleUntil, clock.at + HOUR);
  clock.at += HOUR - 1;
  assert.equal((await store.entry(url, { allowStale: true }))?.stale, undefined);
  assert.equal(network.asked, 0);
  clock.at += 1;
  await isHidden(store, url);
  await assert.rejects(store.get(url, { allowStale: true }), { code: "RESOLVER" });
});

for (const strategy of ["memory", "memory-disk", "disk"] as const) {
  test(`${strategy}: stale while it is revalidated`, async () => {
    const [clock, network] = [new Clock(), new Network()];
    const { now } = clock;
    const store = await openStore({ strategy, now, resolver: network.resolver, graceHours: 1 });
    await store.put(old, { ttl: HOUR });
    clock.at += HOUR;
    let answer: (value: Resolved) => void = () => {};
    network.answer = new Promise<Resolved>((resolve) => {
      answer = resolve;
    });
    const allowStale = true;
    assert.deepEqual(await store.get(url, { allowStale }), old);
    assert.equal(network.asked, 1);
    assert.equal((await store.entry(url, { allowStale, require: true }))?.stale, true);
    assert.equal(await store.getText(url, { allowStale }), JSON.stringify(old));
    assert.deepEqual(await store.getMany([url], { allowStale }), [old]);
    const patient = store.get(url);
    answer({ url, n: 2 });
    assert.deepEqual(await patient, { url, n: 2 });
    assert.deepEqual(await store.get(url, { allowStale }), { url, n: 2 });
    assert.equal((await store.entry(url, { allowStale }))?.stale, undefined);
    assert.equal(await store.get("http://x.org/none", { allowStale }), undefined);

    await store.put(old, { ttl: HOUR });
    clock.at += HOUR;
    network.answer = new Error("there is no network");
    assert.deepEqual(await store.get(url, { allowStale }), old, "that it failed is told to nobody");
    const reason = new Error("enough");
    const aborted = store.get(url, { allowStale, signal: AbortSignal.abort(reason) });
    await assert.rejects(aborted, reason);
    await turn();
    await store.close();
    await assert.rejects(store.get(url, { allowStale }), { code: "CLOSED" });
  });
}

test("a caller who gives up gets the reason, not what is stale", async () => {
  const [clock, network] = [new Clock(), new Network()];
  const { now } = clock;
  const store = await openStore({ now, resolver: network.resolver, graceHours: 1 });
  await store.put(old, { ttl: HOUR });
  clock.at += HOUR;
  network.answer = new Promise(() => {});
  const controller = new AbortController();
  const get = store.get(url, { signal: controller.signal });
  await turn();
  controller.abort(new Error("enough"));
  await assert.rejects(get, { message: "enough" });
  await store.close();
});

test("of a stale entry whose bytes are damaged the resolver's failure is told", async () => {
  const [clock, network, place] = [new Clock(), new Network(), new MemoryPlace()];
  const adapter = memoryAdapter(place);
  const options = { now: clock.now, resolver: network.resolver, graceHours: 1, adapter };
  const store = await openStore(options);
  await store.put(old, { ttl: HOUR });
  await store.flush();
  clock.at += HOUR;
  const bodies = adapter.bodies.bind(adapter);
  adapter.bodies = async (hashes) => {
    const found = await bodies(hashes);
    return found.map((body) => body?.map((byte) => byte ^ 1));
  };
  await assert.rejects(store.get(url), { code: "RESOLVER" });
  await assert.rejects(store.get(url, { allowStale: true }), { code: "RESOLVER" });
  await store.close();
});

each("after its grace an entry leaves for good", async (open) => {
  const clock = new Clock();
  const store = await open({ now: clock.now, graceHours: 1 });
  const { strategy } = await store.stats();
  const other = strategy === "memory" ? store : await open({ now: clock.now });
  await store.put(old, { ttlHours: 1 });
  await store.put({ url: "stays" });
  await store.flush();
  await other.refresh();
  await clock.pass(HOUR, store);
  await clock.pass(HOUR - MINUTE, store);
  assert.equal((await store.stats()).entries, 2);
  await clock.pass(MINUTE, store);
  await entries(store, 1);
  assert.equal((await store.stats()).deletes, 0);
  await other.refresh();
  await entries(other, 1);
  clock.at -= 2 * HOUR;
  const late = strategy === "memory" ? store : await open({ now: clock.now });
  assert.equal(await late.has(url), false, "a clock put back does not bring it back");
  assert.equal(await late.has("stays"), true);
});

each("without a grace it leaves as soon as that is certain", async (open) => {
  const clock = new Clock();
  const store = await open({ now: clock.now });
  const { strategy } = await store.stats();
  await store.put(old, { ttl: 1000 });
  await store.flush();
  clock.at += HOUR;
  await isHidden(store, url);
  if (strategy === "memory") return entries(store, 0);
  await assert.rejects(store.get(url, { require: true, allowStale: true }), { code: "NOT_FOUND" });
  await clock.pass(MINUTE, store);
  assert.equal((await store.stats()).entries, 1);
  await clock.pass(MINUTE, store);
  await entries(store, 0);
});

each("one's own entry leaves a durable store only where its own put says so", async (open) => {
  const clock = new Clock();
  const store = await open({ now: clock.now, ttlHours: 1, graceHours: 1 });
  const { strategy } = await store.stats();
  const own = await store.put({ url: "own" });
  assert.equal(own.expiresAt, clock.at + HOUR);
  assert.equal(own.staleUntil, strategy === "memory" ? clock.at + 2 * HOUR : undefined);
  for (const origin of ["resolver", "converted", "package"] as const) {
    const { staleUntil } = await store.put({ url: origin }, { origin });
    assert.equal(staleUntil, clock.at + 2 * HOUR);
  }
  assert.equal((await store.put({ url: "said" }, { ttl: 1 })).staleUntil, clock.at + 1 + HOUR);
  await store.flush();
  await clock.pass(3 * HOUR, store);
  if (strategy === "memory") return entries(store, 0);
  await entries(store, 1);
  await isHidden(store, "own");
  assert.deepEqual(await store.get("own", { allowStale: true }), { url: "own" });
  const next = await open({ now: clock.now });
  await isHidden(next, "own");
  assert.equal(await next.clear(), 1);
});

/** A store over a gate, whose one entry is about to leave. */
async function leaving(): Promise<{
  gate: GatedAdapter;
  place: MemoryPlace;
  clock: Clock;
  store: SchemaStore;
}> {
  const [place, clock] = [new MemoryPlace(), new Clock()];
  const gate = new GatedAdapter(place);
  const store = await openStore({ adapter: gate.adapter, now: clock.now });
  await store.put(old, { ttl: MINUTE });
  await store.flush();
  await clock.pass(2 * MINUTE, store);
  gate.shut("commit");
  await clock.pass(MINUTE, store);
  return { gate, place, clock, store };
}

test("what is put while the deletion is on its way stays", async () => {
  const { gate, place, clock, store } = await leaving();
  const deletion = await gate.next("commit");
  await store.put({ url, n: 2 });
  deletion.go();
  await gate.next("commit").then((put) => {
    assert.equal(place.rows.size, 0);
    put.go();
  });
  assert.deepEqual(await store.get(url), { url, n: 2 });
  gate.open("commit");
  await store.flush();
  assert.deepEqual(await store.get(url), { url, n: 2 });
  await clock.pass(10 * MINUTE, store);
  assert.equal(place.rows.size, 1);
  await store.close();
});

test("what another store wrote meanwhile stays", async () => {
  for (const before of [true, false]) {
    const { gate, place, clock, store } = await leaving();
    const other = await openStore({ adapter: memoryAdapter(place), now: clock.now });
    const deletion = await gate.next("commit");
    await other.put({ url, n: 2 }, { durable: true });
    if (before) await store.refresh();
    deletion.go();
    gate.open("commit");
    await store.refresh();
    assert.deepEqual(await store.get(url), { url, n: 2 });
    await clock.pass(10 * MINUTE, store);
    assert.equal(place.rows.size, 1);
    await other.close();
    await store.close();
  }
});

test("what another store wrote before stays, also where nobody knows of it yet", async () => {
  const [place, clock] = [new MemoryPlace(), new Clock()];
  const gate = new GatedAdapter(place);
  const store = await openStore({ adapter: gate.adapter, now: clock.now });
  const other = await openStore({ adapter: memoryAdapter(place), now: clock.now });
  await store.put(old, { ttl: MINUTE });
  await store.flush();
  await clock.pass(MINUTE, store);
  gate.shut("changes");
  await other.put({ url, n: 2 }, { durable: true });
  const news = await gate.next("changes");
  await clock.pass(10 * MINUTE, store);
  for (let turns = 0; turns < 20; turns += 1) await turn();
  assert.equal(await store.has(url), false);
  assert.equal(place.rows.size, 1);
  news.go();
  gate.open("changes");
  await store.refresh();
  assert.deepEqual(await store.get(url), { url, n: 2 });
  await other.close();
  await store.close();
});

test("a deletion that fails is told of and tried again", async () => {
  const { gate, place, clock, store } = await leaving();
  const errors: SchemaStoreError[] = [];
  store.on("error", ({ error }) => errors.push(error));
  (await gate.next("commit")).fail(new SchemaStoreError("DISK_ERROR", "no room"));
  gate.open("commit");
  await eventually(async () => errors.length > 0, "the error");
  assert.deepEqual(
    errors.map(({ code }) => code),
    ["DISK_ERROR"],
  );
  assert.equal(place.rows.size, 1);
  await isHidden(store, url);
  await clock.pass(2 * MINUTE, store);
  await entries(store, 0);
  assert.equal(place.rows.size, 0);
  await store.close();
});

test("a store that is closed meanwhile says nothing", async () => {
  const { gate, place, store } = await leaving();
  const errors: unknown[] = [];
  store.on("error", ({ error }) => errors.push(error));
  const deletion = await gate.next("commit");
  const closing = store.close();
  deletion.fail(new Error("closed"));
  await closing;
  assert.deepEqual(errors, []);
  assert.equal(place.rows.size, 1);
});
