/**
 * The system calls of a merge, each a place to stop at. Import this before the adapter: it puts
 * itself between the adapter and `node:fs`.
 */

import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";

/** What happens around the calls of a merge. */
export interface Around {
  /** Before a call, which is numbered from 1; an error it returns is what the call fails with. */
  before(number: number, name: string): Error | undefined;
  /** In the middle of a write. */
  half?(number: number): void;
}

let watched = "";
let around: Around | undefined;
let number = 0;
let isQuiet = false;
/** Bytes of each file that are on stable storage, by path. */
const synced = new Map<string, number>();
const paths = new Map<number, string>();

/** Copies a directory as it is, or as a power cut may leave it: without what was not synced. */
export function copyState(from: string, to: string, powerCut: boolean): void {
  real.mkdirSync(to);
  for (const name of real.readdirSync(from)) {
    if (!powerCut) {
      real.copyFileSync(join(from, name), join(to, name));
      continue;
    }
    const kept = synced.get(join(from, name)) ?? 0;
    real.writeFileSync(join(to, name), real.readFileSync(join(from, name)).subarray(0, kept));
  }
}

/** Watches the calls of merges in a directory from now on, or none. Returns how many there were. */
export function watchMerges(directory?: string, next?: Around): number {
  const count = number;
  [watched, around, number] = [directory ?? "", next, 0];
  return count;
}

// biome-ignore lint/suspicious/noExplicitAny: functions of node:fs, whatever they take
type Call = (...args: any[]) => any;
const real = { ...fs };
const SYNCS = ["fdatasync", "fsync"];
const OTHERS = ["openSync", "writeSync", "writevSync", "renameSync", "unlinkSync", "readdirSync"];

for (const name of [...SYNCS, ...OTHERS, "fsyncSync", "linkSync"]) {
  const call = (real as unknown as Record<string, Call>)[name] as Call;
  (fs as unknown as Record<string, Call>)[name] = (...args) => {
    const isMine = around !== undefined && !isQuiet && isIn(args[0]) && isOfMerge();
    if (isMine) number += 1;
    const error = isMine ? quietly(() => around?.before(number, name)) : undefined;
    if (SYNCS.includes(name)) return sync(call, args[0], args[1], error);
    if (error !== undefined) throw error;
    if (isMine && name === "writevSync") return halved(call, args[0], args[1]);
    const result = call(...args);
    note(name, args, result);
    return result;
  };
}
syncBuiltinESMExports();
Error.stackTraceLimit = 50;

function sync(call: Call, fd: number, callback: Call, error: Error | undefined): void {
  if (error !== undefined) {
    process.nextTick(callback, error);
    return;
  }
  const [path, length] = [paths.get(fd) ?? "", real.fstatSync(fd).size];
  call(fd, (...results: unknown[]) => {
    synced.set(path, length);
    callback(...results);
  });
}

function note(name: string, args: readonly unknown[], result: unknown): void {
  const [first, second] = args as [string, string];
  if (name === "openSync") paths.set(result as number, first);
  if (name === "fsyncSync") {
    const fd = args[0] as number;
    synced.set(paths.get(fd) ?? "", real.fstatSync(fd).size);
  }
  if (name === "renameSync" || name === "linkSync") synced.set(second, synced.get(first) ?? 0);
}

function halved(call: Call, fd: number, pieces: readonly Uint8Array[]): number {
  const bytes = Buffer.concat(pieces);
  const first = call(fd, [bytes.subarray(0, bytes.length >> 1)]);
  quietly(() => around?.half?.(number));
  return first + call(fd, [bytes.subarray(first)]);
}

/** What is done there calls the file system, too. */
function quietly<T>(work: () => T): T {
  isQuiet = true;
  try {
    return work();
  } finally {
    isQuiet = false;
  }
}

/** Whether a path, or an open file, is in the directory that is watched. */
function isIn(file: unknown): boolean {
  const path = typeof file === "number" ? paths.get(file) : file;
  return typeof path === "string" && path.startsWith(watched);
}

/** By the functions that called it, those that wait for it among them. */
function isOfMerge(): boolean {
  return /adapters\/fs\/(merge|upkeep)\.js/.test(new Error("who calls").stack ?? "");
}
