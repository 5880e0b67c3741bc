/** A value that is in memory already: `getSync` against lru-cache's `get`, same keys, same values. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LRUCache } from "lru-cache";
import { openSchemaStore } from "../dist/index.node.js";
import { schemas } from "./lib/input.mjs";
import { median, ratio, verdict, where } from "./lib/report.mjs";

const LIMIT = 1.1;
const ROUNDS = 201;
const GETS_PER_ROUND = 200_000;

where();
const entries = await schemas();
await compare(entries.slice(0, 650));
await compare([...entries, ...entries.map(copy)].slice(0, 1000));

async function compare(chosen) {
  const folder = mkdtempSync(join(tmpdir(), "fhir-schema-store-bench-"));
  const store = await openSchemaStore({ diskCacheDir: folder, maxEntries: 1000 });
  try {
    await store.putMany(chosen.map(({ text }) => ({ text })));
    const keys = shuffled(chosen.map(({ canonical }) => canonical));
    const values = await store.getMany(keys);
    const cache = new LRUCache({ max: 1000 });
    for (const [at, key] of keys.entries()) cache.set(key, values[at]);
    check(
      keys,
      (key) => store.getSync(key),
      (key) => cache.get(key),
    );
    report(keys.length, measure(store, cache, keys));
  } finally {
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Rounds of both, one after the other, in an order that changes: nanoseconds per get. */
function measure(store, cache, keys) {
  const ours = [];
  const theirs = [];
  for (let round = -20; round < ROUNDS; round++) {
    const oursFirst = round % 2 === 0;
    const first = oursFirst ? roundOfStore(store, keys) : roundOfCache(cache, keys);
    const second = oursFirst ? roundOfCache(cache, keys) : roundOfStore(store, keys);
    if (round < 0) continue;
    ours.push(oursFirst ? first : second);
    theirs.push(oursFirst ? second : first);
  }
  return { ours, theirs };
}

// Two functions with the same body: one for both would share its inline caches between the two.
function roundOfStore(store, keys) {
  const start = process.hrtime.bigint();
  let found = 0;
  for (let done = 0; done < GETS_PER_ROUND; done += keys.length) {
    for (const key of keys) if (store.getSync(key) !== undefined) found++;
  }
  return Number(process.hrtime.bigint() - start) / found;
}

function roundOfCache(cache, keys) {
  const start = process.hrtime.bigint();
  let found = 0;
  for (let done = 0; done < GETS_PER_ROUND; done += keys.length) {
    for (const key of keys) if (cache.get(key) !== undefined) found++;
  }
  return Number(process.hrtime.bigint() - start) / found;
}

function report(count, { ours, theirs }) {
  const { median: middle, low, high } = ratio(ours, theirs);
  const figures = `${median(ours).toFixed(1)} ns against ${median(theirs).toFixed(1)} ns`;
  verdict(
    `hot get, ${count} keys`,
    middle,
    LIMIT,
    `${figures}, quartiles ${low.toFixed(2)}-${high.toFixed(2)}`,
  );
}

function check(keys, ours, theirs) {
  const wrong = keys.find((key) => ours(key) === undefined || ours(key) !== theirs(key));
  if (wrong !== undefined) throw new Error(`${wrong} is not the same value in both`);
}

/** The same schema under another URL. */
function copy({ text }) {
  const schema = JSON.parse(text);
  schema.url += "/copy";
  const canonical = schema.version ? `${schema.url}|${schema.version}` : schema.url;
  return { canonical, text: JSON.stringify(schema) };
}

/** A fixed shuffle, so that runs can be compared. */
function shuffled(keys) {
  let state = 0x9e3779b9;
  const random = (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const mixed = [...keys];
  for (let at = mixed.length - 1; at > 0; at--) {
    const other = random(at + 1);
    [mixed[at], mixed[other]] = [mixed[other], mixed[at]];
  }
  return mixed;
}
