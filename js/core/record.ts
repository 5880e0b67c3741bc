/**
 * The wide records that cross to the core: one string each, its fields separated by NUL.
 * `src/wasm/records.rs` is the other side of this file and says how they are laid out.
 */

import { SchemaStoreError } from "../errors.js";
import { show } from "../rules.js";
import type { Dependency, DependencyKind, Metadata, Origin } from "../types.js";
import { KINDS, ORIGINS } from "./wall.js";

const SEPARATOR = "\0";
/** Texts both records have, in the order in which they cross. */
export const TEXTS = [
  "name",
  "title",
  "description",
  "type",
  "kind",
  "derivation",
  "base",
  "status",
  "fhirVersion",
  "etag",
] as const;

/** Members at the head of the record of a row, in the order in which they cross. */
const MEMBERS = [
  "layer",
  "url",
  "version",
  "source",
  "contentHash",
  "size",
  "accessCount",
  "createdAt",
  "updatedAt",
  "expiresAt",
  "staleUntil",
  "origin",
  "sourceHash",
  "converter",
  "convertedAt",
  "cost",
  ...TEXTS,
];
/** Which of them are numbers. */
const NUMERIC = MEMBERS.map((member) => /layer|size|cost|Count|At$|Until/.test(member));

/** What a put says of an entry. Times are milliseconds since 1970. */
export interface PutRecord extends Partial<Record<(typeof TEXTS)[number], string | undefined>> {
  readonly url: string;
  readonly version: string;
  readonly source: string;
  readonly now: number;
  readonly expiresAt: number | undefined;
  readonly staleUntil: number | undefined;
  readonly origin: Origin;
  readonly sourceHash: string | undefined;
  readonly converter: string | undefined;
  readonly convertedAt: number | undefined;
  readonly cost: number | undefined;
  readonly tags: readonly string[];
  readonly dependencies: readonly Dependency[];
}

/** `url|version` of what is put, or `url`. */
export function canonicalOf({ url, version }: Pick<PutRecord, "url" | "version">): string {
  return version ? `${url}|${version}` : url;
}

/** The record of a put. INVALID_VALUE for a member of the wrong type, or with a NUL in it. */
export function encodePut(put: PutRecord): string {
  let record = "0";
  const add = (field: string) => {
    if (field.includes(SEPARATOR)) {
      throw invalid(`metadata ${JSON.stringify(field)} holds a NUL character`, put.url);
    }
    record += SEPARATOR + field;
  };
  add(put.url);
  add(put.version);
  add(put.source);
  add(whole(put.now));
  add(whole(put.expiresAt));
  add(whole(put.staleUntil));
  add(digit(ORIGINS, put.origin, "origin"));
  add(text(put.sourceHash, "sourceHash"));
  add(text(put.converter, "converter"));
  add(whole(put.convertedAt));
  add(whole(put.cost));
  for (const member of TEXTS) add(text(put[member], member));
  const tags = listOf(put.tags, "tags", (tag) => typeof tag === "string");
  add(String(tags.length));
  tags.forEach(add);
  for (const { kind, target } of listOf(put.dependencies, "dependencies", isDependency)) {
    add(digit(KINDS, kind, "dependencies") + target);
  }
  return record;
}

/** What of the metadata is not in the record of a put. */
export interface Stored {
  readonly contentHash: string;
  readonly size: number;
  readonly createdAt: number;
  readonly accessCount: number;
}

/** The metadata of a row that was just put, as `decodeMetadata` would tell it. */
export function metadataOf(put: PutRecord, stored: Stored): Metadata {
  const sourceHash = put.sourceHash?.toLowerCase();
  const members = { ...put, ...stored, layer: 0, sourceHash, updatedAt: put.now };
  return metadataFrom(members, put.tags, put.dependencies);
}

/** Metadata from its record; what is empty there is absent here. */
export function decodeMetadata(record: string): Metadata {
  const fields = record.split(SEPARATOR);
  const members: Record<string, unknown> = {};
  MEMBERS.forEach((member, at) => {
    members[member] = fields[at];
  });
  members["origin"] = ORIGINS[Number(members["origin"])];
  const end = MEMBERS.length + 1 + Number(fields[MEMBERS.length]);
  const dependencies = fields.slice(end).map((edge) => ({
    kind: KINDS[Number(edge[0])] as DependencyKind,
    target: edge.slice(1),
  }));
  return metadataFrom(members, fields.slice(MEMBERS.length + 1, end), dependencies);
}

/** Takes the members of metadata, except empty ones. */
function metadataFrom(
  members: Readonly<Record<string, unknown>>,
  tags: readonly string[],
  dependencies: readonly Dependency[],
): Metadata {
  const known: Record<string, unknown> = { canonical: "" };
  MEMBERS.forEach((member, at) => {
    const value = members[member];
    if (value === undefined || value === "") return;
    known[member] = NUMERIC[at] ? Number(whole(Number(value))) : value;
  });
  const version = String(known["version"] ?? "");
  known["canonical"] = canonicalOf({ url: String(known["url"]), version });
  known["tags"] = [...tags];
  known["dependencies"] = dependencies.map(({ kind, target }) => ({ kind, target }));
  return known as unknown as Metadata;
}

function text(value: unknown, member: string): string {
  if (value === undefined) return "";
  if (typeof value === "string") return value;
  throw invalid(`${member} ${show(value)} is not a string`, member);
}

function whole(value: number | undefined): string {
  return value === undefined ? "" : String(Math.max(0, Math.trunc(value)));
}

function digit<T>(names: readonly T[], name: T, member: string): string {
  const index = names.indexOf(name);
  if (index >= 0) return String(index);
  throw invalid(`${member} ${show(name)} is not one of ${names.join(", ")}`, member);
}

function listOf<T>(
  list: readonly T[],
  member: string,
  accepts: (item: T) => boolean,
): readonly T[] {
  if (Array.isArray(list) && list.every(accepts)) return list;
  throw invalid(`${member} must be a list, and each item of the right type`, member);
}

function isDependency(edge: Dependency): boolean {
  return typeof edge === "object" && edge !== null && typeof edge.target === "string";
}

function invalid(message: string, key: string): SchemaStoreError {
  return new SchemaStoreError("INVALID_VALUE", message, { key });
}
