/** The files of a store's directory: names, flags, durability and errors in one place. */

import {
  close,
  closeSync,
  constants,
  fdatasync,
  fstatSync,
  fsync,
  fsyncSync,
  ftruncateSync,
  linkSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  statSync,
  unlinkSync,
  writeSync,
  writevSync,
} from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { SchemaStoreError } from "../../errors.js";

/** Name of the file that makes a directory a store. */
export const FORMAT = "FORMAT";
const SEGMENT = /^seg-\d{6,}-[0-9a-f]{16}\.log$/;
const SNAPSHOT = /^snap-(\d{6,})\.idx$/;
const OURS =
  /^(FORMAT|seg-\d{6,}-[0-9a-f]{16}\.log|snap-\d{6,}\.idx|side-[a-z]+|tmp-[0-9a-f-]+|lock-[0-9a-f]{40}(\.[0-9a-f]+)?)$/;
/** A mounted disk, version control, a network file system and the file managers of three systems. */
const OF_SYSTEM =
  /^(lost\+found|\.git(keep|ignore)|\.nfs[0-9a-f]+|\.DS_Store|Thumbs\.db|desktop\.ini)$/;

const { O_APPEND, O_CREAT, O_EXCL, O_NOFOLLOW = 0, O_RDONLY, O_RDWR, O_WRONLY } = constants;
/** A link is not followed, and a pipe under one of our names is not waited for. */
const O_READ = O_RDONLY | O_NOFOLLOW | (constants.O_NONBLOCK ?? 0);

const closeLater = promisify(close);
const syncData = promisify(fdatasync);
const syncAll = promisify(fsync);

/** Whether a file name is that of a segment. */
export const isSegment = (name: string): boolean => SEGMENT.test(name);
/** Whether a file is one of ours, to be deleted with the store. */
export const isOurs = (name: string): boolean => OURS.test(name);
/** Whether a file is one that systems and tools put into a directory of their own accord. */
export const isOfSystem = (name: string): boolean => OF_SYSTEM.test(name);
/** Whether a file is temporary, not renamed yet. */
export const isTemporary = (name: string): boolean => name.startsWith("tmp-") && isOurs(name);
/** Generation of a snapshot by its file name; 0 for any other file. */
export const generationOf = (name: string): number => Number(SNAPSHOT.exec(name)?.[1] ?? 0);
/** File name of a separate record. */
export const sideName = (name: string): string => `side-${name}`;
/** File name of a snapshot. */
export const snapshotName = (generation: number): string =>
  `snap-${String(generation).padStart(6, "0")}.idx`;

/** Code of a system error, like ENOENT; undefined for anything else. */
export function errno(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | undefined)?.code;
  return typeof code === "string" ? code : undefined;
}

/** A system error as the store's: STORAGE_FULL when there is no space, DISK_ERROR otherwise. */
export function diskError(error: unknown, what: string, path: string): SchemaStoreError {
  if (error instanceof SchemaStoreError) return error;
  const code = errno(error);
  const full = code === "ENOSPC" || code === "EDQUOT";
  const reason = error instanceof Error ? error.message : String(error);
  return new SchemaStoreError(full ? "STORAGE_FULL" : "DISK_ERROR", `${what}: ${reason}`, {
    key: path,
    cause: error,
  });
}

/** A segment open for appending, by its only writer. */
export interface Appender {
  readonly path: string;
  readonly fd: number;
}

/** One directory. Short calls are synchronous: with a warm page cache a thread hop costs more. */
export class Files {
  /** Absolute path. */
  readonly directory: string;

  constructor(directory: string) {
    this.directory = directory;
  }

  /** Absolute path of a file. */
  path(name: string): string {
    return join(this.directory, name);
  }

  /** Names of all files. */
  list(): string[] {
    return readdirSync(this.directory);
  }

  /** Length of a file in bytes. */
  size(name: string): number {
    return statSync(this.path(name)).size;
  }

  /** A whole file. */
  read(name: string): Uint8Array {
    return this.readFrom(name, 0);
  }

  /** Reads a file from `offset` to its end, or to `most` bytes; empty when it ends there. ENOENT is thrown as it is. */
  readFrom(name: string, offset: number, most: number = Number.POSITIVE_INFINITY): Uint8Array {
    return this.withFile(name, (fd) => {
      const length = Math.min(fstatSync(fd).size - offset, most);
      return length > 0 ? readAt(fd, offset, length) : new Uint8Array();
    });
  }

  /** Opens a file for the time of `work`. */
  withFile<T>(name: string, work: (fd: number) => T): T {
    const fd = openSync(this.path(name), O_READ);
    try {
      return work(fd);
    } finally {
      closeSync(fd);
    }
  }

  /** The same for work that takes its time. */
  async withFileLater(name: string, work: (fd: number) => Promise<void>): Promise<void> {
    const fd = openSync(this.path(name), O_READ);
    try {
      await work(fd);
    } finally {
      closeSync(fd);
    }
  }

  /** A new segment; fails when the name is taken. */
  create(name: string): Appender {
    const path = this.path(name);
    const flags = O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_NOFOLLOW;
    return { path, fd: openSync(path, flags, 0o600) };
  }

  /** A file's data on stable storage, whoever wrote it. */
  async sync(name: string): Promise<void> {
    await this.withFileLater(name, (fd) => syncData(fd));
  }

  /** The directory's own entries on stable storage, where the system can do that. */
  async syncDirectory(): Promise<void> {
    if (process.platform === "win32") return;
    const fd = openSync(this.directory, O_RDONLY);
    try {
      await syncAll(fd);
    } finally {
      await closeLater(fd);
    }
  }

  /** The same, blocking. */
  syncDirectoryNow(): void {
    if (process.platform === "win32") return;
    const fd = openSync(this.directory, O_RDONLY);
    try {
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  }

  /** Puts a file in its place whole: written apart, synced, renamed, and its name synced. */
  async publish(name: string, bytes: Uint8Array): Promise<void> {
    const temporary = this.#temporary();
    const fd = openSync(temporary, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
    try {
      try {
        writeAll(fd, bytes);
        await syncAll(fd);
      } finally {
        await closeLater(fd);
      }
      renameSync(temporary, this.path(name));
    } catch (error) {
      tryUnlink(temporary);
      throw error;
    }
    await this.syncDirectory();
  }

  /** The same, but not synced: after a crash it may be as it was before, or gone. */
  replace(name: string, bytes: Uint8Array): void {
    const temporary = this.#temporary();
    const fd = openSync(temporary, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
    try {
      try {
        writeAll(fd, bytes);
      } finally {
        closeSync(fd);
      }
      renameSync(temporary, this.path(name));
    } catch (error) {
      tryUnlink(temporary);
      throw error;
    }
  }

  /**
   * Puts a file in its place unless the name is taken; false when it is. Its name is durable with
   * that of the first segment: until then nothing depends on it.
   */
  publishOnce(name: string, bytes: Uint8Array): boolean {
    const temporary = this.#temporary();
    const fd = openSync(temporary, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
    try {
      try {
        writeAll(fd, bytes);
        fsyncSync(fd);
      } finally {
        closeSync(fd);
      }
      linkSync(temporary, this.path(name));
      return true;
    } catch (error) {
      if (errno(error) === "EEXIST") return false;
      throw error;
    } finally {
      tryUnlink(temporary);
    }
  }

  /** Deletes a file; one that cannot be deleted stays. */
  remove(name: string): void {
    tryUnlink(this.path(name));
  }

  #temporary(): string {
    return this.path(`tmp-${crypto.randomUUID()}`);
  }
}

/** Data of an open file on stable storage. */
export const syncFile = (fd: number): Promise<void> => syncData(fd);

/** Reads exactly `length` bytes, or as many as there are. */
export function readAt(fd: number, offset: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let done = 0;
  while (done < length) {
    const read = readSync(fd, bytes, done, length - done, offset + done);
    if (read === 0) return bytes.slice(0, done);
    done += read;
  }
  return bytes;
}

/** Writes all of `bytes` at the end of a file, however many calls that takes. */
export function writeAll(fd: number, bytes: Uint8Array): void {
  let done = 0;
  while (done < bytes.length) {
    const written = writeSync(fd, bytes, done, bytes.length - done);
    if (written === 0) throw new Error("the system wrote 0 bytes");
    done += written;
  }
}

/** The same for many pieces, one behind the other. */
export function writeEach(fd: number, pieces: readonly Uint8Array[]): void {
  for (let rest = pieces; rest.length > 0; ) {
    let written = writevSync(fd, rest);
    if (written === 0) throw new Error("the system wrote 0 bytes");
    const begun = rest.findIndex((piece) => {
      if (written < piece.length) return true;
      written -= piece.length;
      return false;
    });
    const [first, ...others] = begun < 0 ? [] : rest.slice(begun);
    rest = first === undefined ? [] : [first.subarray(written), ...others];
  }
}

/** Truncates to `length`; false if even that fails. */
export function tryTruncate(fd: number, length: number): boolean {
  try {
    ftruncateSync(fd, length);
    return true;
  } catch {
    return false;
  }
}

function tryUnlink(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // It is gone already, or it stays and is covered by the snapshot.
  }
}
