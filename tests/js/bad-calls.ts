/**
 * Every public call with arguments that are right, and the ways in which each of them may be wrong:
 * a name nobody knows, a value of the wrong kind, an argument too many.
 */

import fc from "fast-check";
import { fsAdapter } from "../../dist/adapters/fs.js";
import { indexedDbAdapter } from "../../dist/adapters/indexeddb.js";
import { MemoryPlace, memoryAdapter } from "../../dist/adapters/memory.js";
import { keyvAdapter } from "../../dist/bridges/keyv.js";
import { unstorageAdapter, unstorageDriver } from "../../dist/bridges/unstorage.js";
import * as convert from "../../dist/convert/node.js";
import * as inline from "../../dist/index.inline.js";
import * as main from "../../dist/index.node.js";
import type { SchemaStore } from "../../dist/store.js";
import { adapterContract } from "../../dist/testing.js";
import * as validation from "../../dist/validate/index.js";
import {
  type Argument,
  above0,
  among,
  argument,
  bytes,
  type Fault,
  filled,
  flag,
  fn,
  from0,
  isPlain,
  type Kind,
  list,
  NONE,
  never,
  options,
  required,
  signal,
  text,
  whole,
  wrongIf,
} from "./bad-faults.js";
import { loadCore } from "./core.js";

/** What the calls are made on. */
export interface World {
  readonly store: SchemaStore;
  /** An archive of it. */
  readonly archive: Uint8Array;
  /** What else has methods, by name. */
  readonly [name: string]: unknown;
}

/** A call: of a method of something in the world, or of an export. */
export interface Call {
  readonly name: string;
  /** Throws, and does not reject. */
  readonly sync: boolean;
  readonly arguments: readonly Argument[];
  make(world: World, args: readonly unknown[]): unknown;
}

const KINDS = ["base", "type", "reference", "extension", "binding", "slice", "other", "profile"];
const KIND = among(...KINDS);
const dependency: Kind = (edge) =>
  isPlain(edge) &&
  KIND((edge as { kind?: unknown }).kind) &&
  text((edge as { target?: unknown }).target);
const closure: Kind = (value) => flag(value) || list(KIND)(value);

const UPDATE = {
  ...Object.fromEntries(
    ["source", "url", "version", "name", "title", "description", "type", "kind", "derivation"]
      .concat("base", "status", "fhirVersion", "converter", "etag")
      .map((name) => [name, text]),
  ),
  durable: flag,
  tags: list(text),
  origin: among("user", "package", "converted", "resolver"),
  sourceHash: (value: unknown) => text(value) && /^[0-9a-f]{64}$/i.test(value as string),
  convertedAt: (value: unknown) => from0(value) && (value as number) <= 8.64e15,
  cost: whole(1, 0xffff_ffff),
  ttl: above0,
  ttlHours: above0,
  dependencies: list(dependency),
};
const PUT = { ...UPDATE, ifHash: (value: unknown) => value === null || text(value) };
const GET = { signal, require: flag, allowStale: flag };
const FILTER = { urlPrefix: text, package: text, type: text, tag: text, olderThanMs: from0 };
const label: Kind = (value) => text(value) && /^[^#\s]+#[^#\s]+$/.test(value as string);
const BRIDGE = {
  prefix: (value: unknown) => text(value) && !/[\s\p{Cc}%|#]|^$/u.test(value as string),
};
const STORE = {
  strategy: among("memory", "memory-disk", "disk"),
  memoryLimitMb: whole(1, 4000),
  maxEntries: whole(1, 1_000_000),
  maxEntryBytes: whole(1024, 268_435_456),
  maxCatalogMb: whole(1, 1024),
  diskCacheDir: filled,
  databaseName: filled,
  ttlHours: above0,
  idleTtlHours: above0,
  graceHours: above0,
  evictionPolicy: among("lru", "lfu", "fifo", "random", "sieve", "s3-fifo", "w-tiny-lfu", "gdsf"),
  evictionBatchSize: whole(1, 1000),
  warmOnStartup: flag,
  warmSize: whole(1, 1_000_000),
  autoCleanup: flag,
  values: among("frozen", "shared", "cloned"),
  durability: among("strict", "relaxed"),
  adapter: never,
  resolver: fn,
  unknownTtlSeconds: (value: unknown) => from0(value) && (value as number) <= 3600,
  seed: (value: unknown) => bytes(value) || value instanceof URL || (text(value) && value !== ""),
  converter: never,
  now: fn,
};

const HERE = "http://x/A";
const CANONICAL = required(HERE, text);
const DEFINITION = {
  resourceType: "StructureDefinition",
  url: "http://x/S",
  differential: { element: [{ path: "Patient" }] },
};
const PACKAGE = JSON.stringify(DEFINITION);
const isEmpty: Kind = (value) =>
  typeof value === "object" && Array.from(value as Iterable<unknown>).length === 0;
const iterable: Kind = (value) =>
  typeof value === "object" && value !== null && Symbol.iterator in value;
const items = required(
  [{ value: { url: "http://x/I" } }],
  (value) => iterable(value) && isEmpty(value),
);
/** A value of JSON. */
const JSON_VALUE = wrongIf("v", [
  ...[undefined, 1n, Symbol("s"), () => {}, Number.NaN, new Map(), new Date(0)],
]);
const EVENTS = ["put", "delete", "evict", "expire", "pressure", "flush", "change", "restart"];

const CONTENTS = ["value", "text", "bytes"];

/** One of the items, wrong. */
const ITEM: Argument = (() => {
  const item = options(
    { ...PUT, value: never, text: never, bytes: never },
    { value: { url: "http://x/I" } },
  );
  // An error about the content has the entry's canonical as its key.
  const inList = ({ value, key, known }: Fault) =>
    key === undefined || CONTENTS.includes(key)
      ? { value: [value] }
      : { value: [value], key, known };
  return {
    good: items.good,
    likely: [...items.likely, ...item.likely.map(inList)],
    random: fc.oneof(items.random, item.random.map(inList)),
  };
})();

/** Stand for what is of the world. */
const [STORE_ITSELF, ARCHIVE] = [Symbol("store"), Symbol("archive")];
const THE_STORE = required(STORE_ITSELF, never);

/** The arguments of a call, all right but one. */
export function argumentsOf(world: World, { call, at, fault }: Partial<BadCall> & { call: Call }) {
  const args = call.arguments.map(({ good }, place) => (place === at ? fault?.value : good));
  // What is left out at the end is not there at all.
  while (args.length > 0 && args.at(-1) === undefined && args.length - 1 !== at) args.pop();
  return args.map((value) =>
    value === STORE_ITSELF ? world.store : value === ARCHIVE ? world.archive : value,
  );
}

function method(of: string, name: string, args: readonly Argument[], sync = false): Call {
  return {
    name: `${of}.${name}`,
    sync,
    arguments: args,
    make: (world, given) => {
      const owner = world[of] as Record<string, (...args: readonly unknown[]) => unknown>;
      return (owner[name] as (typeof owner)[string])(...given);
    },
  };
}

function exported(
  name: string,
  call: (...args: never[]) => unknown,
  args: readonly Argument[],
  sync = false,
): Call {
  const make = (_: World, given: readonly unknown[]) =>
    (call as (...args: unknown[]) => unknown)(...given);
  return { name, sync, arguments: args, make };
}

const storeCalls: readonly Call[] = [
  method("store", "get", [CANONICAL, options(GET)]),
  method("store", "getSync", [CANONICAL, NONE], true),
  method("store", "getMany", [required([HERE], list(text)), options(GET)]),
  method("store", "getText", [CANONICAL, options(GET)]),
  method("store", "entry", [CANONICAL, options(GET)]),
  method("store", "metadata", [CANONICAL, NONE]),
  method("store", "has", [CANONICAL, NONE]),
  method("store", "put", [required({ url: "http://x/P" }, never), options(PUT)]),
  method("store", "putText", [required('{"url":"http://x/P"}', never), options(PUT)]),
  method("store", "putBytes", [
    required(new TextEncoder().encode('{"url":"http://x/P"}'), never),
    options(PUT),
  ]),
  method("store", "putMany", [ITEM, options({ durable: flag })]),
  method("store", "update", [CANONICAL, required((value: unknown) => value, fn), options(UPDATE)]),
  method("store", "convert", [
    required(DEFINITION, never),
    options({ source: text, tags: list(text), cost: whole(1, 0xffff_ffff), durable: flag }),
  ]),
  method("store", "delete", [{ ...CANONICAL, good: "http://x/None" }, NONE]),
  method("store", "list", [options(FILTER)]),
  method("store", "clear", [options(FILTER, { tag: "none" })]),
  method("store", "export", [options(FILTER)], true),
  method("store", "import", [
    required(ARCHIVE, never),
    options({ conflicts: among("keep", "replace") }),
  ]),
  ...["size", "flush", "refresh", "stats"].map((name) => method("store", name, [NONE])),
  method("store", "health", [NONE], true),
  method(
    "store",
    "trim",
    [argument(0, (value) => typeof value === "number" && value >= 0), NONE],
    true,
  ),
  method("store", "pin", [CANONICAL, NONE]),
  method("store", "unpin", [CANONICAL, NONE]),
  method("store", "lease", [required([HERE], list(text)), options({ closure, signal })]),
  method("store", "warm", [
    options({ top: whole(0, 1_000_000), canonicals: list(text), closure, signal }),
  ]),
  method(
    "store",
    "on",
    [required("put", among(...EVENTS, "error")), required(() => {}, fn), NONE],
    true,
  ),
  method("store", "watch", [CANONICAL, required(() => {}, fn), NONE], true),
  method("lease", "get", [CANONICAL, NONE]),
  method("lease", "getSync", [CANONICAL, NONE], true),
];

const key = required("k", text);

/** Other drivers may know other names. */
const DRIVER_OPTIONS = wrongIf(
  { ttl: 1, other: true },
  [null, 0, -1, Number.NaN, "1", true, {}, []].map((ttl) => ({ ttl })),
);

const bridgeCalls: readonly Call[] = [
  method("keyv", "get", [key]),
  method("keyv", "getMany", [required(["k"], list(text))]),
  method("keyv", "set", [
    key,
    JSON_VALUE,
    argument(1, (ttl) => among(0, Infinity)(ttl) || above0(ttl)),
  ]),
  method("keyv", "has", [key]),
  method("keyv", "delete", [key]),
  method("keyv", "iterator", [argument("space", text)], true),
  method("driver", "hasItem", [key]),
  method("driver", "getItem", [key]),
  method("driver", "getItems", [required([{ key: "k" }], list(never))]),
  method("driver", "setItem", [key, JSON_VALUE, DRIVER_OPTIONS]),
  method("driver", "removeItem", [key]),
  method("driver", "getMeta", [key]),
  method("driver", "getKeys", [argument("k", text)]),
  method("driver", "clear", [argument("k", text)]),
  method("driver", "watch", [required(() => {}, fn)], true),
];

/** What `schemasFor` returns. */
const SCHEMAS: validation.ProfileSchemas = {
  canonical: HERE,
  merged: { url: HERE },
  schemas: new Map(),
  types: new Map(),
  targets: new Map(),
  missing: [],
};

const STORAGE = { setItemRaw() {}, getMount: () => ({ driver: {} }) };

const exportCalls: readonly Call[] = [
  exported("openSchemaStore", main.openSchemaStore, [options(STORE, { strategy: "memory" })]),
  exported("parseCanonical", main.parseCanonical, [CANONICAL], true),
  exported("defaultDirectory", main.defaultDirectory, [NONE], true),
  exported("openSchemaStore of /inline", inline.openSchemaStore, [
    options(STORE, { strategy: "memory" }),
  ]),
  exported("fhirSchemaConverter", convert.fhirSchemaConverter, [NONE], true),
  exported("fhirSchemaConverter of /inline", inline.fhirSchemaConverter, [NONE], true),
  exported("noConverter", convert.noConverter, [NONE], true),
  exported("schemaDependencies", convert.schemaDependencies, [required({}, isPlain)]),
  exported("openPackage", convert.openPackage, [
    required(PACKAGE, never),
    options({ fileName: filled }),
  ]),
  exported("openPackagePath", convert.openPackagePath, [required(".", text), NONE]),
  exported("incompletePackages", convert.incompletePackages, [THE_STORE, NONE]),
  exported("savePackage", convert.savePackage, [
    THE_STORE,
    required(PACKAGE, never),
    options({ signal, onProgress: fn, tags: list(text), source: label }),
  ]),
  exported("savePackages", convert.savePackages, [
    THE_STORE,
    required([], Array.isArray),
    options({ signal, onProgress: fn, tags: list(text) }),
  ]),
  exported("schemasFor", validation.schemasFor, [
    THE_STORE,
    CANONICAL,
    options({ also: list(text), references: flag, thawed: flag, signal }),
  ]),
  exported(
    "validate",
    validation.validate,
    [required(SCHEMAS, never), required({}, isPlain), options({ valueSets: fn })],
    true,
  ),
  exported("forAtomicValidator", validation.forAtomicValidator, [required(SCHEMAS, never)], true),
  exported("withSetMethods", validation.withSetMethods, [required(() => {}, fn)], true),
  exported("memoryAdapter", memoryAdapter, [argument(new MemoryPlace(), never), NONE], true),
  exported("fsAdapter", fsAdapter, [required("somewhere", filled), NONE], true),
  exported(
    "indexedDbAdapter",
    indexedDbAdapter,
    [argument("somewhere", filled), options({ deadlineMs: whole(1, 0x7fff_ffff) })],
    true,
  ),
  exported("keyvAdapter", keyvAdapter, [THE_STORE, options(BRIDGE)], true),
  exported("unstorageDriver", unstorageDriver, [THE_STORE, options(BRIDGE)], true),
  exported(
    "unstorageAdapter",
    unstorageAdapter,
    [
      required(STORAGE, never),
      options({ base: (value) => text(value) && /^[\w-]+(:[\w-]+)*$/.test(value as string) }),
    ],
    true,
  ),
  exported(
    "adapterContract",
    adapterContract,
    [
      // A RegExp has a method of that name.
      required({ test() {} }, (value) => value instanceof RegExp),
      options(
        { name: filled, core: never, newPlace: fn },
        { name: "mine", core: await loadCore(), newPlace: () => () => memoryAdapter() },
      ),
    ],
    true,
  ),
];

const converterCalls: readonly Call[] = [
  method("converter", "convert", [required(DEFINITION, isPlain)]),
  method("package", "resources", [argument("StructureDefinition", text)], true),
];

/** All of them. */
export const CALLS: readonly Call[] = [
  ...storeCalls,
  ...bridgeCalls,
  ...converterCalls,
  ...exportCalls,
];

/** A call with one wrong argument. */
export interface BadCall {
  readonly call: Call;
  /** Which argument it is. */
  readonly at: number;
  readonly fault: Fault;
}

/** Every call with every likely fault of every argument; the others are right. */
export const likelyCalls: readonly BadCall[] = CALLS.flatMap((call) =>
  call.arguments.flatMap(({ likely }, at) => likely.map((fault) => ({ call, at, fault }))),
);

/** Calls of all kinds, each with one wrong argument. */
export const randomCalls: fc.Arbitrary<BadCall> = fc.oneof(
  ...CALLS.map((call) =>
    fc.oneof(
      ...call.arguments.map(({ random }, at) => random.map((fault) => ({ call, at, fault }))),
    ),
  ),
);
