/** What a hit costs, in Node and in a page: the same code for all, one subject in a process. */

const GETS_PER_LAP = 200_000;
const WARM_UP_LAPS = 5;
const LAPS = 21;

const POLICIES = ["lru", "w-tiny-lfu", "lfu", "fifo", "random", "sieve", "s3-fifo", "gdsf"];
/** One that ranks as `lru` does. */
const CUSTOM = { name: "custom", rank: (candidates) => candidates };

export const WHAT = `A sample is the median of ${LAPS} laps of ${GETS_PER_LAP} gets in
a process of its own, after ${WARM_UP_LAPS} laps that do not count. Each cache is as large as it has entries, so that
every get is a hit; keys are canonicals in a fixed random order, either the string objects the cache
was filled with or equal strings made anew for each get, whose hash is not known yet. Values are small objects.`;

export const SUBJECTS = [
  { id: "lru-cache", title: "lru-cache, `max`" },
  { id: "lru-cache-size", title: "lru-cache, `max`, `maxSize`" },
  { id: "lru-cache-ttl", title: "lru-cache, `max`, `maxSize`, `ttl`" },
  { id: "mnemonist", title: "mnemonist `LRUMap`" },
  { id: "quick-lru", title: "quick-lru" },
  { id: "map", title: "Map" },
  ...[...POLICIES, "custom"].map((id) => ({
    id,
    title: `fhir-schema-store \`getSync\`, ${id}`,
    ours: true,
  })),
];

/** The tasks of a table, each with the ratios that must not be exceeded. */
export function columns(rounds, limits) {
  return [1000, 100_000].flatMap((count) =>
    ["same", "fresh"].map((strings) => ({
      task: `${count} ${strings}`,
      title: `${count.toLocaleString("en")} entries, ${strings} strings`,
      rounds,
      limits: strings === "same" ? limits : [],
    })),
  );
}

/** Nanoseconds per get. */
export async function hits(subject, task, openSchemaStore) {
  const [count, strings] = task.split(" ");
  const entries = Array.from({ length: Number(count) }, (_, number) => {
    const url = `http://hl7.org/fhir/StructureDefinition/type-${number}`;
    return [`${url}|4.3.0`, { url, version: "4.3.0", number }];
  });
  const { get, close } = await (subjects[subject] ?? store(subject, openSchemaStore))(entries);
  const order = shuffled(entries.map(([key]) => key));
  const asked = Array.from({ length: GETS_PER_LAP }, (_, at) => order[at % order.length]);
  const times = [];
  for (let lap = -WARM_UP_LAPS; lap < LAPS; lap++) {
    // Parsed strings of that length are new ones.
    const keys = strings === "fresh" ? JSON.parse(JSON.stringify(asked)) : asked;
    const start = performance.now();
    const found = countFound(get, keys);
    const time = performance.now() - start;
    if (found !== keys.length) throw new Error(`${keys.length - found} values are missing`);
    if (lap >= 0) times.push((time * 1e6) / keys.length);
  }
  await close();
  return times.sort((left, right) => left - right)[LAPS >> 1];
}

function countFound(get, keys) {
  let found = 0;
  // By index: V8 does not inline the iterator in each process.
  for (let at = 0; at < keys.length; at++) if (get(keys[at]) !== undefined) found++;
  return found;
}

const subjects = {
  async "lru-cache"(entries) {
    return lruCache(entries, {});
  },
  async "lru-cache-size"(entries) {
    return lruCache(entries, { maxSize: 2 ** 40, sizeCalculation: () => 100 });
  },
  async "lru-cache-ttl"(entries) {
    return lruCache(entries, { maxSize: 2 ** 40, sizeCalculation: () => 100, ttl: 3_600_000 });
  },
  async mnemonist(entries) {
    const { LRUMap } = await import("mnemonist");
    return mapLike(new LRUMap(entries.length), entries);
  },
  async "quick-lru"(entries) {
    const { default: QuickLRU } = await import("quick-lru");
    return mapLike(new QuickLRU({ maxSize: entries.length }), entries);
  },
  async map(entries) {
    return mapLike(new Map(), entries);
  },
};

async function lruCache(entries, options) {
  const { LRUCache } = await import("lru-cache");
  return mapLike(new LRUCache({ max: entries.length, ...options }), entries);
}

function mapLike(cache, entries) {
  for (const [key, value] of entries) cache.set(key, value);
  return { get: (key) => cache.get(key), close: async () => {} };
}

/** Ours, with everything parsed. */
function store(policy, openSchemaStore) {
  return async (entries) => {
    const opened = await openSchemaStore({
      strategy: "memory",
      evictionPolicy: policy === "custom" ? CUSTOM : policy,
      maxEntries: entries.length,
      memoryLimitMb: 1000,
      maxCatalogMb: 1024,
    });
    await opened.putMany(entries.map(([, value]) => ({ value })));
    await opened.getMany(entries.map(([key]) => key));
    return { get: (key) => opened.getSync(key), close: () => opened.close() };
  };
}

/** A fixed shuffle, so that runs can be compared. */
export function shuffled(keys) {
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
