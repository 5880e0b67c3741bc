/** What the calls of a store may be given: a rule for every member of every options object. */

import { KINDS, ORIGINS } from "../core/wall.js";
import { SchemaStoreError } from "../errors.js";
import {
  check,
  checkGiven,
  integer,
  listOf,
  type OptionRule,
  oneOf,
  type Rules,
  SIGNAL,
  SPAN,
  STRING,
  SWITCH,
  TEXT,
} from "../rules.js";
import type {
  ConvertOptions,
  Dependency,
  Filter,
  GetOptions,
  ImportOptions,
  LeaseOptions,
  PutItem,
  PutManyOptions,
  PutOptions,
  UpdateOptions,
  WarmOptions,
} from "../types.js";

/** The last time a `Date` can hold. */
export const END_OF_TIME = 8.64e15;

/** A part of what names an entry; the rest is checked where it is stored. */
const KEY: OptionRule = { ...STRING, code: "INVALID_KEY" };
const TAGS = listOf("strings without lone surrogates", TEXT.accepts);
const COST = integer(1, 0xffff_ffff);
const TIME: OptionRule = {
  range: `milliseconds since 1970, from 0 to ${END_OF_TIME}`,
  accepts: (value) => typeof value === "number" && value >= 0 && value <= END_OF_TIME,
};
const SOURCE_HASH: OptionRule = {
  range: "a SHA-256 of 64 hex digits",
  accepts: (value) => typeof value === "string" && /^[0-9a-f]{64}$/i.test(value),
};
/** Checked where it is stored. */
const CONTENT: OptionRule = { range: "what can be stored", accepts: () => true };
const HASH_OR_NULL: OptionRule = {
  range: "a content hash or null",
  accepts: (value) => value === null || typeof value === "string",
};
const AGE: OptionRule = {
  range: "a finite number of at least 0",
  accepts: (value) => Number.isFinite(value) && (value as number) >= 0,
};
const KIND = oneOf(...KINDS);
/** Those in it are checked one by one. */
const CANONICALS: OptionRule = { range: "a list of canonicals", accepts: Array.isArray };
const CLOSURE: OptionRule = {
  range: `true, false or a list of ${KINDS.join(", ")}`,
  accepts: (value) => SWITCH.accepts(value) || listOf("", KIND.accepts).accepts(value),
};

const UPDATE: Rules<UpdateOptions> = {
  durable: SWITCH,
  tags: TAGS,
  source: KEY,
  url: KEY,
  version: KEY,
  name: TEXT,
  title: TEXT,
  description: TEXT,
  type: TEXT,
  kind: TEXT,
  derivation: TEXT,
  base: TEXT,
  status: TEXT,
  fhirVersion: TEXT,
  origin: oneOf(...ORIGINS),
  sourceHash: SOURCE_HASH,
  converter: TEXT,
  convertedAt: TIME,
  cost: COST,
  etag: TEXT,
  ttl: SPAN,
  ttlHours: SPAN,
  dependencies: listOf(`{ kind, target }, kind ${KIND.range}`, isDependency),
};
const PUT: Rules<PutOptions> = { ...UPDATE, ifHash: HASH_OR_NULL };

/** The rules of each call's options. */
export const RULES: {
  readonly get: Rules<GetOptions>;
  readonly put: Rules<PutOptions>;
  readonly item: Rules<PutItem>;
  readonly putMany: Rules<PutManyOptions>;
  readonly update: Rules<UpdateOptions>;
  readonly convert: Rules<ConvertOptions>;
  readonly filter: Rules<Filter>;
  readonly import: Rules<ImportOptions>;
  readonly lease: Rules<LeaseOptions>;
  readonly warm: Rules<WarmOptions>;
} = {
  get: { signal: SIGNAL, require: SWITCH, allowStale: SWITCH },
  put: PUT,
  item: { ...PUT, value: CONTENT, text: CONTENT, bytes: CONTENT },
  putMany: { durable: SWITCH },
  update: UPDATE,
  convert: { source: KEY, tags: TAGS, cost: COST, durable: SWITCH },
  filter: { urlPrefix: TEXT, package: TEXT, type: TEXT, tag: TEXT, olderThanMs: AGE },
  import: { conflicts: oneOf("keep", "replace") },
  lease: { closure: CLOSURE, signal: SIGNAL },
  warm: {
    top: integer(0, 1_000_000),
    canonicals: CANONICALS,
    closure: CLOSURE,
    signal: SIGNAL,
  },
};

/** Refuses what is not a list of strings. INVALID_VALUE, INVALID_KEY. */
export function checkCanonicals(canonicals: readonly string[]): void {
  check(canonicals, CANONICALS, "canonicals");
  for (const canonical of canonicals) {
    if (typeof canonical === "string") continue;
    const message = `a canonical is a string, not ${typeof canonical}`;
    throw new SchemaStoreError("INVALID_KEY", message, { key: "canonicals" });
  }
}

/** The items of a `putMany`, each checked when its turn comes. INVALID_VALUE. */
export function* checkedItems(items: Iterable<PutItem>): Generator<PutItem> {
  check(items, ITEMS, "items");
  for (const item of items) {
    // Undefined is not an item, although it is allowed as options.
    checkGiven((item ?? null) as PutItem, RULES.item);
    if (CONTENTS.filter((name) => item[name] !== undefined).length > 1) {
      const message = `an item may have only one of ${CONTENTS.join(", ")}`;
      throw new SchemaStoreError("INVALID_VALUE", message, { key: "items" });
    }
    yield item;
  }
}

const CONTENTS = ["value", "text", "bytes"] as const;
const ITEMS: OptionRule = {
  range: "an iterable of items",
  accepts: (value) =>
    typeof value === "object" &&
    value !== null &&
    typeof (value as Partial<Iterable<unknown>>)[Symbol.iterator] === "function",
};

function isDependency(edge: unknown): boolean {
  if (typeof edge !== "object" || edge === null) return false;
  const { kind, target, ...unknown } = edge as Partial<Dependency>;
  return KIND.accepts(kind) && TEXT.accepts(target) && Object.keys(unknown).length === 0;
}
