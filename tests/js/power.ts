/**
 * A disk that keeps only what was synced, and whose power can be cut at any moment: every sync of
 * `node:fs` is watched, and the fs adapter loaded over it. Linux only, which names a file by its
 * descriptor.
 */

import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";

/** Which changes of names since the last sync of the directory are on the disk. */
export const NAMES = ["none", "all", "deletions"] as const;
export type Names = (typeof NAMES)[number];

/** What a sync is of: a file's name, or "." for that of the directory. */
type Fault = (name: string) => Error | undefined;

const disks = new Map<string, Disk>();

/** What is on stable storage of one directory. */
export class Disk {
  readonly directory: string;
  /** Asked before each sync; what it returns is what the sync fails with. */
  fault: Fault = () => undefined;
  /** Names of the files that were synced, and "." for the directory, in order. */
  readonly synced: string[] = [];
  /** Bytes on the disk, by inode. */
  readonly #contents = new Map<number, Buffer>();
  /** Inodes by name, as of the last sync of the directory. */
  #names = new Map<string, number>();
  /** Files of which a sync failed: what becomes of their bytes is not known, whatever is said later. */
  readonly #lost = new Set<number>();

  constructor(directory: string) {
    this.directory = directory;
    disks.set(directory, this);
  }

  /** The directory as it comes up after the power was cut, in a place of its own. */
  cut(names: Names): string {
    const copy = fs.mkdtempSync(join(tmpdir(), "fss-cut-"));
    const present = this.#present();
    for (const [name, inode] of names === "all" ? present : this.#names) {
      if (names === "deletions" && present.get(name) !== inode) continue;
      fs.writeFileSync(join(copy, name), this.#contents.get(inode) ?? "", { mode: 0o600 });
    }
    return copy;
  }

  /** Notes a sync that is about to be made; returns what it fails with, or what to do when it is done. */
  begin(path: string, fd: number): Error | (() => void) {
    const name = path === this.directory ? "." : basename(path);
    const failure = this.fault(name);
    const { ino } = fs.fstatSync(fd);
    if (failure !== undefined) {
      this.#lost.add(ino);
      return failure;
    }
    if (name === ".") {
      const present = this.#present();
      return () => {
        this.#names = present;
        this.synced.push(name);
      };
    }
    const bytes = fs.readFileSync(`/proc/self/fd/${fd}`);
    return () => {
      if (!this.#lost.has(ino)) this.#contents.set(ino, bytes);
      this.synced.push(name);
    };
  }

  #present(): Map<string, number> {
    const names = fs.readdirSync(this.directory);
    return new Map(names.map((name) => [name, fs.statSync(join(this.directory, name)).ino]));
  }
}

/** An error as the system makes them. */
export function systemError(code: string, call: string): Error {
  return Object.assign(new Error(`${code}: made by the test, ${call}`), { code, syscall: call });
}

function begin(fd: number): Error | (() => void) {
  const path = fs.readlinkSync(`/proc/self/fd/${fd}`).replace(/ \(deleted\)$/, "");
  const disk = disks.get(path) ?? disks.get(dirname(path));
  return disk?.begin(path, fd) ?? (() => {});
}

for (const call of ["fsync", "fdatasync"] as const) {
  const real = fs[call];
  const watched = (fd: number, done: (error: Error | null) => void) => {
    const begun = begin(fd);
    if (begun instanceof Error) return setImmediate(done, begun);
    real(fd, (error) => {
      if (error === null) begun();
      done(error);
    });
  };
  fs[call] = watched as typeof real;
}

for (const call of ["fsyncSync", "fdatasyncSync"] as const) {
  const real = fs[call];
  fs[call] = (fd) => {
    const begun = begin(fd);
    if (begun instanceof Error) throw begun;
    real(fd);
    begun();
  };
}

syncBuiltinESMExports();

/** The adapter over such disks. */
export const { fsAdapter } = await import("../../dist/adapters/fs.js");
