/** A value that is in memory already. */

import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { shuffled } from "../lib/hits.mjs";
import { schemas } from "../lib/read-input.mjs";
import { quartiles } from "../lib/report.mjs";

const CAPACITY = 1000;
const GETS_PER_LAP = 200_000;
const WARM_UP_LAPS = 10;
const LAPS = 41;

export const table = {
  name: "hot",
  title: "Hot hit",
  what: `One get of a value that is in memory. A sample is the median of ${LAPS} laps of ${GETS_PER_LAP} gets in a
process of its own, after ${WARM_UP_LAPS} laps that do not count. The keys come in a fixed random order, the one
the caches were filled in, as the same string objects. fhir-schema-store, lru-cache and quick-lru hold
up to ${CAPACITY} entries; the Map has no limit.`,
  unit: "ns",
  base: "store",
  columns: [
    { task: "650", title: "650 keys", rounds: 21, limit: { against: "lru-cache", most: 1.1 } },
    { task: "1000", title: "1000 keys", rounds: 21, limit: { against: "lru-cache", most: 1.1 } },
  ],
  subjects: [
    { id: "store", title: "fhir-schema-store `getSync`", ours: true },
    { id: "store-get", title: "fhir-schema-store `await get`", ours: true },
    { id: "lru-cache", title: "lru-cache" },
    { id: "quick-lru", title: "quick-lru" },
    { id: "map", title: "Map" },
  ],
};

/** Nanoseconds per get. */
export async function sample({ subject, task, folder }) {
  const entries = chosen(schemas(folder), Number(task));
  const keys = shuffled(entries.map(({ canonical }) => canonical));
  const { lap, close } = await subjects[subject](entries, keys, folder);
  const times = [];
  for (let count = -WARM_UP_LAPS; count < LAPS; count++) {
    const start = process.hrtime.bigint();
    const found = await lap();
    const time = Number(process.hrtime.bigint() - start) / found;
    if (count >= 0) times.push(time);
  }
  await close();
  return quartiles(times)[1];
}

const subjects = {
  async store(entries, keys, folder) {
    const { store, close } = await filled(entries, keys, folder);
    return { lap: () => lapOf((key) => store.getSync(key), keys), close };
  },
  async "store-get"(entries, keys, folder) {
    const { store, close } = await filled(entries, keys, folder);
    const lap = async () => {
      let found = 0;
      while (found < GETS_PER_LAP) {
        for (const key of keys) if ((await store.get(key)) !== undefined) found++;
      }
      return found;
    };
    return { lap, close };
  },
  async "lru-cache"(entries, keys) {
    const { LRUCache } = await import("lru-cache");
    const cache = new LRUCache({ max: CAPACITY });
    return mapLike(cache, entries, keys);
  },
  async "quick-lru"(entries, keys) {
    const { default: QuickLRU } = await import("quick-lru");
    return mapLike(new QuickLRU({ maxSize: CAPACITY }), entries, keys);
  },
  async map(entries, keys) {
    return mapLike(new Map(), entries, keys);
  },
};

/** Ours, everything in memory and nothing left to write. */
async function filled(entries, keys, folder) {
  const { openSchemaStore } = await import("../../dist/index.node.js");
  const diskCacheDir = mkdtempSync(join(folder, "hot-"));
  const store = await openSchemaStore({ diskCacheDir, maxEntries: CAPACITY });
  await store.putMany(entries.map(({ text }) => ({ text })));
  await store.getMany(keys);
  await store.flush();
  const close = async () => {
    await store.close();
    rmSync(diskCacheDir, { recursive: true, force: true });
  };
  return { store, close };
}

function mapLike(cache, entries, keys) {
  const texts = new Map(entries.map(({ canonical, text }) => [canonical, text]));
  for (const key of keys) cache.set(key, JSON.parse(texts.get(key)));
  return { lap: () => lapOf((key) => cache.get(key), keys), close: async () => {} };
}

/** One process has one subject, so that the call in here is to one function. */
function lapOf(get, keys) {
  let found = 0;
  while (found < GETS_PER_LAP) {
    const before = found;
    for (const key of keys) if (get(key) !== undefined) found++;
    if (found !== before + keys.length) throw new Error("a value is missing");
  }
  return found;
}

/** That many entries; beyond those there are, the same schemas under other URLs. */
function chosen(entries, count) {
  const copies = entries.map(({ text }) => {
    const schema = JSON.parse(text);
    schema.url += "/copy";
    const canonical = schema.version ? `${schema.url}|${schema.version}` : schema.url;
    return { canonical, text: JSON.stringify(schema) };
  });
  return [...entries, ...copies].slice(0, count);
}
