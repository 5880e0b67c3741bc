/** What the log keeps in a storage: its records as JSON, its bodies as bytes. */

import { copyOf } from "../../bytes.js";
import { SchemaStoreError } from "../../errors.js";
import type { HostRow } from "../../host.js";

/** Version of the records; a newer one is refused. */
const FORMAT = 1;

/** What is called of a storage; structural, so that these types need no unstorage. */
export interface UnstorageStorage {
  getItem(key: string): Promise<unknown>;
  setItem(key: string, value: string): Promise<void>;
  getItemRaw(key: string): Promise<unknown>;
  setItemRaw(key: string, value: Uint8Array): Promise<void>;
  removeItem(key: string): Promise<void>;
  getKeys(base?: string): Promise<string[]>;
  getMount?(key: string): { driver: { name?: string } };
}

/** A row with the length of its body. */
export interface LogRow extends HostRow {
  readonly size: number;
}

/** One commit, or all rows as they were at a token. */
export interface LogRecord {
  readonly storeId: string;
  /** Of a record that was left: the last commit its writer knew of. */
  readonly token?: number;
  readonly put: readonly LogRow[];
  readonly delete: readonly Uint8Array[];
}

/** JSON that is no longer valid if its end is missing. */
export function writeRecord({ storeId, token, put, delete: gone }: LogRecord): string {
  const rows = put.map(({ key, url, hash, meta, revision, size }) => [
    ...[key, hash, meta].map(base64),
    url,
    revision,
    size,
  ]);
  return JSON.stringify({ format: FORMAT, storeId, token, put: rows, delete: gone.map(base64) });
}

/** The record in what `getItem` returned; undefined if it is none. FORMAT_TOO_NEW. */
export function readRecord(item: unknown, name: string): LogRecord | undefined {
  if (typeof item !== "object" || item === null) return undefined;
  const { format, storeId, token, put, delete: gone } = item as Record<string, unknown>;
  if (typeof format === "number" && format > FORMAT) {
    const message = `unstorage: ${name} has format ${format}, this version reads ${FORMAT}`;
    throw new SchemaStoreError("FORMAT_TOO_NEW", message, { key: name });
  }
  if (typeof storeId !== "string" || !Array.isArray(put) || !Array.isArray(gone)) return undefined;
  try {
    const written = typeof token === "number" ? { token } : {};
    return { storeId, ...written, put: put.map(readRow), delete: gone.map(bytesOf) };
  } catch {
    return undefined;
  }
}

/** The bytes in what `getItemRaw` returned, a copy; undefined if there are none. CORRUPT. */
export function readBody(item: unknown, name: string): Uint8Array | undefined {
  if (item === null || item === undefined) return undefined;
  if (item instanceof Uint8Array) return copyOf(item);
  if (item instanceof ArrayBuffer) return new Uint8Array(item.slice(0));
  const message = `unstorage: ${name} is ${typeof item}, not bytes`;
  throw new SchemaStoreError("CORRUPT", message, { key: name });
}

/** Lower-case hex, which every driver keeps apart. */
export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function readRow(row: [unknown, unknown, unknown, string, number, number]): LogRow {
  const [key, hash, meta, url, revision, size] = row;
  if (typeof url !== "string" || !Number.isInteger(revision) || !Number.isInteger(size)) {
    throw new TypeError("the row is malformed");
  }
  return { key: bytesOf(key), hash: bytesOf(hash), meta: bytesOf(meta), url, revision, size };
}

function base64(bytes: Uint8Array): string {
  let characters = "";
  for (const byte of bytes) characters += String.fromCharCode(byte);
  return btoa(characters);
}

function bytesOf(text: unknown): Uint8Array {
  return Uint8Array.from(atob(text as string), (character) => character.charCodeAt(0));
}
