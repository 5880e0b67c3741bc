/** The bridges to unstorage: our store as its driver, and any of its storages as our durable tier. */

import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { createStorage, prefixStorage, type Storage } from "unstorage";
import fsDriver from "unstorage/drivers/fs";
import fsLiteDriver from "unstorage/drivers/fs-lite";
import { unstorageAdapter, unstorageDriver } from "../../dist/bridges/unstorage.js";
import { openSchemaStore } from "../../dist/index.node.js";
import type { SchemaStore } from "../../dist/store.js";
import { adapterContract } from "../../dist/testing.js";
import { loadCore } from "../js/core.js";
import { updateRounds } from "../js/update-rounds.js";

/** `FSS_UPDATE_ROUNDS=1000` tries for longer than `npm test` does. */
const ROUNDS = Number(process.env.FSS_UPDATE_ROUNDS ?? 40);

const folders: string[] = [];
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "fhir-schema-store-unstorage-"));
  folders.push(folder);
  return folder;
}

const core = await loadCore();
const storages: Record<string, () => Storage> = {
  "memory driver": () => createStorage(),
  "fs driver": () => createStorage({ driver: fsDriver({ base: newFolder() }) }),
  "fs-lite driver below a prefix": () =>
    prefixStorage(createStorage({ driver: fsLiteDriver({ base: newFolder() }) }), "a:b"),
};

for (const [name, make] of Object.entries(storages)) {
  adapterContract(
    { test },
    {
      name: `unstorage, ${name}`,
      core,
      newPlace() {
        const storage = make();
        return () => unstorageAdapter(storage);
      },
    },
  );
}

test("adapter: an update and any other write come to what one after the other does", async () => {
  for (const storage of [
    createStorage(),
    createStorage({ driver: fsDriver({ base: newFolder() }) }),
  ]) {
    const open = () => openSchemaStore({ adapter: unstorageAdapter(storage) });
    const model = () => openSchemaStore({ strategy: "memory" });
    assert.deepEqual(await updateRounds({ open, model, seed: 2, rounds: ROUNDS }), []);
  }
});

test("adapter: a store is there again in another process, after many commits", async () => {
  const base = newFolder();
  // A storage object of its own sees what another process would.
  const open = () =>
    openSchemaStore({ adapter: unstorageAdapter(createStorage({ driver: fsDriver({ base }) })) });
  const first = await open();
  assert.equal(first.health().durable, true);
  for (let i = 0; i < 200; i += 1) {
    await first.put({ url: `http://example.org/${i % 150}`, i }, { durable: true });
  }
  await first.delete("http://example.org/7");
  await first.close();
  const records = readdirSync(join(base, "fhir-schema-store", "log"));
  assert.ok(records.length < 100, `${records.length} commits were never joined`);
  assert.equal(readdirSync(join(base, "fhir-schema-store", "body")).length, 149);

  const second = await open();
  assert.deepEqual(second.health().damage, []);
  assert.equal(await second.size(), 149);
  assert.deepEqual((await second.get("http://example.org/3"))?.["i"], 153);
  assert.equal(await second.get("http://example.org/7"), undefined);
  await second.close();
});

test("adapter: processes that write by turns lose nothing of each other's", async () => {
  const base = newFolder();
  const [one, two] = await Promise.all(
    [1, 2].map(() =>
      openSchemaStore({ adapter: unstorageAdapter(createStorage({ driver: fsDriver({ base }) })) }),
    ),
  );
  assert.ok(one && two);
  const all: string[] = [];
  for (let turn = 0; turn < 6; turn += 1) {
    const store = turn % 2 === 0 ? one : two;
    // More than are joined, so that the other finds none of the records it knows.
    for (let i = 0; i < 70; i += 1) {
      const url = `http://example.org/${turn}/${i}`;
      await store.put({ url, turn, i }, { durable: true });
      all.push(url);
    }
    const counted = await store.update("urn:count", (now) => ({
      url: "urn:count",
      turns: Number(now?.["turns"] ?? 0) + 1,
    }));
    assert.ok(counted);
  }
  for (const store of [one, two]) {
    await store.refresh();
    assert.deepEqual(
      (await store.list({ urlPrefix: "http:" })).map(({ url }) => url),
      all.sort(),
    );
    assert.equal((await store.get("urn:count"))?.["turns"], 6);
    assert.deepEqual((await store.get("http://example.org/3/9"))?.["i"], 9);
    await store.close();
  }
});

test("adapter: a record cut short is a commit that was not done, and is reported", async () => {
  const base = newFolder();
  const storage = () => createStorage({ driver: fsDriver({ base }) });
  const open = () => openSchemaStore({ adapter: unstorageAdapter(storage()) });
  const first = await open();
  for (const name of ["a", "b"]) await first.put({ url: name }, { durable: true });
  await first.close();
  const log = join(base, "fhir-schema-store", "log");
  const last = readdirSync(log).sort().at(-1) as string;
  truncateSync(join(log, last), 50);

  const second = await open();
  assert.match(second.health().damage.join(), /log:\d+ was unreadable/);
  assert.deepEqual(
    (await second.list()).map(({ url }) => url),
    ["a"],
  );
  await second.put({ url: "c" }, { durable: true });
  await second.close();
  const third = await open();
  assert.deepEqual(
    (await third.list()).map(({ url }) => url),
    ["a", "c"],
  );
  await third.close();

  rmSync(join(base, "fhir-schema-store", "all"), { recursive: true });
  await assert.rejects(open(), { code: "CORRUPT" });
});

test("adapter: a body that was changed behind its back is CORRUPT, a newer format is refused", async () => {
  const storage = createStorage();
  const open = () => openSchemaStore({ strategy: "disk", adapter: unstorageAdapter(storage) });
  const store = await open();
  assert.equal(store.health().durable, false);
  await store.put({ url: "a" }, { durable: true });
  await store.close();
  const [name] = await storage.getKeys("fhir-schema-store:body");
  await storage.setItemRaw(name as string, Buffer.from('{"url":"b"}'));
  const again = await open();
  await assert.rejects(again.get("a"), { code: "CORRUPT" });
  await again.close();
  for (const all of await storage.getKeys("fhir-schema-store:all")) {
    await storage.setItem(all, { format: 2 });
  }
  await assert.rejects(open(), { code: "FORMAT_TOO_NEW" });
});

test("adapter: two bases in one storage are two places; destroy leaves the rest alone", async () => {
  const storage = createStorage();
  await storage.setItem("mine", "kept");
  const [one, two] = [
    unstorageAdapter(storage, { base: "one" }),
    unstorageAdapter(storage, { base: "two:b" }),
  ];
  for (const adapter of [one, two]) await adapter.open({ core });
  await one.destroy();
  assert.deepEqual((await storage.getKeys()).sort(), ["mine", "two:b:all:1"]);
  await two.close();
});

test("adapter: what it cannot work with is refused with a code", async () => {
  for (const base of ["", "a b", "a/b", ":a", "..", 1 as unknown as string]) {
    assert.throws(() => unstorageAdapter(createStorage(), { base }), { code: "INVALID_CONFIG" });
  }
  const none = undefined as unknown as Storage;
  assert.throws(() => unstorageAdapter(none), { code: "INVALID_CONFIG" });
  const readOnly = createStorage({ driver: fsDriver({ base: newFolder(), readOnly: true }) });
  const open = openSchemaStore({ adapter: unstorageAdapter(readOnly) });
  await assert.rejects(open, { code: "UNSUPPORTED" });
  // A file where the folder should be.
  const base = join(import.meta.dirname, "package.json");
  const broken = createStorage({ driver: fsDriver({ base }) });
  await assert.rejects(openSchemaStore({ adapter: unstorageAdapter(broken) }), {
    code: "DISK_ERROR",
  });
});

test("adapter: a failing driver loses nothing, and the next flush writes it", async () => {
  const storage = createStorage();
  let failing = false;
  const setItem = storage.setItem;
  storage.setItem = (async (...args: Parameters<typeof setItem>) => {
    if (failing) throw new Error("the service is away");
    return setItem(...args);
  }) as typeof setItem;
  const store = await openSchemaStore({ adapter: unstorageAdapter(storage) });
  failing = true;
  await assert.rejects(store.put({ url: "a" }, { durable: true }), { code: "DISK_ERROR" });
  failing = false;
  await store.flush();
  await store.close();
  const again = await openSchemaStore({ adapter: unstorageAdapter(storage) });
  assert.equal(await again.has("a"), true);
  await again.close();
});

async function withDriver(use: (storage: Storage, store: SchemaStore) => Promise<void>) {
  const store = await openSchemaStore({ strategy: "memory" });
  await store.put({ url: "http://example.org/Tea" });
  const storage = createStorage({ driver: unstorageDriver(store) });
  try {
    await use(storage, store);
    assert.equal(await store.has("http://example.org/Tea"), true, "entries of others stay");
  } finally {
    await store.close();
  }
}

test("driver: values come back as unstorage promises", async () => {
  await withDriver(async (storage) => {
    assert.equal(await storage.getItem("absent"), null);
    assert.equal(await storage.hasItem("absent"), false);
    const values = [0, 1.5, true, false, "text", "", [1, "2"], { deep: { er: null } }];
    for (const [at, value] of values.entries()) {
      await storage.setItem(`v:${at}`, value);
      assert.deepEqual(await storage.getItem(`v:${at}`), value);
    }
    const names = values.map((_, at) => `v:${at}`);
    const items = await storage.getItems([...names, "absent"]);
    assert.deepEqual(
      items.map(({ value }) => value),
      [...values, null],
    );
    await storage.setItems([
      { key: "w:1", value: "one" },
      { key: "w:2", value: "two" },
    ]);
    assert.equal(await storage.getItem("w:2"), "two");
    await storage.removeItem("w:1");
    assert.equal(await storage.hasItem("w:1"), false);
    await storage.removeItem("w:1");
    const bytes = Uint8Array.from({ length: 256 }, (_, at) => at);
    await storage.setItemRaw("raw", bytes);
    assert.deepEqual(new Uint8Array((await storage.getItemRaw<Uint8Array>("raw")) ?? []), bytes);
    await storage.setItem("v:0", undefined as never);
    assert.equal(await storage.hasItem("v:0"), false);
  });
});

test("driver: keys are listed and cleared by base, depth and mount", async () => {
  await withDriver(async (storage, store) => {
    const names = ["a", "a:b", "a:b:c|1 %#", "ab", "z:\u00e9"];
    for (const name of names) await storage.setItem(name, name);
    assert.deepEqual((await storage.getKeys()).sort(), [...names].sort());
    assert.deepEqual((await storage.getKeys("a")).sort(), ["a:b", "a:b:c|1 %#"]);
    assert.deepEqual((await storage.getKeys("", { maxDepth: 0 })).sort(), ["a", "ab"]);
    await unstorageDriver(store).clear("a:");
    assert.deepEqual((await storage.getKeys()).sort(), ["a", "ab", "z:\u00e9"]);
    await storage.clear();
    assert.deepEqual(await storage.getKeys(), []);

    const mounted = createStorage();
    mounted.mount("cache", unstorageDriver(store, { prefix: "urn:mounted:" }));
    await mounted.setItem("cache:x", 1);
    await mounted.setItem("y", 2);
    assert.deepEqual((await mounted.getKeys()).sort(), ["cache:x", "y"]);
    assert.equal(await store.has("urn:mounted:x"), true);
    await mounted.clear("cache");
    assert.deepEqual(await mounted.getKeys(), ["y"]);
  });
});

test("driver: time to live, metadata, dispose", async () => {
  await withDriver(async (storage, store) => {
    const before = Date.now();
    await storage.setItem("k", 1, { ttl: 60 });
    const { ttl, mtime, birthtime } = await storage.getMeta("k");
    assert.ok(ttl === 60 || ttl === 59, `ttl ${ttl}`);
    assert.ok(mtime && +mtime >= before && birthtime instanceof Date);
    await storage.setMeta("k", { owner: "me" });
    assert.equal((await storage.getMeta("k"))["owner"], "me");
    assert.deepEqual(await storage.getKeys(), ["k"]);
    assert.deepEqual({ ...(await storage.getMeta("absent")) }, {});
    await storage.setItem("short", 1, { ttl: 0.02 });
    await new Promise((resolve) => setTimeout(resolve, 30));
    assert.equal(await storage.getItem("short"), null);
    await storage.dispose();
    assert.equal(await store.has("urn:unstorage:k"), true);
  });
});

test("driver: watch tells of every change below its prefix until it is stopped", async () => {
  await withDriver(async (storage, store) => {
    const told: string[] = [];
    const unwatch = await storage.watch((event, key) => told.push(`${event} ${key}`));
    await storage.setItem("a b", 1);
    await store.put({ url: "http://example.org/Cup" });
    await storage.removeItem("a b");
    await storage.setItem("c", 1);
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal(told.at(-1), "update c");
    assert.ok(told.includes("remove a b"), told.join());
    assert.ok(!told.some((line) => line.includes("Cup")), told.join());
    const { length } = told;
    await unwatch();
    await storage.setItem("d", 1);
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal(told.length, length);
  });
});
