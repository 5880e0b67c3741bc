/** One package makes one archive: whenever, wherever and by whatever way it was saved. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { openPackagePath, savePackage } from "../../dist/convert/node.js";
import type { SchemaStore } from "../../dist/store.js";
import { archiveOf, exported, tea, teas } from "./archives.js";
import { openStore } from "./kit.js";
import { definition, packageOf } from "./made-packages.js";
import { each } from "./settings.js";

const usCore = fileURLToPath(new URL("../fixtures/us_core_311.tgz", import.meta.url));
const DAY = 24 * 3_600_000;

/** A clock that goes on by a day each time it is read. */
function days(from: number): () => number {
  let now = from;
  return () => (now += DAY);
}

/** The archive of a package in a store of its own, which was filled at that time. */
async function archiveAt(time: number): Promise<Buffer> {
  await using store = await openStore({ strategy: "memory", now: days(time) });
  await savePackage(store, await openPackagePath(usCore));
  return await exported(store);
}

each("a package makes the archive it makes at another time and in another store", async (open) => {
  const archive = await archiveAt(0);
  const store = await open({ now: days(1_700_000_000_000) });
  await savePackage(store, await openPackagePath(usCore));
  assert.ok((await exported(store)).equals(archive), "saved");
  for (const { canonical } of await store.list()) await store.get(canonical);
  await savePackage(store, await openPackagePath(usCore));
  assert.ok((await exported(store)).equals(archive), "read and saved again");
});

each(
  "an archive that was imported makes the same archive, and is known when the package is saved",
  async (open) => {
    const archive = await archiveAt(0);
    const store = await open({ now: () => 1_700_000_000_000 });
    await store.import(archive);
    assert.ok((await exported(store)).equals(archive), "imported");
    const [one] = await store.list();
    assert.deepEqual(
      [one?.createdAt, one?.updatedAt, one?.convertedAt],
      [1_700_000_000_000, 1_700_000_000_000, undefined],
    );
    const { unchanged } = await savePackage(store, await openPackagePath(usCore));
    assert.equal(unchanged.length, 30);
    assert.equal((await store.import(archive, { conflicts: "replace" })).skipped, 30);
    assert.ok((await exported(store)).equals(archive), "saved and imported over it");
  },
);

test("by whatever way a package came to be what it is, it makes one archive", async () => {
  const [X, Y, Z] = ["http://x/X", "http://x/Y", "http://x/Z"];
  const old = {
    "1.json": definition(Z, "z"),
    "2.json": definition(Y, "of old"),
    "3.json": definition("gone", "g"),
  };
  const now = {
    "1.json": definition(Y, "y", "2"),
    "2.json": definition(X, "x"),
    "3.json": definition(Z, "z"),
  };
  const fill: Record<string, (store: SchemaStore) => Promise<unknown>> = {
    "at once": async (store) => savePackage(store, await packageOf("p", now)),
    "over an older state": async (store) => {
      await savePackage(store, await packageOf("p", old));
      await savePackage(store, await packageOf("p", now));
    },
    "stopped and begun again": async (store) => {
      const stop = new AbortController();
      const { signal } = stop;
      const stopped = savePackage(store, await packageOf("p", now), {
        signal,
        onProgress: () => stop.abort(),
      });
      await assert.rejects(stopped, { name: "AbortError" });
      await savePackage(store, await packageOf("p", now));
    },
    "one by one, backwards": async (store) => {
      for (const one of Object.values(now).reverse())
        await store.convert(JSON.stringify(one), { source: "p#1" });
    },
    "deleted and saved": async (store) => {
      await savePackage(store, await packageOf("p", now));
      await store.delete(X);
      await savePackage(store, await packageOf("p", now));
    },
  };
  const archives = new Map<string, string[]>();
  let time = 1;
  for (const [way, work] of Object.entries(fill)) {
    for (const strategy of ["memory", "memory-disk"] as const) {
      await using store = await openStore({ strategy, now: days(time) });
      time += 1_000_000_000;
      await work(store);
      const archive = (await exported(store)).toString("base64");
      archives.set(archive, [...(archives.get(archive) ?? []), `${way}, ${strategy}`]);
    }
  }
  assert.equal(archives.size, 1, JSON.stringify([...archives.values()]));
});

test("what is said of a package without definitions is the same at any time", async () => {
  const archives = await Promise.all(
    [7, 1_700_000_000_000].map(async (time) => {
      await using store = await openStore({ strategy: "memory", now: () => time });
      await savePackage(
        store,
        await packageOf("none", { "1.json": { resourceType: "ValueSet", url: "v" } }),
      );
      assert.equal(await store.size(), 1);
      return await exported(store);
    }),
  );
  assert.ok(archives[0]?.equals(archives[1] as Buffer));
});

test("what somebody put keeps its times, in the archive and in the store it goes to", async () => {
  const putAt = async (time: number) => {
    await using store = await openStore({ strategy: "memory", now: () => time });
    await store.putMany([
      tea("a"),
      tea("b", 1, { source: "p#1" }),
      tea("c", 1, { origin: "resolver" }),
    ]);
    return await exported(store);
  };
  const archive = await putAt(0);
  assert.ok(!archive.equals(await putAt(7)));
  await using into = await openStore({ strategy: "memory", now: () => 1_700_000_000_000 });
  await into.import(archive);
  const times = (await into.list()).map(({ createdAt, updatedAt }) => [createdAt, updatedAt]);
  assert.deepEqual(times, [
    [0, 0],
    [0, 0],
    [0, 0],
  ]);
  assert.ok((await exported(into)).equals(archive));
});

test("an archive that tells when a package was saved is read, and its times stay in the store", async () => {
  const told = readFileSync(new URL("../fixtures/teas.fss", import.meta.url));
  await using store = await openStore({ strategy: "memory", now: () => 1_800_000_000_000 });
  assert.equal((await store.import(told)).added, teas.length);
  for (const entry of await store.list()) {
    assert.deepEqual([entry.createdAt, entry.updatedAt], [1_700_000_000_000, 1_700_000_000_000]);
  }
  assert.equal((await store.metadata("http://x/ceylon"))?.convertedAt, 1_600_000_000_000);
  assert.ok((await exported(store)).equals(await archiveOf(...teas)));
  assert.equal((await store.import(await archiveOf(...teas))).skipped, teas.length);
});
