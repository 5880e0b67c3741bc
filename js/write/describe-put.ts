/** Combines a body's own members and the options of its put into the record that the core packs. */

import { END_OF_TIME } from "../arguments/calls.js";
import { type CheckedOptions, HOUR_MS } from "../arguments/options.js";
import { type PutRecord, TEXTS } from "../core/record.js";
import { SchemaStoreError } from "../errors.js";
import { check } from "../rules.js";
import type { JsonObject, PutOptions } from "../types.js";

/** `ttl` beside `ttlHours`. */
const ALONE = { range: "given without ttlHours", accepts: () => false };
/** Longest source, in UTF-16 units: with URL and version it must fit the host's row key. */
const MAX_SOURCE = 1024;

/** Joins the members of a body with the options of its put; the options win. INVALID_KEY, INVALID_VALUE. */
export function describe(
  body: JsonObject,
  options: PutOptions,
  { now, ...store }: CheckedOptions,
): PutRecord {
  const texts: Partial<Record<Text, string>> = {};
  for (const member of TEXTS) {
    const text = options[member] ?? body[member];
    // JSON can hold a lone surrogate, what is told of it cannot.
    if (typeof text === "string") texts[member] = text.toWellFormed();
  }
  const { sourceHash, converter, convertedAt, cost, etag } = options;
  return {
    url: identity(options.url ?? body["url"], "url"),
    version: identity(options.version ?? body["version"] ?? "", "version"),
    source: sourceOf(options),
    ...lifeOf(options, store, now()),
    origin: options.origin ?? "user",
    tags: options.tags ?? [],
    dependencies: options.dependencies ?? [],
    ...texts,
    sourceHash,
    converter,
    convertedAt,
    cost,
    // Of the entry, not of its text.
    etag,
  };
}

/**
 * When an entry is put, hidden and deleted. A user's own entry in a durable store is deleted only if its
 * put limits its life: what cannot be obtained again does not expire by itself. INVALID_VALUE.
 */
function lifeOf(
  { ttl, ttlHours, origin = "user" }: PutOptions,
  store: Omit<CheckedOptions, "now">,
  now: number,
): Pick<PutRecord, "now" | "expiresAt" | "staleUntil"> {
  if (ttl !== undefined && ttlHours !== undefined) check(ttl, ALONE, "ttl");
  const hours = ttlHours ?? store.ttlHours;
  const life = ttl ?? (hours === undefined ? undefined : hours * HOUR_MS);
  if (life === undefined) return { now, expiresAt: undefined, staleUntil: undefined };
  const said = ttl !== undefined || ttlHours !== undefined;
  const leaves = said || origin !== "user" || store.strategy === "memory";
  const grace = (store.graceHours ?? 0) * HOUR_MS;
  return {
    now,
    expiresAt: Math.min(now + life, END_OF_TIME),
    staleUntil: leaves ? Math.min(now + life + grace, END_OF_TIME) : undefined,
  };
}

type Text = (typeof TEXTS)[number];

function sourceOf({ source = "" }: PutOptions): string {
  if (source.length > MAX_SOURCE) {
    const message = `source ${source.slice(0, 40)}... is longer than ${MAX_SOURCE} characters`;
    throw new SchemaStoreError("INVALID_KEY", message, { key: "source" });
  }
  return identity(source, "source");
}

function identity(part: unknown, member: string): string {
  if (part === undefined) {
    throw new SchemaStoreError("INVALID_KEY", `the entry has no ${member}`, { key: member });
  }
  if (typeof part !== "string") {
    const message = `${member} ${JSON.stringify(part)} is not a string`;
    throw new SchemaStoreError("INVALID_KEY", message, { key: member });
  }
  if (!part.isWellFormed()) {
    const message = `${member} ${JSON.stringify(part)} holds a lone surrogate`;
    throw new SchemaStoreError("INVALID_KEY", message, { key: part });
  }
  return part;
}
