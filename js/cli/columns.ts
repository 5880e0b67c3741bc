/** What a list of entries can show, and be sorted by. */

import type { Metadata } from "../types.js";
import { readableBytes, readableTime } from "./output.js";

/** One column. */
export interface Column {
  readonly title: string;
  /** Numbers and times: to the right, and the largest first. */
  readonly isNumeric: boolean;
  /** What it shows of an entry; empty if that has no such thing. */
  text(entry: Metadata): string;
  /** The order of two entries, or its reverse; those without such a thing come last in both. */
  compare(left: Metadata, right: Metadata, isReversed: boolean): number;
}

/** The column of a name, whatever its case; undefined if there is none. */
export function columnOf(name: string): Column | undefined {
  const lower = name.trim().toLowerCase();
  return Object.hasOwn(COLUMNS, lower) ? COLUMNS[lower] : undefined;
}

/** The columns, by the names that flags give them. */
export const COLUMNS: Readonly<Record<string, Column>> = {
  canonical: ofText("canonical", (entry) => entry.canonical),
  url: ofText("url", (entry) => entry.url),
  version: ofText("version", (entry) => entry.version),
  name: ofText("name", (entry) => entry.name),
  title: ofText("title", (entry) => entry.title),
  type: ofText("type", (entry) => entry.type),
  kind: ofText("kind", (entry) => entry.kind),
  derivation: ofText("derivation", (entry) => entry.derivation),
  base: ofText("base", (entry) => entry.base),
  status: ofText("status", (entry) => entry.status),
  fhir: ofText("fhir", (entry) => entry.fhirVersion),
  package: ofText("package", (entry) => entry.source),
  origin: ofText("origin", (entry) => entry.origin),
  tags: ofText("tags", (entry) => entry.tags.join(",")),
  size: ofNumber("size", (entry) => entry.size, readableBytes),
  uses: ofNumber("uses", (entry) => entry.accessCount, String),
  created: ofNumber("created", (entry) => entry.createdAt, readableTime),
  updated: ofNumber("updated", (entry) => entry.updatedAt, readableTime),
  expires: ofNumber("expires", (entry) => entry.expiresAt, readableTime),
};

/** Those that are shown where none are named. */
export const DEFAULT_COLUMNS: readonly string[] = ["canonical", "type", "package", "size"];

function ofText(name: string, member: (entry: Metadata) => string | undefined): Column {
  return {
    title: name.toUpperCase(),
    isNumeric: false,
    text: (entry) => member(entry) ?? "",
    compare: (left, right, isReversed) =>
      inOrder(member(left) || undefined, member(right) || undefined, isReversed, (one, other) =>
        one.localeCompare(other, "en"),
      ),
  };
}

function ofNumber(
  name: string,
  member: (entry: Metadata) => number | undefined,
  readable: (number: number) => string,
): Column {
  return {
    title: name.toUpperCase(),
    isNumeric: true,
    text: (entry) => {
      const number = member(entry);
      return number === undefined ? "" : readable(number);
    },
    compare: (left, right, isReversed) =>
      inOrder(member(left), member(right), isReversed, (one, other) => other - one),
  };
}

function inOrder<T>(
  left: T | undefined,
  right: T | undefined,
  isReversed: boolean,
  order: (one: T, other: T) => number,
): number {
  if (left === undefined || right === undefined) {
    return Number(left === undefined) - Number(right === undefined);
  }
  return isReversed ? order(right, left) : order(left, right);
}
