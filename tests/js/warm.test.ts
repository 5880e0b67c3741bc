/** Warming: what is brought into memory, in which order, and what is left alone. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { SchemaStore } from "../../dist/store.js";
import type { StoreOptions } from "../../dist/types.js";
import { GatedAdapter, MemoryPlace, memoryAdapter, openStore, until } from "./kit.js";

const urls = Array.from({ length: 20 }, (_, n) => `u${n}`);

/** A place with 20 entries, the first of which were used most. */
async function usedPlace(filler = 0): Promise<MemoryPlace> {
  const place = new MemoryPlace();
  const store = await openStore({ adapter: memoryAdapter(place) });
  for (const [n, url] of urls.entries()) {
    await store.put({ url, filler: "x".repeat(filler) }, { dependencies: next(n) });
  }
  await store.flush();
  for (const [n, url] of urls.entries()) {
    for (let use = 15 - n; use > 0; use -= 1) await store.get(url);
  }
  await store.close();
  return place;
}

function next(n: number): { kind: "base"; target: string }[] {
  return [{ kind: "base", target: n + 1 < urls.length ? `u${n + 1}` : "beyond" }];
}

function warmOnes(store: SchemaStore): string[] {
  return urls.filter((url) => store.getSync(url) !== undefined);
}

function reopen(place: MemoryPlace, options: StoreOptions = {}): Promise<SchemaStore> {
  return openStore({ adapter: memoryAdapter(place), ...options });
}

test("the entries used most come into memory, by one read of the host", async () => {
  const gate = new GatedAdapter(await usedPlace());
  const store = await openStore({ adapter: gate.adapter });
  const report = await store.warm({ top: 4 });
  assert.equal(report.warmed, 4);
  assert.equal(report.bytes, 4 * '{"url":"u0","filler":""}'.length);
  assert.deepEqual(report.missing, []);
  assert.equal(gate.calls.bodies, 1);
  assert.deepEqual(warmOnes(store), ["u0", "u1", "u2", "u3"]);
  assert.equal(
    (await store.metadata("u3"))?.accessCount,
    13,
    "warming is no use, the hit just now is",
  );
  assert.equal((await store.warm({ top: 4 })).warmed, 0, "they are there");
  assert.equal((await store.warm()).warmed, 11, "what was never used stays where it is");
  await store.close();
});

test("named entries and their dependencies come first; what is not there is told", async () => {
  const store = await reopen(await usedPlace());
  const one = await store.warm({ canonicals: ["u18", "none", "u18"] });
  assert.deepEqual([one.warmed, one.missing], [1, ["none"]]);
  const all = await store.warm({ canonicals: ["u18"], closure: true });
  assert.deepEqual([all.warmed, all.missing], [1, ["beyond"]]);
  const kinds = await store.warm({ canonicals: ["u16"], closure: ["type"], top: 1 });
  assert.deepEqual([kinds.warmed, kinds.missing], [2, []]);
  assert.deepEqual(warmOnes(store), ["u0", "u16", "u18", "u19"]);
  await store.close();
});

test("what fits comes in, the hottest first, and nothing leaves for it", async () => {
  const place = await usedPlace(71_400);
  const gate = new GatedAdapter(place);
  const options = { memoryLimitMb: 1, evictionPolicy: "lru" } as const;
  const store = await openStore({ adapter: gate.adapter, ...options });
  await store.get("u19");
  gate.shut("bodies");
  const warming = store.warm({ top: 20 });
  const call = await gate.next("bodies");
  assert.equal((call.args[0] as unknown[]).length, 7, "no more is read than fits");
  gate.open("bodies");
  call.go();
  assert.equal((await warming).warmed, 7);
  assert.deepEqual(warmOnes(store), ["u0", "u1", "u2", "u3", "u4", "u5", "u6", "u19"]);
  const { memory, evictions } = await store.stats();
  assert.ok(memory.usedBytes <= memory.limitBytes);
  assert.deepEqual(new Set(Object.values(evictions)), new Set([0]));
  assert.equal((await store.warm({ canonicals: ["u7"] })).warmed, 0, "memory is full");
  await store.close();
  const few = await reopen(place, { maxEntries: 3 });
  assert.equal((await few.warm({ top: 20 })).warmed, 3);
  assert.deepEqual(warmOnes(few), ["u0", "u1", "u2"]);
  await few.close();
});

test("of what was warmed, the one used most leaves last", async () => {
  const store = await reopen(await usedPlace(), { maxEntries: 4, evictionPolicy: "lru" });
  await store.warm({ top: 4 });
  for (const url of ["u17", "u18", "u19"]) await store.get(url);
  assert.deepEqual(warmOnes(store), ["u0", "u17", "u18", "u19"]);
  await store.close();
});

test("warming is done over many reads of the host, and can be stopped", async () => {
  const gate = new GatedAdapter(await usedPlace(300_000));
  const store = await openStore({ adapter: gate.adapter });
  await store.size();
  gate.shut("bodies");
  const stop = new AbortController();
  const warming = store.warm({ top: 15, signal: stop.signal });
  (await gate.next("bodies")).go();
  const second = await gate.next("bodies");
  stop.abort(new Error("enough"));
  second.go();
  await assert.rejects(warming, { message: "enough" });
  assert.deepEqual(warmOnes(store), ["u0", "u1", "u2", "u3"], "what came before stays");
  await assert.rejects(store.warm({ signal: AbortSignal.abort(new Error("no")) }), {
    message: "no",
  });
  gate.open("bodies");
  await store.close();
});

test("what is put, deleted or read while it is on its way counts", async () => {
  const gate = new GatedAdapter(await usedPlace());
  const store = await openStore({ adapter: gate.adapter });
  await store.size();
  gate.shut("bodies");
  const warming = store.warm({ top: 4 });
  const call = await gate.next("bodies");
  await store.put({ url: "u0", n: 2 });
  await store.delete("u1");
  // They get the slots of what has just gone.
  await store.has("u0");
  await store.put({ url: "new0" });
  await store.put({ url: "new1" });
  call.go();
  assert.equal((await warming).warmed, 2);
  gate.open("bodies");
  assert.deepEqual(await store.get("u0"), { url: "u0", n: 2 });
  assert.equal(await store.get("u1"), undefined);
  assert.deepEqual(await store.getMany(["new0", "new1"]), [{ url: "new0" }, { url: "new1" }]);
  await store.close();
  await assert.rejects(store.warm(), { code: "CLOSED" });
});

test("closing while it runs ends it", async () => {
  const gate = new GatedAdapter(await usedPlace());
  const store = await openStore({ adapter: gate.adapter });
  gate.shut("bodies");
  const warming = store.warm();
  const call = await gate.next("bodies");
  const closed = store.close();
  call.go();
  await assert.rejects(warming, { code: "CLOSED" });
  await closed;
});

test("a body that cannot be read is left to whoever asks for it", async () => {
  const place = await usedPlace();
  for (const key of [...place.bodies.keys()].slice(0, 1)) place.bodies.delete(key);
  const store = await reopen(place);
  assert.equal((await store.warm({ top: 4 })).warmed, 3);
  await assert.rejects(store.get("u0"), { code: "CORRUPT" });
  await store.close();
});

test("a store warms itself after opening, without being waited for", async () => {
  const gate = new GatedAdapter(await usedPlace());
  gate.shut("bodies");
  const store = await openStore({ adapter: gate.adapter, warmOnStartup: true, warmSize: 5 });
  assert.deepEqual(await store.has("u19"), true, "open, and nothing read");
  (await gate.next("bodies")).go();
  await until(() => store.getSync("u4") !== undefined, "the fifth");
  assert.deepEqual(warmOnes(store), ["u0", "u1", "u2", "u3", "u4"]);
  gate.open("bodies");
  await store.close();
});

test("memory decodes, and disk keeps as much text as it may", async () => {
  const memory = await openStore({ strategy: "memory" });
  for (const url of urls) await memory.put({ url });
  assert.equal((await memory.warm({ canonicals: urls })).warmed, 20);
  assert.ok((await memory.stats()).memory.decodedEstimate > 0);
  await memory.close();
  const disk = await reopen(await usedPlace(), { strategy: "disk" });
  assert.equal((await disk.warm({ top: 5 })).warmed, 5);
  assert.equal((await disk.stats()).memory.decodedEstimate, 0);
  await disk.close();
});
