/** What a limit on memory is worth: far more than fits passes through, and the process is looked at. */

import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { prepareDefinitions, readDefinition, readDefinitions } from "../lib/definitions.mjs";
import { markdown } from "../lib/report.mjs";

const CHILD = fileURLToPath(new URL("../lib/child.mjs", import.meta.url));
const LIMIT_MB = 32;
const LIMIT_BYTES = LIMIT_MB * 2 ** 20;
const REQUESTS = 20_000;
/** The heap is collected and looked at after so many requests. */
const LOOK = 1000;
/** Of the process of ours above an empty store. */
const MOST_MB = 48;

export const table = {
  name: "memory",
  title: "Memory and what it is worth",
  what: `The StructureDefinitions of FHIR R4, R4B and R5, asked for ${REQUESTS} times, the popularity of each falling
with its rank (Zipf 1.0, a fixed random order). ${LIMIT_MB} MiB are allowed; fhir-schema-store may hold 10000 entries.
lru-cache has \`maxSize\`, with 1.75 times the length of the text as size of a value, which is how
fhir-schema-store estimates it; what it and the Map miss they read from a file of its own. Memory is heap,
ArrayBuffers and WebAssembly after a full collection, every ${LOOK} requests, above what the process took
with an empty store or cache; the most of these is told. Every answer is compared with what was
stored, and the budget is looked at after every request. One process each, untimed.`,
  subjects: [
    { id: "w-tiny-lfu", title: "fhir-schema-store", ours: true },
    { id: "lru", title: "fhir-schema-store, `lru`", ours: true },
    { id: "gdsf", title: "fhir-schema-store, `gdsf`", ours: true },
    { id: "lru-cache", title: "lru-cache with `maxSize`" },
    { id: "map", title: "Map of parsed objects" },
  ],
};

/** Writes the definitions. */
export async function prepare(folder) {
  await prepareDefinitions(folder);
}

/** Runs each subject once. */
export async function look(folder) {
  const rows = [];
  const over = [];
  let input;
  for (const { id, title, ours } of table.subjects) {
    const args = ["--expose-gc", CHILD, "memory", id, "look", folder];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    const found = JSON.parse(stdout.trimEnd().split("\n").at(-1));
    input = `${found.count} definitions, ${mb(found.bytes)} MB`;
    rows.push([title, (100 * found.hitRatio).toFixed(1), mb(found.most), mb(found.mostCounted)]);
    if (ours && found.most > MOST_MB * 1e6) {
      over.push(`memory, ${title}: ${mb(found.most)} MB above empty, limit ${MOST_MB} MB`);
    }
  }
  const head = [input, "hits, %", "memory above empty, MB", "of it counted, MB"];
  return { text: markdown(head, rows), over };
}

/** Plays the requests to one subject; JSON. */
export async function sample({ subject, folder }) {
  const entries = readDefinitions(folder);
  const digests = entries.map((entry) => digest(JSON.parse(readDefinition(folder, entry))));
  const ranks = zipf(entries.length);
  const { get, counted, hitRatio, close, empty } = await open(subject, entries, folder);
  let most = 0;
  let mostCounted = 0;
  for (let count = 0; count < REQUESTS; count++) {
    const rank = ranks();
    const value = await get(entries[rank]);
    if (digest(value) !== digests[rank])
      throw new Error(`wrong answer to ${entries[rank].canonical}`);
    mostCounted = Math.max(mostCounted, await counted());
    if (mostCounted > LIMIT_BYTES && subject !== "map") throw new Error("over its budget");
    if (count % LOOK === LOOK - 1) most = Math.max(most, (await memory()) - empty);
  }
  const bytes = entries.reduce((sum, entry) => sum + entry.bytes, 0);
  const report = { count: entries.length, bytes, hitRatio: await hitRatio(), most, mostCounted };
  await close();
  return JSON.stringify(report);
}

async function open(subject, entries, folder) {
  if (subject === "map") return openMap(folder);
  if (subject === "lru-cache") return openLruCache(folder);
  const { openSchemaStore } = await import("../../dist/index.node.js");
  const options = { memoryLimitMb: LIMIT_MB, maxEntries: 10_000, evictionPolicy: subject };
  const nothing = await openSchemaStore({
    ...options,
    diskCacheDir: join(folder, `no-${subject}`),
  });
  const empty = await memory();
  await nothing.close();
  const diskCacheDir = join(folder, "definitions-store");
  const store = await openSchemaStore({ ...options, diskCacheDir });
  if ((await store.size()) !== entries.length) throw new Error("the store is not full");
  return {
    empty,
    get: ({ canonical }) => store.get(canonical),
    counted: async () => (await store.stats()).memory.usedBytes,
    hitRatio: async () => (await store.stats()).tiers.memory.hitRatio,
    close: () => store.close(),
  };
}

async function openMap(folder) {
  const values = new Map();
  let misses = 0;
  const get = async (entry) => {
    let value = values.get(entry.canonical);
    if (value !== undefined) return value;
    misses++;
    value = JSON.parse(readDefinition(folder, entry));
    values.set(entry.canonical, value);
    return value;
  };
  return {
    empty: await memory(),
    get,
    counted: async () => 0,
    hitRatio: async () => 1 - misses / REQUESTS,
    close: async () => {},
  };
}

async function openLruCache(folder) {
  const { LRUCache } = await import("lru-cache");
  const values = new LRUCache({ maxSize: LIMIT_BYTES });
  let misses = 0;
  const get = async (entry) => {
    let value = values.get(entry.canonical);
    if (value !== undefined) return value;
    misses++;
    value = JSON.parse(readDefinition(folder, entry));
    values.set(entry.canonical, value, { size: Math.ceil(1.75 * entry.bytes) });
    return value;
  };
  return {
    empty: await memory(),
    get,
    counted: async () => values.calculatedSize,
    hitRatio: async () => 1 - misses / REQUESTS,
    close: async () => {},
  };
}

/** Bytes of heap, ArrayBuffers and WebAssembly that are still needed. */
async function memory() {
  // Finalizers run in turns of their own.
  for (let times = 0; times < 3; times++) {
    globalThis.gc();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

function digest(value) {
  return createHash("sha1").update(JSON.stringify(value)).digest("hex");
}

/** Places of the entries, the first of a fixed random order twice as often as the second. */
function zipf(count) {
  let state = 0x9e3779b9;
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const order = Array.from({ length: count }, (_, place) => place);
  for (let at = count - 1; at > 0; at--) {
    const other = Math.floor(random() * (at + 1));
    [order[at], order[other]] = [order[other], order[at]];
  }
  const sums = [];
  for (let rank = 1; rank <= count; rank++) sums.push((sums.at(-1) ?? 0) + 1 / rank);
  return () => {
    const at = random() * sums.at(-1);
    let [low, high] = [0, count - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sums[middle] < at) low = middle + 1;
      else high = middle;
    }
    return order[low];
  };
}

function mb(bytes) {
  return (bytes / 1e6).toFixed(1);
}
