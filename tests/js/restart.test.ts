/** A trap costs an instance of the core, never the store. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryPlace, memoryAdapter } from "../../dist/adapters/memory.js";
import type { CoreModule } from "../../dist/load/module.js";
import type { SchemaStore } from "../../dist/store.js";
import type { StoreOptions } from "../../dist/types.js";
import { randomBytes } from "../../js/adapters/fs/random.js";
import { opener } from "../../js/open.js";
import { loadCore } from "./core.js";
import { filled, GatedAdapter, increment, openStore, outcome, turn, until } from "./kit.js";

interface Breakable {
  readonly store: SchemaStore;
  /** Overwrites the memory of the store's present instance. */
  scribble(): void;
}

async function openBreakable(options: StoreOptions = {}): Promise<Breakable> {
  const core = await loadCore();
  const memories: WebAssembly.Memory[] = [];
  const watched: CoreModule = {
    instantiate() {
      const { Instance } = WebAssembly;
      class Watched extends Instance {
        constructor(module: WebAssembly.Module, imports?: WebAssembly.Imports) {
          super(module, imports);
          const exported = Object.values(this.exports);
          const memory = exported.find((one) => (one as object) instanceof WebAssembly.Memory);
          memories.push(memory as unknown as WebAssembly.Memory);
        }
      }
      WebAssembly.Instance = Watched;
      try {
        return core.instantiate();
      } finally {
        WebAssembly.Instance = Instance;
      }
    },
  };
  const open = opener({
    loadCore: async () => watched,
    defaultAdapter: () => memoryAdapter(),
    random: randomBytes,
    onExit: () => () => {},
  });
  const store = (await open(options)) as unknown as SchemaStore;
  const scribble = () => {
    const memory = memories.at(-1);
    assert.ok(memory);
    new Uint8Array(memory.buffer).fill(0xff);
  };
  return { store, scribble };
}

const one = { url: "u", version: "1.0", n: 1 };
const two = { url: "u", version: "2.0", n: 2 };

/** Calls until one is not answered with CORE_RESTARTED; fails unless the first one is. */
async function insist<T>(call: () => Promise<T>): Promise<T> {
  await assert.rejects(call, (error: { code: string; retryable: boolean }) => {
    assert.equal(error.code, "CORE_RESTARTED");
    assert.equal(error.retryable, true);
    return true;
  });
  return call();
}

const calls: Record<string, (store: SchemaStore) => Promise<unknown>> = {
  get: (store) => store.get("u|1.0"),
  getSync: async (store) => store.getSync("u|1.0"),
  getText: (store) => store.getText("u"),
  getMany: (store) => store.getMany(["u", "u|1.0"]),
  entry: (store) => store.entry("u"),
  metadata: (store) => store.metadata("u"),
  has: (store) => store.has("u"),
  put: (store) => store.put({ url: "new" }),
  delete: (store) => store.delete("nothing"),
  list: (store) => store.list(),
  size: (store) => store.size(),
  clear: (store) => store.clear({ tag: "none" }),
  stats: (store) => store.stats(),
};

for (const [name, call] of Object.entries(calls)) {
  test(`memory-disk: a trap in ${name}`, async () => {
    const place = new MemoryPlace();
    const { store, scribble } = await openBreakable({ adapter: memoryAdapter(place) });
    await store.put(one, { durable: true });
    await store.put(two);
    const restarts: boolean[] = [];
    store.on("restart", ({ emptied }) => restarts.push(emptied));
    scribble();
    await insist(() => call(store));
    assert.deepEqual(await store.get("u|1.0"), one);
    assert.deepEqual(await store.get("u"), two);
    assert.deepEqual(restarts, [false]);
    assert.equal((await store.stats()).restarts, 1);
    await store.close();
    const next = (await openBreakable({ adapter: memoryAdapter(place) })).store;
    assert.deepEqual(await next.get("u|1.0"), one);
    assert.deepEqual(await next.get("u"), two);
    await next.close();
  });
}

test("a hot value is answered without the core, until that is asked what time does", async () => {
  const { store, scribble } = await openBreakable();
  await store.put(one, { ttlHours: 1 });
  await store.get("u");
  scribble();
  assert.deepEqual(store.getSync("u"), one);
  const rejected: unknown[] = [];
  for (let n = 0; n < 300 && rejected.length === 0; n += 1) {
    await store.get("u").catch((error) => rejected.push(error));
  }
  assert.equal((rejected[0] as { code: string } | undefined)?.code, "CORE_RESTARTED");
  assert.deepEqual(await store.get("u"), one);
  await store.close();
});

test("writes on their way survive, those of the commit under way too", async () => {
  const place = new MemoryPlace();
  const gate = new GatedAdapter(place);
  const { store, scribble } = await openBreakable({ adapter: gate.adapter });
  await store.put({ url: "gone" }, { durable: true });
  gate.shut("commit");
  await store.put({ url: "count", n: 1 });
  await store.put(one);
  const flushed = outcome(store.flush());
  const commit = await gate.next("commit");
  await store.put({ url: "count", n: 2 });
  await store.put(two);
  await store.delete("gone");
  const { pendingBytes } = store.health();
  scribble();
  await assert.rejects(store.size(), { code: "CORE_RESTARTED" });
  assert.equal(store.health().pendingBytes, pendingBytes);
  assert.deepEqual(await store.get("count"), { url: "count", n: 2 });
  assert.equal(await store.has("gone"), false);
  commit.go();
  gate.open("commit");
  await until(() => flushed.done, "the flush");
  await store.flush();
  const expected: [string, object | undefined][] = [
    ["count", { url: "count", n: 2 }],
    ["u|1.0", one],
    ["u", two],
    ["gone", undefined],
  ];
  for (const [canonical, value] of expected) assert.deepEqual(await store.get(canonical), value);
  assert.equal(store.health().pendingBytes, 0);
  await store.close();
  const next = (await openBreakable({ adapter: memoryAdapter(place) })).store;
  for (const [canonical, value] of expected) assert.deepEqual(await next.get(canonical), value);
  assert.equal(await next.size(), 3);
  await next.close();
});

test("a load that was under way during a restart answers right", async () => {
  const gate = new GatedAdapter(await filled(one, two));
  const { store, scribble } = await openBreakable({ adapter: gate.adapter });
  await store.size();
  gate.shut("bodies");
  const got = outcome(store.get("u|1.0"));
  const read = await gate.next("bodies");
  scribble();
  await assert.rejects(store.has("u"), { code: "CORE_RESTARTED" });
  read.go();
  gate.open("bodies");
  await until(() => got.done, "the get");
  if (got.error === undefined) assert.deepEqual(got.value, one);
  else assert.equal((got.error as { code: string }).code, "CORE_RESTARTED");
  assert.deepEqual(await store.get("u|1.0"), one);
  assert.deepEqual(await store.get("u"), two);
  await store.close();
});

test("a trap after a commit costs nothing: what was written is read back", async () => {
  const { store, scribble } = await openBreakable();
  await store.put({ url: "count", n: 1 });
  scribble();
  await store.flush();
  assert.equal((await store.stats()).restarts, 1);
  await increment(store);
  assert.deepEqual(await store.get("count"), { url: "count", n: 2 });
  await store.close();
});

test("memory: restarts empty and says so", async () => {
  const { store, scribble } = await openBreakable({ strategy: "memory" });
  await store.put(one);
  const restarts: boolean[] = [];
  store.on("restart", ({ emptied }) => restarts.push(emptied));
  scribble();
  assert.equal(await insist(() => store.get("u")), undefined);
  assert.equal(await store.size(), 0);
  await turn();
  assert.deepEqual(restarts, [true]);
  await store.put(two);
  assert.deepEqual(await store.get("u"), two);
  await store.close();
});

test("a watcher is not told of a restart that changed nothing", async () => {
  const { store, scribble } = await openBreakable();
  await store.put(one, { durable: true });
  await store.put(two);
  const seen: unknown[] = [];
  store.watch("u", ({ metadata }) => seen.push(metadata?.version));
  store.watch("u|1.0", ({ metadata }) => seen.push(metadata?.version));
  scribble();
  await insist(() => store.size());
  await turn();
  assert.deepEqual(seen, []);
  await store.close();
});

test("a trap while the clock is looked after does not end the process", async (context) => {
  context.mock.timers.enable({ apis: ["setInterval"] });
  const { store, scribble } = await openBreakable();
  await store.put(one, { ttlHours: 1 });
  scribble();
  context.mock.timers.tick(1000);
  assert.deepEqual(await store.get("u"), one);
  assert.equal((await store.stats()).restarts, 1);
  await store.close();
});

test("close after a trap makes the pending writes durable", async () => {
  const place = new MemoryPlace();
  const { store, scribble } = await openBreakable({ adapter: memoryAdapter(place) });
  await store.put(one);
  scribble();
  await store.close();
  const next = (await openBreakable({ adapter: memoryAdapter(place) })).store;
  assert.deepEqual(await next.get("u"), one);
  await next.close();
});

test("a lease answers across a restart, and its bytes stay counted until it is released", async () => {
  for (const strategy of ["memory-disk", "memory"] as const) {
    const { store, scribble } = await openBreakable({ strategy });
    await store.put(one, { durable: true });
    await store.put(two, { durable: true });
    const lease = await store.lease(["u", "u|1.0"]);
    const { leasedBytes } = (await store.stats()).memory;
    scribble();
    await insist(() => store.has("u|9"));
    assert.deepEqual([lease.getSync("u"), lease.getSync("u|1.0")], [two, one], strategy);
    await store.size();
    const during = (await store.stats()).memory;
    assert.ok(during.pendingBytes >= leasedBytes, `${during.pendingBytes} of ${leasedBytes}`);
    await store.put({ url: "v" }, { durable: true });
    scribble();
    await insist(() => store.has("u|9"));
    lease.release();
    lease.release();
    assert.equal((await store.stats()).memory.pendingBytes, 0);
    assert.throws(() => lease.getSync("u"), { code: "CLOSED" });
    await store.close();
  }
});

test("a hold of before a restart takes nothing from whoever has its slot now", async () => {
  const { store, scribble } = await openBreakable();
  await store.put(one, { durable: true });
  const before = await store.lease(["u"]);
  scribble();
  await insist(() => store.has("u|9"));
  const after = await store.lease(["u"]);
  const { leasedBytes } = (await store.stats()).memory;
  before.release();
  assert.equal((await store.stats()).memory.leasedBytes, leasedBytes);
  after.release();
  await store.close();
});

test("pins are taken again after a restart, and uses counted on", async () => {
  const { store, scribble } = await openBreakable();
  await store.put(one, { durable: true });
  await store.pin("u");
  for (let n = 0; n < 4; n += 1) await store.get("u");
  await store.list();
  scribble();
  await insist(() => store.has("u|9"));
  await until(() => store.getSync("u") !== undefined, "the pinned value, without a get");
  await turn();
  assert.ok((await store.stats()).memory.leasedBytes > 0);
  assert.equal(await store.unpin("u"), true);
  assert.equal((await store.stats()).memory.leasedBytes, 0);
  await store.close();
});

for (const way of ["at once", "one by one"] as const) {
  test(`a lease whose bodies were being read ${way} during a restart is read anew`, async () => {
    const others = Array.from({ length: 8 }, (_, n) => ({ url: `a${n}`, version: "1.0", n }));
    const gate = new GatedAdapter(await filled(...others, one, two));
    const { store, scribble } = await openBreakable({ adapter: gate.adapter });
    await store.size();
    gate.shut("bodies");
    const taking = store.lease(["u", "u|1.0"]);
    if (way === "one by one") {
      (await gate.next("bodies")).fail(new Error("they cannot be read at once"));
      (await gate.next("bodies")).go();
    }
    const read = await gate.next("bodies");
    scribble();
    await assert.rejects(store.has("nobody"), { code: "CORE_RESTARTED" });
    // Slots mean something else from now on.
    await store.put({ url: "a", version: "1.0" });
    await store.size();
    gate.open("bodies");
    read.go();
    const lease = await taking;
    assert.deepEqual([lease.getSync("u"), lease.getSync("u|1.0")], [two, one]);
    assert.deepEqual([lease.getSync("u|2.0"), lease.getSync("a|1.0")], [two, undefined]);
    assert.ok((await store.stats()).memory.leasedBytes > 0);
    lease.release();
    assert.equal((await store.stats()).memory.leasedBytes, 0);
    await store.close();
  });
}

test("the index is not saved while the catalog is read back after a restart", async (context) => {
  const place = await filled(one, two);
  const gate = new GatedAdapter(place);
  const { store, scribble } = await openBreakable({ adapter: gate.adapter });
  await store.size();
  context.mock.timers.enable({ apis: ["setTimeout"] });
  await store.put({ url: "v" }, { durable: true });
  gate.shut("index");
  scribble();
  await assert.rejects(store.has("nobody"), { code: "CORE_RESTARTED" });
  await gate.next("index").then(async (call) => {
    context.mock.timers.tick(60_000);
    await turn();
    const next = await openStore({ adapter: memoryAdapter(place) });
    assert.equal(await next.size(), 3);
    assert.deepEqual(await next.getMany(["u|1.0", "u"]), [one, two]);
    await next.close();
    gate.open("index");
    call.go();
  });
  assert.equal(await store.size(), 3);
  await store.close();
});
