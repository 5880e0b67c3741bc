/** Builds the state of the log from the files of a directory, when it is opened and later. */

import { mkdirSync } from "node:fs";
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

/** The log's state in Wasm; the methods are those of `src/wasm/log_handle.rs`. */
export type LogHandle = InstanceType<Glue["LogHandle"]>;

/** The identity of the store in a directory; the directory becomes a store where it is empty. */
export function identify(files: Files, glue: Glue): Uint8Array {
  const names = makeDirectory(files);
  if (!names.includes(FORMAT)) {
    const unborn = refuseForeign(files, names);
    const id = randomBytes(STORE_ID);
    if (files.publishOnce(FORMAT, glue.packFormat(id))) {
      for (const name of unborn) files.remove(name);
      return id;
    }
  }
  return glue.unpackFormat(files.read(FORMAT));
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
    mkdirSync(directory, { recursive: true, mode: 0o700 });
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

/**
 * Refuses a directory that holds other files. Returns segments without a commit: a power cut may leave
 * one of a store that was never completed.
 */
function refuseForeign(files: Files, names: readonly string[]): string[] {
  const { directory } = files;
  const details = { key: directory };
  const foreign = names.find((name) => !isOurs(name) && !isOfSystem(name));
  if (foreign !== undefined) {
    const what = `${directory} is not a fhir-schema-store directory: it holds "${foreign}"`;
    throw new SchemaStoreError("INVALID_CONFIG", what, details);
  }
  const segments = names.filter(isSegment);
  const isUnborn = (name: string) => (unlessGone(() => files.size(name)) ?? 0) <= SEGMENT_HEADER;
  if (!segments.every(isUnborn) || names.some((name) => generationOf(name) > 0)) {
    const what = `${directory} holds segments, but the FORMAT file that names their store is missing`;
    throw new SchemaStoreError("CORRUPT", what, details);
  }
  return segments;
}
