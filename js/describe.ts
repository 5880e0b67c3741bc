/** What a body says of itself, and what a put says of it, as the record the core packs. */

import { SchemaStoreError } from "./errors.js";
import { isWellFormed } from "./shelf.js";
import type { JsonObject, PutOptions } from "./types.js";

const HOUR_MS = 3_600_000;

/** The `PutRecord` of `src/wasm/records.rs`. */
export interface PutRecord {
  readonly [member: string]: unknown;
  readonly url: string;
  readonly version: string;
  readonly source: string;
}

/** Members of a FHIR artefact that the store takes over under the same name. */
const MEMBERS = ["name", "title", "description", "type", "kind", "derivation", "base", "status"] as const;

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
  const fhirVersion = options.fhirVersion ?? body["fhirVersion"];
  if (typeof fhirVersion === "string") said["fhirVersion"] = fhirVersion;
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
    origin: options.origin ?? "user",
    tags: options.tags ?? [],
    dependencies: options.dependencies ?? [],
    now,
    ...given("sourceHash", options.sourceHash),
    ...given("converter", options.converter),
    ...given("convertedAt", options.convertedAt),
    ...given("etag", options.etag),
    ...given("expiresAt", ttl === undefined ? undefined : now + ttl * HOUR_MS),
  };
}

/** `url|version` of a record, or `url`. */
export function canonicalOf(record: PutRecord): string {
  return record.version === "" ? record.url : `${record.url}|${record.version}`;
}

function identity(part: unknown, member: string): string {
  if (part === undefined) {
    throw new SchemaStoreError("INVALID_KEY", `the entry has no ${member}`, { key: member });
  }
  if (typeof part !== "string") {
    const message = `${member} ${JSON.stringify(part)} is no string`;
    throw new SchemaStoreError("INVALID_KEY", message, { key: member });
  }
  if (!isWellFormed(part)) {
    const message = `${member} ${JSON.stringify(part)} holds a lone surrogate`;
    throw new SchemaStoreError("INVALID_KEY", message, { key: part });
  }
  return part;
}

function given(name: string, value: unknown): Record<string, unknown> {
  return value === undefined ? {} : { [name]: value };
}
