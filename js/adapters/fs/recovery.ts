/** Builds the state of the log from the files of a directory, when it is opened and later. */

import { chmodSync, existsSync, mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { isSame } from "../../bytes.js";
import { SEGMENT_HEADER, SEGMENT_OWN, SEGMENT_SEALED, STORE_ID } from "../../core/wall.js";
import { SchemaStoreError } from "../../errors.js";
import type { Glue } from "../../load/glue.js";
import {
  diskError,
  errno,
  type Files,
  FORMAT,
  generationOf,
  isOfSystem,
  isOurs,
  isSegment,
} from "./files.js";
import { randomBytes } from "./random.js";

/** Mode of a directory; the files in it are for its owner alone as well. */
const PRIVATE = 0o700;
const OTHERS_WRITE = 0o002;

/** The log's state in Wasm; the methods are those of `src/wasm/log_handle.rs`. */
export type LogHandle = InstanceType<Glue["LogHandle"]>;

/**
 * The identity of the store in a directory; the directory becomes a store where it is empty, by default of an identity
 * of its own. A FORMAT file that is damaged or missing is made again if all segment headers that hold name one store.
 */
export function identify(
  files: Files,
  glue: Glue,
  ofNew: Uint8Array = randomBytes(STORE_ID),
): Uint8Array {
  const id = identityOf(files, glue, makeDirectory(files), ofNew);
  // Not before: until here it may be somebody else's.
  tighten(files.directory);
  return id;
}

function identityOf(
  files: Files,
  glue: Glue,
  names: readonly string[],
  ofNew: Uint8Array,
): Uint8Array {
  if (!names.includes(FORMAT)) return identifyWithout(files, glue, names, ofNew);
  try {
    return glue.unpackFormat(files.read(FORMAT));
  } catch (error) {
    const id = errno(error) === "CORRUPT" ? storeOfSegments(files, glue, names) : undefined;
    if (id === undefined) throw error;
    files.replace(FORMAT, glue.packFormat(id));
    return id;
  }
}

/** The same without a FORMAT file. */
function identifyWithout(
  files: Files,
  glue: Glue,
  names: readonly string[],
  ofNew: Uint8Array,
): Uint8Array {
  refuseForeign(files.directory, names);
  const isNew = holdsNoCommit(files, names);
  const id = isNew ? ofNew : storeOfSegments(files, glue, names);
  if (id === undefined) {
    const { directory } = files;
    const what = `${directory} holds segments, but the FORMAT file that names their store is missing`;
    throw new SchemaStoreError("CORRUPT", what, { key: directory });
  }
  if (!files.publishOnce(FORMAT, glue.packFormat(id))) {
    return glue.unpackFormat(files.read(FORMAT));
  }
  // Segments that a power cut has left of a store that was never completed.
  if (isNew) for (const name of names.filter(isSegment)) files.remove(name);
  return id;
}

/** The store that every segment header that holds names; undefined where there is none, or several. */
function storeOfSegments(
  files: Files,
  glue: Glue,
  names: readonly string[],
): Uint8Array | undefined {
  let id: Uint8Array | undefined;
  for (const name of names.filter(isSegment)) {
    const header = unlessGone(() => files.readFrom(name, 0, SEGMENT_HEADER));
    const found = header && glue.storeOfSegment(name, header);
    if (found === undefined) continue;
    if (id !== undefined && !isSame(id, found)) return undefined;
    id = found;
  }
  return id;
}

/** Whether nothing of a store is in a directory, or there is none. */
export function isVacant(files: Files): boolean {
  const names = unlessGone(() => files.list()) ?? [];
  return !names.some((name) => name === FORMAT || isSegment(name) || generationOf(name) > 0);
}

/** Builds the state of a fresh log: the newest snapshot that holds, then what it does not cover. */
export function load(files: Files, log: LogHandle): void {
  const snapshots = files.list().filter((name) => generationOf(name) > 0);
  snapshots.sort((one, other) => generationOf(other) - generationOf(one));
  for (const name of snapshots) {
    const bytes = unlessGone(() => files.read(name));
    if (bytes !== undefined && log.load(bytes)) break;
  }
  if (refresh(files, log) === "torn") {
    // The snapshot knew something in a segment that has gone: it may lie elsewhere, unlisted.
    log.rewind();
    refresh(files, log);
  }
  log.startCounting();
}

/**
 * Takes in what others have written since: whether there was anything, or even something live was
 * in a segment that has gone, and is in no other.
 */
export function refresh(files: Files, log: LogHandle): "same" | "changed" | "torn" {
  const segments = files.list().filter(isSegment).sort();
  let changed = false;
  for (const name of segments) {
    const slot = log.segment(name);
    if (slot === undefined || log.status(slot) & (SEGMENT_OWN | SEGMENT_SEALED)) continue;
    if (unlessGone(() => readOn(files, log, slot, name))) changed = true;
  }
  const present = new Set(segments);
  let torn = false;
  for (const slot of log.present()) {
    const unborn = log.status(slot) & SEGMENT_OWN && log.scanned(slot) === SEGMENT_HEADER;
    if (!unborn && !present.has(log.name(slot)) && log.forget(slot)) torn = true;
  }
  return torn ? "torn" : changed ? "changed" : "same";
}

function readOn(files: Files, log: LogHandle, slot: number, name: string): boolean {
  const scanned = log.scanned(slot);
  if (scanned > SEGMENT_HEADER) {
    const bytes = files.readFrom(name, scanned);
    return bytes.length > 0 && log.scan(slot, bytes);
  }
  const bytes = files.readFrom(name, 0);
  log.checkHeader(slot, bytes.slice(0, SEGMENT_HEADER));
  return bytes.length > SEGMENT_HEADER && log.scan(slot, bytes.subarray(SEGMENT_HEADER));
}

/** What `read` returns, or undefined if another process has deleted the file meanwhile. */
export function unlessGone<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (errno(error) === "ENOENT") return undefined;
    throw error;
  }
}

function makeDirectory(files: Files): string[] {
  const { directory } = files;
  try {
    makePath(directory);
    return files.list();
  } catch (error) {
    const code = errno(error);
    if (code !== "EEXIST" && code !== "ENOTDIR") {
      throw diskError(error, "opening the directory", directory);
    }
    throw new SchemaStoreError("INVALID_CONFIG", `${directory} is not a directory`, {
      key: directory,
      cause: error,
    });
  }
}

/** Makes a directory and those above it. Node's `recursive` never ends where none can be made, as in /proc. */
function makePath(directory: string): void {
  const make = () => {
    try {
      mkdirSync(directory, { mode: PRIVATE });
    } catch (error) {
      if (errno(error) !== "EEXIST") throw error;
    }
  };
  const above = dirname(directory);
  try {
    make();
  } catch (error) {
    if (errno(error) !== "ENOENT" || existsSync(above)) throw error;
    makePath(above);
    make();
  }
}

/** Makes a directory private that anybody may write to, if it is ours. */
function tighten(directory: string): void {
  if (process.platform === "win32") return;
  const { mode } = statSync(directory);
  if ((mode & OTHERS_WRITE) === 0) return;
  try {
    chmodSync(directory, PRIVATE);
  } catch {
    // It belongs to somebody else, who has to know.
  }
}

function refuseForeign(directory: string, names: readonly string[]): void {
  const foreign = names.find((name) => !isOurs(name) && !isOfSystem(name));
  if (foreign === undefined) return;
  const what = `${directory} is not a fhir-schema-store directory: it holds "${foreign}"`;
  throw new SchemaStoreError("INVALID_CONFIG", what, { key: directory });
}

function holdsNoCommit(files: Files, names: readonly string[]): boolean {
  const isUnborn = (name: string) => (unlessGone(() => files.size(name)) ?? 0) <= SEGMENT_HEADER;
  return names.filter(isSegment).every(isUnborn) && !names.some((name) => generationOf(name) > 0);
}
