/** What a body says of itself, and what a put says of it, as the record the core packs. */

import { SchemaStoreError } from "./errors.js";
import { type PutRecord, TEXTS } from "./record.js";
import type { JsonObject, PutOptions } from "./types.js";

const HOUR_MS = 3_600_000;
/** Longest source, in UTF-16 units: with URL and version it must fit the host's row key. */
const MAX_SOURCE = 1024;

/** Joins the members of a body with the options of its put; the options win. INVALID_KEY. */
export function describe(
  body: JsonObject,
  options: PutOptions,
  now: number,
  ttlHours: number | undefined,
): PutRecord {
  const texts: Partial<Record<Text, string>> = {};
  for (const member of TEXTS) {
    const text = options[member] ?? body[member];
    if (typeof text === "string") texts[member] = text;
  }
  const { sourceHash, converter, convertedAt, etag } = options;
  const ttl = options.ttlHours ?? ttlHours;
  if (ttl !== undefined && !(Number.isFinite(ttl) && ttl > 0)) {
    const message = `ttlHours is ${ttl}, must be a finite number above 0`;
    throw new SchemaStoreError("INVALID_VALUE", message, { key: "ttlHours" });
  }
  return {
    url: identity(options.url ?? body["url"], "url"),
    version: identity(options.version ?? body["version"] ?? "", "version"),
    source: sourceOf(options),
    now,
    expiresAt: ttl === undefined ? undefined : now + ttl * HOUR_MS,
    origin: options.origin ?? "user",
    tags: options.tags ?? [],
    dependencies: options.dependencies ?? [],
    ...texts,
    sourceHash,
    converter,
    convertedAt,
    // Of the entry, not of its text.
    etag,
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
    const message = `${member} ${JSON.stringify(part)} is no string`;
    throw new SchemaStoreError("INVALID_KEY", message, { key: member });
  }
  if (!part.isWellFormed()) {
    const message = `${member} ${JSON.stringify(part)} holds a lone surrogate`;
    throw new SchemaStoreError("INVALID_KEY", message, { key: part });
  }
  return part;
}
