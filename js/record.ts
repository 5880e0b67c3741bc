/**
 * The wide records that cross to the core: one string each, its fields separated by NUL.
 * `src/wasm/records.rs` is the other side of this file and says how they are laid out.
 */

import { SchemaStoreError } from "./errors.js";
import type { Dependency, DependencyKind, Metadata, Origin } from "./types.js";

const SEPARATOR = "\0";
const ORIGINS: readonly Origin[] = ["user", "package", "converted", "resolver"];
const KINDS: readonly DependencyKind[] = [
  "base",
  "type",
  "reference",
  "extension",
  "binding",
  "slice",
  "other",
];

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

/** What a put says of an entry. Times are milliseconds since 1970. */
export interface PutRecord extends Partial<Record<(typeof TEXTS)[number], string | undefined>> {
  readonly url: string;
  readonly version: string;
  readonly source: string;
  readonly now: number;
  readonly expiresAt: number | undefined;
  readonly origin: Origin;
  readonly sourceHash: string | undefined;
  readonly converter: string | undefined;
  readonly convertedAt: number | undefined;
  readonly tags: readonly string[];
  readonly dependencies: readonly Dependency[];
}

/** The record of a put. INVALID_VALUE for a member of the wrong type, or with a NUL in it. */
export function encodePut(put: PutRecord): string {
  const tags = listOf(put.tags, "tags", (tag) => typeof tag === "string");
  const edges = listOf(put.dependencies, "dependencies", isDependency);
  const fields = [
    "0",
    put.url,
    put.version,
    put.source,
    whole(put.now),
    whole(put.expiresAt),
    digit(ORIGINS, put.origin, "origin"),
    text(put.sourceHash, "sourceHash"),
    text(put.converter, "converter"),
    whole(put.convertedAt),
    ...TEXTS.map((member) => text(put[member], member)),
    String(tags.length),
    ...tags,
    ...edges.map(({ kind, target }) => digit(KINDS, kind, "dependencies") + target),
  ];
  const record = fields.join(SEPARATOR);
  if (record.split(SEPARATOR).length === fields.length) return record;
  const field = fields.find((field) => field.includes(SEPARATOR)) as string;
  throw invalid(`metadata ${JSON.stringify(field)} holds a NUL character`, put.url);
}

/** Metadata from its record; what is empty there is absent here. */
export function decodeMetadata(record: string): Metadata {
  const fields = record.split(SEPARATOR);
  let at = 0;
  const next = () => fields[at++] ?? "";
  const number = () => Number(next());
  const known: Record<string, unknown> = {};
  const note = (member: string, value: string | number) => {
    if (value !== "") known[member] = value;
  };
  const noteNumber = (member: string, field: string) => note(member, field && Number(field));

  const layer = number();
  const url = next();
  const version = next();
  note("version", version);
  note("source", next());
  const contentHash = next();
  const size = number();
  const accessCount = number();
  const createdAt = number();
  const updatedAt = number();
  noteNumber("expiresAt", next());
  noteNumber("staleUntil", next());
  const origin = ORIGINS[number()] as Origin;
  note("sourceHash", next());
  note("converter", next());
  noteNumber("convertedAt", next());
  for (const member of TEXTS) note(member, next());
  const tags = fields.slice(at + 1, at + 1 + number());
  const edges = fields.slice(at + tags.length);
  return {
    canonical: version === "" ? url : `${url}|${version}`,
    url,
    layer,
    ...known,
    tags,
    origin,
    contentHash,
    size,
    createdAt,
    updatedAt,
    accessCount,
    dependencies: edges.map((edge) => ({
      kind: KINDS[Number(edge[0])] as DependencyKind,
      target: edge.slice(1),
    })),
  };
}

function text(value: unknown, member: string): string {
  if (value === undefined) return "";
  if (typeof value === "string") return value;
  throw invalid(`${member} ${String(value)} is no string`, member);
}

function whole(value: number | undefined): string {
  return value === undefined ? "" : String(Math.max(0, Math.trunc(value)));
}

function digit<T>(names: readonly T[], name: T, member: string): string {
  const index = names.indexOf(name);
  if (index >= 0) return String(index);
  throw invalid(`${member} ${String(name)} is none of ${names.join(", ")}`, member);
}

function listOf<T>(
  list: readonly T[],
  member: string,
  accepts: (item: T) => boolean,
): readonly T[] {
  if (Array.isArray(list) && list.every(accepts)) return list;
  throw invalid(`${member} is not a list of what it must hold`, member);
}

function isDependency(edge: Dependency): boolean {
  return typeof edge === "object" && edge !== null && typeof edge.target === "string";
}

function invalid(message: string, key: string): SchemaStoreError {
  return new SchemaStoreError("INVALID_VALUE", message, { key });
}
