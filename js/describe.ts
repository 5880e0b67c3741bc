/** What a body says of itself, and what a put says of it, as the record the core packs. */

import { SchemaStoreError } from "./errors.js";
import type { PutRecord } from "./record.js";
import type { JsonObject, PutOptions } from "./types.js";

const HOUR_MS = 3_600_000;
/** Longest source, in UTF-16 units: with URL and version it must fit the host's row key. */
const MAX_SOURCE = 1024;

/** Members of a FHIR artefact that the store takes over under the same name. */
const MEMBERS = [
  "name",
  "title",
  "description",
  "type",
  "kind",
  "derivation",
  "base",
  "status",
  "fhirVersion",
] as const;

/** Joins the members of a body with the options of its put; the options win. INVALID_KEY. */
export function describe(
  body: JsonObject,
  options: PutOptions,
  now: number,
  ttlHours: number | undefined,
): PutRecord {
  const said: Record<string, string> = {};
  for (const member of MEMBERS) {
    const text = options[member] ?? body[member];
    if (typeof text === "string") said[member] = text;
  }
  const { sourceHash, converter, convertedAt, etag } = options;
  const ttl = options.ttlHours ?? ttlHours;
  if (ttl !== undefined && !(Number.isFinite(ttl) && ttl > 0)) {
    const message = `ttlHours is ${ttl}, must be a finite number above 0`;
    throw new SchemaStoreError("INVALID_VALUE", message, { key: "ttlHours" });
  }
  return {
    ...said,
    url: identity(options.url ?? body["url"], "url"),
    version: identity(options.version ?? body["version"] ?? "", "version"),
    source: identity(options.source ?? "", "source"),
    now,
    expiresAt: ttl === undefined ? undefined : now + ttl * HOUR_MS,
    origin: options.origin ?? "user",
    tags: options.tags ?? [],
    dependencies: options.dependencies ?? [],
    sourceHash,
    converter,
    convertedAt,
    etag,
  };
}

/** `url|version` of a record, or `url`. */
export function canonicalOf(record: PutRecord): string {
  return record.version === "" ? record.url : `${record.url}|${record.version}`;
}

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
