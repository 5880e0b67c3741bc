/** Leases: what they answer, what they keep, what they cost. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { SchemaStore } from "../../dist/store.js";
import { KINDS } from "../../js/core/wall.js";
import { GatedAdapter, MemoryPlace, openStore, turn } from "./kit.js";
import { a1, a2, b, each } from "./settings.js";

const HOUR = 3_600_000;
const base = { url: "http://s/Base", version: "1", elements: {} };
const type = { url: "http://s/Type", version: "1" };
const binding = { kind: "binding", target: "http://s/codes|4" } as const;

/** An entry, what it is made of, and a circle in between. */
async function putSchemas(store: SchemaStore): Promise<void> {
  await store.put(
    { url: "http://s/Patient", version: "1" },
    {
      dependencies: [
        { kind: "base", target: "http://s/Base" },
        { kind: "type", target: "http://s/Type|1#part" },
        binding,
        { kind: "reference", target: "no canonical" },
      ],
    },
  );
  await store.put(base, { dependencies: [{ kind: "type", target: "http://s/Type" }] });
  await store.put(type, { dependencies: [{ kind: "base", target: "http://s/Base|1" }] });
}

async function leasedBytes(store: SchemaStore): Promise<number> {
  return (await store.stats()).memory.leasedBytes;
}

each("a lease answers its canonicals, however they are written, and nothing else", async (open) => {
  const store = await open();
  await store.putMany([{ value: a1 }, { value: a2 }, { value: b }]);
  const lease = await store.lease([
    " http://x/A ",
    "http://x/A|1.0",
    "http://y/none",
    "http://x/A|",
  ]);
  assert.deepEqual(lease.canonicals, ["http://x/A", "http://x/A|1.0", "http://x/A|"]);
  assert.deepEqual(lease.missing, ["http://y/none"]);
  assert.deepEqual(lease.getSync("http://x/A"), a2);
  assert.deepEqual(lease.getSync("http://x/A#part"), a2);
  assert.deepEqual(lease.getSync("http://x/A|2.0"), a2, "what it stood for");
  assert.deepEqual(await lease.get("http://x/A|1.0"), a1);
  assert.equal(lease.getSync("http://y/B"), undefined, "stored, but not leased");
  assert.equal(await lease.get("http://y/none"), undefined);
  lease.release();
});

each(
  "a lease with its closure has every dependency there is, and names the others",
  async (open) => {
    const store = await open();
    await putSchemas(store);
    const whole = await store.lease(["http://s/Patient"], { closure: true });
    assert.deepEqual(whole.canonicals, [
      "http://s/Patient",
      "http://s/Base",
      "http://s/Type|1#part",
      "http://s/Type",
      "http://s/Base|1",
    ]);
    assert.deepEqual(whole.missing, ["http://s/codes|4", "no canonical"]);
    assert.deepEqual(whole.getSync("http://s/Type|1"), type);
    assert.deepEqual(whole.getSync("http://s/Base"), base);
    const bases = await store.lease(["http://s/Patient"], { closure: ["base"] });
    assert.deepEqual(bases.canonicals, ["http://s/Patient", "http://s/Base"]);
    assert.deepEqual(bases.missing, []);
    const alone = await store.lease(["http://s/Patient"]);
    assert.deepEqual(alone.canonicals, ["http://s/Patient"]);
    for (const lease of [whole, bases, alone]) lease.release();
    assert.equal(await leasedBytes(store), 0);
  },
);

each("every kind of edge comes back, and a closure follows each", async (open) => {
  const store = await open();
  const dependencies = KINDS.map((kind) => ({ kind, target: `http://s/${kind}` }));
  await store.putMany(dependencies.map(({ target }) => ({ value: { url: target } })));
  await store.put({ url: "http://s/All" }, { dependencies, durable: true });
  assert.deepEqual((await store.metadata("http://s/All"))?.dependencies, dependencies);
  for (const { kind, target } of dependencies) {
    const lease = await store.lease(["http://s/All"], { closure: [kind] });
    assert.deepEqual(lease.canonicals, ["http://s/All", target]);
    lease.release();
  }
});

each("nothing that happens to the store changes a lease", async (open) => {
  let now = 1_000_000;
  const store = await open({ now: () => now, maxEntries: 6 });
  await store.put(a1);
  await store.put(b, { ttlHours: 1 });
  await store.put({ url: "gone" });
  await store.flush();
  const lease = await store.lease(["http://x/A", "http://y/B", "gone"]);
  const held = ["http://x/A", "http://y/B", "gone"].map((url) => lease.getSync(url));
  const check = (what: string) => {
    const found = ["http://x/A", "http://y/B", "gone"].map((url) => lease.getSync(url));
    found.forEach((value, at) => {
      assert.equal(value, held[at], what);
    });
  };
  await store.put({ ...a1, name: "changed" });
  assert.equal((await store.get<typeof a1>("http://x/A"))?.name, "changed");
  check("after a put of the same row");
  await store.put(a2);
  assert.deepEqual(await store.get("http://x/A"), a2);
  check("after a put of a newer version");
  await store.delete("gone");
  assert.equal(await store.get("gone"), undefined);
  check("after a delete");
  now += 2 * HOUR;
  assert.equal(await store.get("http://y/B"), undefined);
  check("after its time was over");
  for (let n = 0; n < 30; n += 1) {
    await store.put({ url: `u${n}`, n });
    await store.get(`u${n}`);
  }
  check("after everything else was evicted");
  await store.clear();
  assert.equal(await store.size(), 0);
  check("after clear");
  await store.flush();
  assert.deepEqual(held, [a1, b, { url: "gone" }]);
  assert.ok((await leasedBytes(store)) > 0);
  lease.release();
  assert.equal(await leasedBytes(store), 0);
  for (let n = 0; n < 30; n += 1) await store.put({ url: `v${n}`, n });
  assert.deepEqual(await store.get("v29"), { url: "v29", n: 29 });
});

each("a released lease answers CLOSED, and gives its place back once", async (open) => {
  const store = await open();
  await putSchemas(store);
  const one = await store.lease(["http://s/Base", "http://s/Type"]);
  const two = await store.lease(["http://s/Base"]);
  const both = await leasedBytes(store);
  const message = "the lease of http://s/Base and 1 more was released";
  one[Symbol.dispose]();
  one.release();
  assert.throws(() => one.getSync("http://s/Base"), { code: "CLOSED", message });
  await assert.rejects(one.get("http://s/Base"), { code: "CLOSED", message });
  const left = await leasedBytes(store);
  assert.ok(left > 0 && left < both, "the other lease holds what it has");
  assert.deepEqual(two.getSync("http://s/Base"), base);
  two.release();
  assert.equal(await leasedBytes(store), 0);
  assert.deepEqual(await store.get("http://s/Base"), base, "the store goes on");
});

each("closing the store ends its leases", async (open) => {
  const store = await open();
  await store.put(a1);
  const lease = await store.lease(["http://x/A"]);
  await store.close();
  const message = "the lease of http://x/A ended when its store was closed";
  assert.throws(() => lease.getSync("http://x/A"), { code: "CLOSED", message });
  lease.release();
});

each("values come as the store hands them out", async (open) => {
  const frozen = await open();
  await frozen.put(b);
  await frozen.flush();
  const one = await frozen.lease(["http://y/B"]);
  const value = one.getSync<typeof b>("http://y/B");
  assert.equal(Object.isFrozen(value?.nested), true);
  assert.equal(one.getSync("http://y/B"), value, "always the same one");
  one.release();
  const cloned = await open({ values: "cloned" });
  await cloned.put(b);
  const two = await cloned.lease(["http://y/B"]);
  const mine = two.getSync<typeof b>("http://y/B");
  mine?.nested.list.push("mine");
  assert.deepEqual(two.getSync("http://y/B"), b);
  two.release();
});

test("what a lease brought in is at hand for every reader, during and after it", async () => {
  const store = await openStore();
  for (let n = 0; n < 20; n += 1) await store.put({ url: `u${n}` });
  await store.flush();
  const lease = await store.lease(["u1", "u2"]);
  const { loads } = await store.stats();
  assert.equal(await store.get("u1"), lease.getSync("u1"));
  assert.equal(store.getSync("u1"), lease.getSync("u1"));
  lease.release();
  assert.deepEqual(store.getSync("u2"), { url: "u2" });
  assert.equal((await store.stats()).loads, loads);
  await store.close();
});

test("a lease over budget is refused, names the limit, and holds nothing", async () => {
  for (const strategy of ["memory", "memory-disk"] as const) {
    const store = await openStore({ strategy, memoryLimitMb: 1, evictionPolicy: "lru" });
    const filler = "x".repeat(70_000);
    const urls = Array.from({ length: strategy === "memory" ? 4 : 12 }, (_, n) => `u${n}`);
    for (const url of urls) await store.put({ url, filler });
    await store.flush();
    if (strategy === "memory-disk") {
      const refused = store.lease(urls);
      await assert.rejects(refused, {
        code: "STORAGE_FULL",
        message: /memoryLimitMb allows 1048576/,
      });
      assert.equal(await leasedBytes(store), 0);
    }
    const lease = await store.lease(urls.slice(0, 4));
    // What cannot leave leaves no room for this.
    const big = { url: "big", filler: filler.repeat(strategy === "memory" ? 3 : 9) };
    await assert.rejects(store.put(big), { code: "STORAGE_FULL", message: /pinned or leased/ });
    assert.equal(await store.get("big"), undefined);
    const { memory } = await store.stats();
    assert.ok(memory.usedBytes <= memory.limitBytes && memory.leasedBytes > 400_000);
    lease.release();
    await store.put(big);
    assert.deepEqual(await store.get("big"), big);
    await store.close();
  }
});

test("a lease of more bodies than maxEntries is refused, and holds nothing", async () => {
  for (const strategy of ["memory-disk", "disk"] as const) {
    const store = await openStore({ strategy, maxEntries: 3 });
    for (let n = 0; n < 5; n += 1) await store.put({ url: `u${n}` });
    const refused = store.lease(["u0", "u1", "u2", "u3"]);
    await assert.rejects(refused, {
      code: "STORAGE_FULL",
      message: /all 3 that maxEntries allows/,
    });
    assert.equal(await leasedBytes(store), 0);
    const lease = await store.lease(["u0", "u1", "u2"]);
    assert.deepEqual(await store.get("u4"), { url: "u4" }, "read past a full memory");
    assert.ok((await store.stats()).memory.residentEntries <= 3);
    lease.release();
    await store.close();
  }
});

test("what is not durable yet gives way to a lease", async () => {
  const store = await openStore({ memoryLimitMb: 1 });
  const filler = "x".repeat(400_000);
  await store.put({ url: "held", filler });
  await store.flush();
  // On their way to the host, they may not leave memory.
  await store.put({ url: "one", filler });
  await store.put({ url: "two", filler });
  const lease = await store.lease(["held"]);
  assert.equal((await store.stats()).memory.pendingBytes, 0, "it waited until they were durable");
  lease.release();
  await store.close();
});

test("puts wait for each other beside what is leased", async () => {
  const gate = new GatedAdapter(new MemoryPlace());
  const store = await openStore({ adapter: gate.adapter, memoryLimitMb: 1 });
  await store.put({ url: "held", filler: "x".repeat(400_000) }, { durable: true });
  const lease = await store.lease(["held"]);
  gate.shut("commit");
  const filler = "x".repeat(300_000);
  await store.put({ url: "one", filler });
  let second = false;
  const waiting = store.put({ url: "two", filler }).then(() => {
    second = true;
  });
  (await gate.next("commit")).go();
  assert.equal(second, false);
  const { memory } = await store.stats();
  assert.ok(memory.usedBytes <= memory.limitBytes, `${memory.usedBytes} are used`);
  gate.open("commit");
  await waiting;
  lease.release();
  await store.close();
});

test("a lease asks the resolver for its canonicals, and not for dependencies", async () => {
  const asked: string[] = [];
  const store = await openStore({
    resolver: async (canonical) => {
      asked.push(canonical);
      return canonical === "http://s/Base" ? base : undefined;
    },
  });
  await store.put({ url: "top" }, { dependencies: [{ kind: "base", target: "http://s/Dep" }] });
  const lease = await store.lease(["top", "http://s/Base", "none"], { closure: true });
  assert.deepEqual(lease.getSync("http://s/Base"), base);
  assert.deepEqual(lease.missing, ["none", "http://s/Dep"]);
  assert.deepEqual(asked.sort(), ["http://s/Base", "none"]);
  lease.release();
  await store.close();
});

test("an empty lease is a lease", async () => {
  const store = await openStore({ strategy: "memory" });
  const lease = await store.lease([]);
  assert.deepEqual([lease.canonicals, lease.missing], [[], []]);
  lease.release();
  assert.throws(() => lease.getSync("u"), { code: "CLOSED", message: /the lease of nothing was/ });
  await turn();
  await store.close();
});
