/** What the resolver does not know, it is not asked for at every look-up; what it fails with may be tried asked. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { savePackage } from "../../dist/convert/index.js";
import { SchemaStoreError } from "../../dist/errors.js";
import { GatedAdapter, MemoryPlace, memoryAdapter, openStore, turn, until } from "./kit.js";
import { definition, packageOf } from "./made-packages.js";

const X = "http://example.org/";

/** A resolver that knows these URLs, and counts how often it was asked. */
function counting(...known: string[]) {
  const asked: string[] = [];
  const resolver = async (canonical: string) => {
    asked.push(canonical);
    return known.includes(canonical) ? { url: canonical } : undefined;
  };
  return { asked, resolver };
}

for (const strategy of ["memory", "memory-disk", "disk"] as const) {
  test(`${strategy}: an unknown canonical is asked for once, whatever the call`, async () => {
    const { asked, resolver } = counting(`${X}known`);
    await using store = await openStore({ strategy, resolver });
    for (let time = 0; time < 3; time += 1) {
      assert.equal(await store.get(`${X}a`), undefined);
      assert.equal(await store.getText(` ${X}a `), undefined);
      assert.deepEqual(await store.getMany([`${X}a`, `${X}b`]), [undefined, undefined]);
      await assert.rejects(store.entry(`${X}a`, { require: true }), { code: "NOT_FOUND" });
    }
    assert.deepEqual(asked, [`${X}a`, `${X}b`]);
    // Another version is another question.
    await store.get(`${X}a|1`);
    // What it does know changes nothing.
    assert.ok(await store.get(`${X}known`));
    await store.get(`${X}a`);
    assert.deepEqual(asked, [`${X}a`, `${X}b`, `${X}a|1`, `${X}known`]);
    assert.ok((await store.stats()).misses >= 10);
  });
}

test("it is asked again when the time is over, or at every look-up where there is none", async () => {
  const { asked, resolver } = counting();
  await using store = await openStore({ resolver, unknownTtlSeconds: 0.05 });
  await store.get(`${X}a`);
  await store.get(`${X}a`);
  await new Promise((resolve) => setTimeout(resolve, 80));
  await store.get(`${X}a`);
  assert.equal(asked.length, 2);
  const none = counting();
  await using other = await openStore({ resolver: none.resolver, unknownTtlSeconds: 0 });
  for (let time = 0; time < 3; time += 1) await other.get(`${X}a`);
  assert.equal(none.asked.length, 3);
});

test("a put, a deletion, a package, an import or another store ends it", async () => {
  const place = new MemoryPlace();
  const { asked, resolver } = counting();
  await using store = await openStore({ resolver, adapter: memoryAdapter(place) });
  await using other = await openStore({ adapter: memoryAdapter(place) });
  await other.put({ url: `${X}archived` });
  const archive = new Uint8Array(await new Response(other.export()).arrayBuffer());
  await other.clear();
  await store.refresh();
  const endings: Record<string, () => unknown> = {
    put: () => store.put({ url: `${X}other` }),
    delete: () => store.delete(`${X}other`),
    package: async () => savePackage(store, await packageOf("p", { "a.json": definition(X, "a") })),
    import: () => store.import(archive),
    "another store": async () => {
      await other.put({ url: `${X}there` }, { durable: true });
      await store.refresh();
    },
  };
  for (const [what, end] of Object.entries(endings)) {
    await store.get(`${X}a`);
    const before = asked.length;
    await store.get(`${X}a`);
    assert.equal(asked.length, before, what);
    await end();
    await store.get(`${X}a`);
    assert.equal(asked.length, before + 1, what);
  }
  await store.put({ url: `${X}a` });
  assert.ok(await store.get(`${X}a`), "what was unknown and is put is found");
});

test("what is put while the resolver is asked ends what it says then", async () => {
  let answer = () => {};
  const answered = new Promise<void>((resolve) => {
    answer = resolve;
  });
  const { asked, resolver } = counting();
  await using store = await openStore({
    resolver: async (canonical) => {
      await resolver(canonical);
      if (canonical === `${X}slow`) await answered;
      return undefined;
    },
  });
  const slow = store.get(`${X}slow`);
  await until(() => asked.length === 1, "the question");
  await store.put({ url: `${X}meanwhile` });
  // Another look-up takes note of the put before the answer is there.
  await store.get(`${X}b`);
  answer();
  assert.equal(await slow, undefined);
  await store.get(`${X}slow`);
  assert.deepEqual(asked, [`${X}slow`, `${X}b`, `${X}slow`]);
});

test("what is put while an answer waits to be stored ends it as well", async () => {
  // Puts wait for each other where much is on its way: the answer to `known` comes after the others.
  const gated = new GatedAdapter(new MemoryPlace());
  const { asked, resolver } = counting(`${X}known`);
  await using full = await openStore({ adapter: gated.adapter, resolver });
  await full.get(`${X}a`);
  await full.get(`${X}a`);
  gated.shut("commit");
  const large = { text: "x".repeat(3 << 20) };
  const puts = [1, 2, 3].map((n) => full.put({ url: `${X}large${n}`, ...large }));
  await full.get(`${X}a`);
  const known = full.get(`${X}known`);
  await until(() => asked.includes(`${X}known`), "the question");
  await turn();
  const beside = full.put({ url: `${X}beside` });
  gated.open("commit");
  await Promise.all([...puts, known, beside]);
  const before = asked.length;
  await full.get(`${X}a`);
  assert.equal(asked.length, before + 1);
});

test("a resolver that was told to stop has said nothing of what it knows", async () => {
  let asked = 0;
  const resolver = (_: string, { signal }: { signal: AbortSignal }) =>
    new Promise<undefined>((resolve) => {
      asked += 1;
      signal.addEventListener("abort", () => resolve(undefined));
    });
  await using store = await openStore({ resolver });
  for (let time = 1; time <= 2; time += 1) {
    const stop = new AbortController();
    const getting = store.get(`${X}a`, { signal: stop.signal });
    await new Promise((resolve) => setTimeout(resolve, 5));
    stop.abort();
    await assert.rejects(getting, { name: "AbortError" });
    assert.equal(asked, time);
  }
});

test("what a resolver throws may be tried again, unless it knows better", async () => {
  let thrown: Error = new TypeError("fetch failed");
  await using store = await openStore({
    resolver: async () => {
      throw thrown;
    },
  });
  const failed = { code: "RESOLVER", key: `${X}a`, retryable: true, cause: thrown };
  await assert.rejects(store.get(`${X}a`), failed);
  thrown = new SchemaStoreError("NOT_FOUND", "gone for good", { retryable: false });
  await assert.rejects(store.get(`${X}a`), thrown);
  await using stray = await openStore({ resolver: async () => ({ url: `${X}b` }) });
  await assert.rejects(stray.get(`${X}a`), { code: "RESOLVER", retryable: false });
});
