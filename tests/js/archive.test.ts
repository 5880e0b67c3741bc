/** Archives: out of a store and into another, whatever the strategy and the host. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { ArchiveSource } from "../../dist/types.js";
import { archiveOf, carried, contents, exported, tea, teas } from "./archives.js";
import { openStore, turn } from "./kit.js";
import { each } from "./settings.js";

each("an archive brings every entry back, and makes the same archive again", async (open) => {
  const from = await open();
  await from.putMany(teas);
  const archive = await exported(from);
  const into = await openStore();
  assert.deepEqual(await into.import(archive), report({ added: 5 }));
  assert.deepEqual(await carried(into), await carried(from));
  assert.ok((await exported(into)).equals(archive));
  await into.close();
});

each("what came in an archive is durable, and there for others", async (open) => {
  const store = await open();
  await store.import(await archiveOf(...teas));
  const { strategy } = await store.stats();
  if (strategy === "memory") return;
  assert.equal(store.health().pendingWrites, 0);
  assert.deepEqual(await contents(await open()), await contents(store));
});

each("what is there already is skipped, what differs is kept or replaced", async (open) => {
  const store = await open();
  const [assam, , , ceylon] = teas as [object, object, object, object];
  await store.putMany([assam, tea("http://x/oolong")]);
  await store.put({ url: "http://x/ceylon", version: "1.0.0", n: 9 }, { source: "tea#1.0.0" });
  const archive = await archiveOf(...teas);

  assert.deepEqual(await store.import(archive), report({ added: 3, skipped: 1, conflicting: 1 }));
  assert.equal((await store.get("http://x/ceylon"))?.["n"], 9);
  const again = await store.import(archive, { conflicts: "replace" });
  assert.deepEqual(again, report({ skipped: 4, replaced: 1 }));
  const { text } = ceylon as { text: string };
  assert.equal(await store.getText("http://x/ceylon"), text);
  assert.equal((await store.metadata("http://x/ceylon"))?.title, "Ceylon tea");
  assert.equal(await store.size(), 6);
});

test("another description of the same body is a conflict, another time is none", async () => {
  const store = await openStore();
  await store.putMany([tea("a")]);
  const archive = (item: object) => archiveOf({ ...tea("a"), ...item });
  assert.deepEqual(await store.import(await archive({})), report({ skipped: 1 }));
  const tagged = await archive({ tags: ["green"] });
  assert.deepEqual(await store.import(tagged), report({ conflicting: 1 }));
  assert.deepEqual((await store.metadata("a"))?.tags, []);
  await store.import(tagged, { conflicts: "replace" });
  assert.deepEqual((await store.metadata("a"))?.tags, ["green"]);
});

test("a filter decides what an archive holds", async () => {
  const store = await openStore();
  await store.putMany(teas);
  const into = await openStore();
  await into.import(await exported(store, { package: "tea" }));
  assert.deepEqual(
    (await into.list()).map(({ canonical }) => canonical),
    ["http://x/assam|1.0.0", "http://x/ceylon|1.0.0"],
  );
  assert.throws(() => store.export({ nonsense: "" } as object), { code: "INVALID_VALUE" });
});

test("gets, the order of puts and the host leave no trace in an archive", async () => {
  const archive = await archiveOf(...teas);
  const store = await openStore({ now: () => 1_700_000_000_000, strategy: "disk" });
  await store.putMany([...teas].reverse());
  for (const { canonical } of await store.list()) await store.get(canonical);
  assert.ok((await exported(store)).equals(archive));
});

test("an archive is read from bytes, a Blob, streams and iterables, in pieces of any size", async () => {
  const archive = await archiveOf(...teas);
  async function* pieces(size: number) {
    for (let at = 0; at < archive.length; at += size) yield archive.subarray(at, at + size);
  }
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  writer.write(archive).then(() => writer.close());
  const sources: ArchiveSource[] = [
    archive,
    new Uint8Array(archive),
    new Blob([new Uint8Array(archive)]),
    readable,
    pieces(1),
    pieces(7),
    pieces(100_000),
  ];
  for (const source of sources) {
    const store = await openStore();
    assert.deepEqual(await store.import(source), report({ added: 5 }));
    await store.close();
  }
});

test("one store's archive goes straight into another", async () => {
  const [from, into] = [await openStore(), await openStore()];
  await from.putMany(teas);
  assert.deepEqual(await into.import(from.export()), report({ added: 5 }));
});

test("what is no source of bytes is refused, and a source that fails is told", async () => {
  const store = await openStore();
  for (const source of ["text", 7, null, {}, [1]]) {
    await assert.rejects(store.import(source as never), { code: "INVALID_VALUE" });
  }
  const strings = (async function* () {
    yield "text";
  })();
  await assert.rejects(store.import(strings as never), { code: "INVALID_VALUE" });
  for (const view of [new DataView(new ArrayBuffer(8)), new Uint16Array(4)]) {
    const views = (async function* () {
      yield view;
    })();
    const message = new RegExp(
      `each chunk of an archive must be a Uint8Array, not ${view.constructor.name}`,
    );
    await assert.rejects(store.import(views as never), { code: "INVALID_VALUE", message });
  }
  const archive = await archiveOf(...teas);
  const failing = (async function* () {
    yield archive.subarray(0, 100);
    throw new Error("the line broke");
  })();
  await assert.rejects(store.import(failing), { code: "DISK_ERROR", message: /the line broke/ });
  const options = { conflicts: "ask" } as never;
  await assert.rejects(store.import(archive, options), { code: "INVALID_VALUE" });
  assert.equal(await store.size(), 0);
});

test("a source that was given up is told so", async () => {
  const store = await openStore();
  let cancelled = false;
  const source = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new Uint8Array(1000)),
    cancel: () => {
      cancelled = true;
    },
  });
  await assert.rejects(store.import(source), { code: "CORRUPT" });
  assert.ok(cancelled);
});

test("a closed store neither writes nor reads archives", async () => {
  const archive = await archiveOf(...teas);
  const store = await openStore();
  await store.putMany(teas);
  const stream = store.export();
  await store.close();
  assert.throws(() => store.export(), { code: "CLOSED" });
  await assert.rejects(store.import(archive), { code: "CLOSED" });
  await assert.rejects(stream.getReader().read(), { code: "CLOSED" });
});

test("metadata that no archive carries is refused by a put, the most there can be is carried", async () => {
  const store = await openStore();
  const put = (bytes: number) => store.put({ url: "a" }, { description: "x".repeat(bytes) });
  const refused = {
    code: "ENTRY_TOO_LARGE",
    key: "a",
    message: /^the metadata of a of \d+ bytes exceeds the limit of 1048576$/,
  };
  await assert.rejects(put(1024 * 1024), refused);
  await put(1024 * 1024 - 200);
  for (let gets = 0; gets < 300; gets += 1) await store.get("a ");
  const into = await openStore();
  assert.deepEqual(await into.import(await exported(store)), report({ added: 1 }));
  assert.equal((await into.metadata("a"))?.description?.length, 1024 * 1024 - 200);
});

test("closing ends an import whose source is stuck", async () => {
  const archive = await archiveOf(...teas);
  let cancelled: unknown;
  const stuck = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(archive.subarray(0, 100)),
    cancel: (reason) => {
      cancelled = { reason };
      return new Promise(() => {});
    },
  });
  const never = (async function* () {
    yield archive.subarray(0, 100);
    await new Promise(() => {});
  })();
  for (const source of [stuck, never]) {
    const store = await openStore();
    const importing = store.import(source);
    importing.catch(() => {});
    for (let turns = 0; turns < 5; turns += 1) await turn();
    await store.close();
    await assert.rejects(importing, { code: "CLOSED" });
  }
  assert.ok(cancelled);
});

test("what an import replaces makes room in the catalog", async () => {
  const many = (n: number) => Array.from({ length: 1500 }, (_, at) => tea(`http://x/${at}`, n));
  const store = await openStore({ maxCatalogMb: 1 });
  await store.import(await archiveOf(...many(1)));
  const again = await store.import(await archiveOf(...many(2)), { conflicts: "replace" });
  assert.deepEqual(again, report({ replaced: 1500 }));
});

test("a store in memory takes an archive that fits beside what it has, or nothing of it", async () => {
  const many = Array.from({ length: 60 }, (_, at) => tea(`http://x/${at}`));
  const archive = await archiveOf(...many);
  const few = await openStore({ strategy: "memory", maxEntries: 100 });
  await few.putMany(Array.from({ length: 41 }, (_, at) => tea(`http://y/${at}`)));
  const full = { code: "STORAGE_FULL", key: "maxEntries", message: /101 entries.*allows 100/ };
  await assert.rejects(few.import(archive), full);
  assert.equal(await few.size(), 41);
  await few.delete("http://y/0");
  assert.deepEqual(await few.import(archive), report({ added: 60 }));
  assert.equal(await few.size(), 100);
  const changed = await archiveOf(...many.map((item) => ({ ...item, title: "t" })));
  assert.deepEqual(await few.import(changed, { conflicts: "replace" }), report({ replaced: 60 }));

  const small = await openStore({ strategy: "memory", memoryLimitMb: 1 });
  const noise = (n: number) => JSON.stringify({ url: `n${n}`, text: "x".repeat(400_000) });
  const bulky = await archiveOf(...[1, 2, 3].map((n) => ({ text: noise(n) })));
  await assert.rejects(small.import(bulky), { code: "STORAGE_FULL", key: "memoryLimitMb" });
  assert.equal(await small.size(), 0);
});

function report(counts: object): object {
  return { added: 0, skipped: 0, replaced: 0, conflicting: 0, ...counts };
}

test("an entry whose time is over is in nobody's way", async () => {
  const source = await openStore();
  await source.put({ url: "u", n: 1 });
  const archive = new Uint8Array(await new Response(source.export()).arrayBuffer());
  for (const strategy of ["memory", "memory-disk"] as const) {
    let now = 1_700_000_000_000;
    const store = await openStore({ strategy, now: () => now });
    await store.put({ url: "u", n: 0 }, { ttlHours: 1 });
    await store.flush();
    now += 2 * 3_600_000;
    assert.equal(await store.get("u"), undefined);
    assert.equal((await store.import(archive)).added, 1);
    assert.deepEqual(await store.get("u"), { url: "u", n: 1 });
    await store.close();
  }
  await source.close();
});

test("entries that expire while they are exported are left out whole", async () => {
  let time = 0;
  const store = await openStore({ strategy: "memory", now: () => (time += 1) });
  for (let n = 0; n < 30; n += 1) await store.put({ url: `u${n}`, n }, { ttl: 200 + n });
  const copy = await openStore({ strategy: "memory" });
  await copy.import(store.export());
  for (const { url } of await copy.list())
    assert.deepEqual(await copy.get(url), { url, n: Number(url.slice(1)) });
  await copy.close();
  await store.close();
});
