/** Caches beside each other in one page, filled with the same string objects as keys. */

import { LRUCache } from "lru-cache";
import { shuffled } from "./hits.mjs";

const GETS_PER_LAP = 100_000;

/**
 * Fills each with so many entries, and gives the store all of its keys at once. `lap(subject)` gives nanoseconds
 * per get. A cache `apart` has other keys, of the same length: equal strings may be one object.
 */
export async function beside(count, openSchemaStore) {
  const values = valuesOf("type", count);
  const keys = keysOf(values);
  const lru = lruCache(keys, values);
  const map = new Map(keys.map((key, at) => [key, values[at]]));
  const othersValues = valuesOf("kind", count);
  const othersKeys = keysOf(othersValues);
  const apart = lruCache(othersKeys, othersValues);
  const store = await openSchemaStore({
    strategy: "memory",
    maxEntries: count,
    memoryLimitMb: 1000,
    maxCatalogMb: 1024,
  });
  await store.putMany(values.map((value) => ({ value })));
  await store.getMany(keys);
  // As functions of their own, so that none is compiled for what another one gets.
  const laps = {
    apart: [othersKeys, (asked) => time(asked, (key) => apart.get(key))],
    "lru-cache": [keys, (asked) => time(asked, (key) => lru.get(key))],
    map: [keys, (asked) => time(asked, (key) => map.get(key))],
    store: [keys, (asked) => time(asked, (key) => store.getSync(key))],
  };
  return {
    lap(subject) {
      const [keys, run] = laps[subject];
      const order = shuffled(keys);
      return run(again(Array.from({ length: GETS_PER_LAP }, (_, at) => order[at % count])));
    },
  };
}

function valuesOf(word, count) {
  return Array.from({ length: count }, (_, number) => {
    const url = `http://hl7.org/fhir/StructureDefinition/${word}-${number}`;
    return { url, version: "4.3.0", number };
  });
}

function keysOf(values) {
  return again(values.map(({ url, version }) => `${url}|${version}`));
}

function lruCache(keys, values) {
  const cache = new LRUCache({ max: keys.length });
  for (const [at, key] of keys.entries()) cache.set(key, values[at]);
  return cache;
}

/** Strings made anew: parsed ones of that length are. */
function again(keys) {
  return JSON.parse(JSON.stringify(keys));
}

function time(keys, get) {
  let found = 0;
  const start = performance.now();
  for (let at = 0; at < keys.length; at++) if (get(keys[at]) !== undefined) found++;
  const took = performance.now() - start;
  if (found !== keys.length) throw new Error(`${keys.length - found} values are missing`);
  return (took * 1e6) / keys.length;
}
