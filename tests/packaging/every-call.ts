/**
 * Every call of a store, every option that needs more than the entry, and packages, tried once where the store is:
 * in a worker, for example. It is bundled for that and imports nothing.
 */

import type { savePackage } from "../../dist/convert/index.js";
import type { HostAdapter } from "../../dist/host.js";
import type { OpenSchemaStore } from "../../dist/open.js";
import type { SchemaStore } from "../../dist/store.js";
import type { StoreOptions } from "../../dist/types.js";
import type { schemasFor, validate } from "../../dist/validate/index.js";

/** What is tried. */
export interface Given {
  readonly openSchemaStore: OpenSchemaStore;
  /** Absent where no package is to be saved. */
  readonly savePackage?: typeof savePackage;
  /** From the entry `validate`; absent where nothing is to be validated. */
  readonly schemasFor?: typeof schemasFor;
  readonly validate?: typeof validate;
  /** A `.tgz` of one definition. */
  readonly package: Uint8Array;
  /** Instead of the default one. */
  readonly adapter?: (databaseName: string) => HostAdapter;
}

/** What came of each: "right", "wrong", or the code and message of the error. */
export interface Answers {
  readonly calls: Readonly<Record<string, string>>;
  readonly options: Readonly<Record<string, string>>;
  readonly packages: Readonly<Record<string, string>>;
  /** Members of a store that were not called. */
  readonly forgotten: readonly string[];
}

/** Opens a store on the database of one trial. */
type Open = (options?: StoreOptions) => Promise<SchemaStore>;

const TEA = { url: "http://example.org/Tea", version: "1.0.0", title: "Tea" };
/** Nothing is stored under it. */
const NOBODY = "http://example.org/Nobody";
const DEFINITION = {
  resourceType: "StructureDefinition",
  url: "http://example.org/Cup",
  name: "Cup",
  kind: "resource",
  type: "Basic",
  differential: { element: [{ path: "Basic" }, { path: "Basic.code", min: 1 }] },
};
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** How long what happens in the background may take, in milliseconds. */
const PATIENCE = 5000;

const isTea = (value: unknown) => (value as typeof TEA | undefined)?.title === TEA.title;

/** Whether each call answers rightly in a store that has the tea. A member that is missing here is a type error. */
const CALLS: {
  readonly [Name in keyof SchemaStore]: (store: SchemaStore) => boolean | Promise<boolean>;
} = {
  get: async (store) => isTea(await store.get(TEA.url)),
  getSync: (store) => isTea(store.getSync(TEA.url)),
  getMany: async (store) => (await store.getMany([TEA.url, TEA.url])).every(isTea),
  getText: async (store) => isTea(JSON.parse(await store.getText(TEA.url, { require: true }))),
  entry: async (store) => isTea((await store.entry(TEA.url))?.value),
  metadata: async (store) => (await store.metadata(TEA.url))?.version === TEA.version,
  has: (store) => store.has(TEA.url),
  put: async (store) => (await store.put(TEA, { durable: true })).url === TEA.url,
  putText: async (store) => (await store.putText(JSON.stringify(TEA))).url === TEA.url,
  putBytes: async (store) => (await store.putBytes(bytesOf(TEA))).url === TEA.url,
  putMany: async (store) => (await store.putMany([{ value: TEA }], { durable: true })).length === 1,
  update: async (store) => {
    const changed = await store.update(TEA.url, (tea) => ({ ...tea, strong: true }));
    return changed?.version === TEA.version;
  },
  convert: async (store) => (await store.convert(DEFINITION)).metadata.url === DEFINITION.url,
  delete: (store) => store.delete(TEA.url),
  list: async (store) => (await store.list()).some(({ url }) => url === TEA.url),
  clear: async (store) => (await store.clear()) > 0,
  export: async (store) => (await archiveOf(store)).length > 0,
  import: async (store) => {
    const archive = await archiveOf(store);
    return (await store.import(archive)).skipped > 0;
  },
  size: async (store) => (await store.size()) > 0,
  flush: async (store) => (await store.flush()) === undefined,
  refresh: async (store) => (await store.refresh()) === undefined,
  stats: async (store) => (await store.stats()).entries > 0,
  trim: (store) => store.trim() >= 0,
  health: (store) => store.health().ok,
  pin: async (store) => (await store.pin(TEA.url)) === undefined,
  unpin: async (store) => !(await store.unpin(NOBODY)),
  lease: async (store) => {
    const lease = await store.lease([TEA.url]);
    const found = lease.getSync(TEA.url);
    lease.release();
    return isTea(found);
  },
  warm: async (store) => (await store.warm()).missing.length === 0,
  on: async (store) => {
    const heard = new Promise<boolean>((resolve) => {
      store.on("put", ({ canonical }) => resolve(canonical.startsWith(TEA.url)));
    });
    await store.put(TEA);
    return heard;
  },
  watch: async (store) => {
    const heard = new Promise<boolean>((resolve) => {
      store.watch(TEA.url, ({ metadata }) => resolve(metadata?.version === "2.0.0"));
    });
    await store.put({ ...TEA, version: "2.0.0" }, { durable: true });
    return heard;
  },
  close: async (store) => (await store.close()) === undefined && !store.health().ok,
  [Symbol.asyncDispose]: async (store) => (await store[Symbol.asyncDispose]()) === undefined,
};

/** Options behind which there is more than the entry has. */
const OPTIONS: Readonly<Record<string, (open: Open) => Promise<boolean>>> = {
  evictionPolicy: async (open) => {
    const store = await open({ evictionPolicy: { name: "custom", rank: (all) => all } });
    await store.put(TEA);
    return isTea(await store.get(TEA.url));
  },
  seed: async (open) => {
    const store = await open({ strategy: "memory" });
    await store.put(TEA);
    const seed = await archiveOf(store);
    return isTea(await (await open({ seed })).get(TEA.url));
  },
  graceHours: async (open) => {
    let at = HOUR;
    const store = await open({
      graceHours: 1,
      now: () => at,
      resolver: () => Promise.reject(new Error("offline")),
    });
    await store.put(TEA, { ttl: 1000, durable: true });
    at += 2000;
    return (await store.entry(TEA.url))?.stale === true;
  },
  allowStale: async (open) => {
    await (await open()).put(TEA, { durable: true });
    return isTea(await (await open()).get(TEA.url, { allowStale: true }));
  },
  warmOnStartup: async (open) => {
    const before = await open();
    await before.put(TEA);
    // Uses are counted and saved by a store that knows all entries.
    await before.size();
    await before.get(TEA.url);
    await before.close();
    const store = await open({ warmOnStartup: true });
    return unlessReported(store, async () => isTea(store.getSync(TEA.url)));
  },
  "ttl, deleted": async (open) => {
    let at = HOUR;
    const store = await open({ now: () => at });
    await store.put(TEA, { ttl: 1000, durable: true });
    // What is expired for the one is there for the other, until it is deleted.
    const witness = await open({ now: () => HOUR });
    if ((await witness.size()) !== 1) return false;
    // Nothing leaves for good because a clock leaps.
    for (const end = at + HOUR; at < end; at += MINUTE) store.getSync(NOBODY);
    return unlessReported(store, async () => {
      await witness.refresh();
      return (await witness.size()) === 0;
    });
  },
};

/** Packages, from the entry `convert`. */
const PACKAGES: Readonly<
  Record<string, (open: Open, save: typeof savePackage, archive: Uint8Array) => Promise<boolean>>
> = {
  "saved, and saved again": async (open, save, archive) => {
    const store = await open();
    const first = await save(store, archive);
    const again = await save(store, archive);
    return first.converted === 1 && again.unchanged.length === 1;
  },
  "of several gzip members": async (open, save, archive) => {
    const members = new Blob([archive as BlobPart, await gzipped(new Uint8Array(1024))]);
    return (await save(await open(), members)).converted === 1;
  },
};

/** A schema of the store finds what is wrong. */
async function validates(open: Open, { schemasFor, validate }: Given): Promise<boolean> {
  if (schemasFor === undefined || validate === undefined) return true;
  const store = await open();
  const elements = { strength: { scalar: true } };
  await store.put({ ...TEA, type: "Tea", kind: "resource", elements });
  const schemas = await schemasFor(store, TEA.url);
  const { issues } = validate(schemas, { resourceType: "Tea", strength: ["strong"] });
  return issues.length === 1 && issues[0]?.rule === "not-singular";
}

/** Tries everything. */
export async function everyCall(given: Given): Promise<Answers> {
  const opened: SchemaStore[] = [];
  const on =
    (databaseName: string): Open =>
    async (options) => {
      const adapter = options?.strategy === "memory" ? undefined : given.adapter?.(databaseName);
      const store = await given.openSchemaStore({
        databaseName,
        ...(adapter && { adapter }),
        ...options,
      });
      opened.push(store);
      return store;
    };
  const names = Reflect.ownKeys(CALLS) as (keyof typeof CALLS)[];
  const shared = await on("calls")();
  const ending = new Set<PropertyKey>(["close", Symbol.asyncDispose]);
  const calls: Record<string, string> = {};
  for (const name of names) {
    calls[String(name)] = await answer(async () => {
      const store = ending.has(name) ? await on("calls")() : shared;
      await store.put(TEA, { durable: true });
      return CALLS[name](store);
    });
  }
  calls["validate"] = await answer(() => validates(on("validate"), given));
  const options: Record<string, string> = {};
  for (const [name, tried] of Object.entries(OPTIONS)) {
    options[name] = await answer(() => tried(on(name)));
  }
  const packages: Record<string, string> = {};
  const { savePackage: save, package: archive } = given;
  if (save !== undefined) {
    for (const [name, tried] of Object.entries(PACKAGES)) {
      packages[name] = await answer(() => tried(on(name), save, archive));
    }
  }
  // A registered symbol is for the other modules of the package.
  const isPublic = (name: PropertyKey) =>
    typeof name === "string" || !Symbol.keyFor(name as symbol);
  const forgotten = Reflect.ownKeys(Object.getPrototypeOf(shared))
    .filter((name) => name !== "constructor" && isPublic(name) && !(name in CALLS))
    .map(String);
  for (const store of opened) await store.close();
  return { calls, options, packages, forgotten };
}

async function answer(tried: () => Promise<boolean>): Promise<string> {
  try {
    return (await tried()) ? "right" : "wrong";
  } catch (error) {
    const { code, message } = error as Error & { code?: string };
    return `${code} ${message}`;
  }
}

/** Waits until something holds in the background; throws what the store reports meanwhile. */
async function unlessReported(store: SchemaStore, holds: () => Promise<boolean>): Promise<boolean> {
  let reported: unknown;
  store.on("error", ({ error }) => {
    reported = error;
  });
  for (const end = Date.now() + PATIENCE; Date.now() < end; ) {
    if (reported !== undefined) throw reported;
    if (await holds()) return true;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return false;
}

async function archiveOf(store: SchemaStore): Promise<Uint8Array> {
  const parts: BlobPart[] = [];
  // A `Response` would hide the error of the stream.
  const reader = store.export().getReader();
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    parts.push(read.value as BlobPart);
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

function bytesOf(value: object): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

async function gzipped(bytes: Uint8Array): Promise<Blob> {
  const packed = new Blob([bytes as BlobPart])
    .stream()
    .pipeThrough(new CompressionStream("gzip") as TransformStream);
  return new Response(packed as BodyInit).blob();
}
