/**
 * A lock where the kernel frees none: a symbolic link that names its holder. It is made in one step,
 * so there is never one without a holder. Known by process id: one that died is found out, unless
 * another process has got its number.
 *
 * The link of a dead holder is taken away by one process only, the holder of a further lock named by
 * the dead one's token. Of two that found it dead, the slower one cannot take away what came after it.
 */

import { readlinkSync, symlinkSync, unlinkSync } from "node:fs";
import { diskError, errno } from "./files.js";
import { randomBytes } from "./random.js";

/** How often a lock is looked at. */
const PAUSE_MS = 10;

/**
 * Takes the lock at `path`; returns a function that releases it, or undefined if it is not free by the
 * deadline, in milliseconds since 1970.
 */
export async function acquireFile(
  path: string,
  deadline: number,
  base: string = path,
): Promise<(() => void) | undefined> {
  const mine = `${process.pid}-${Buffer.from(randomBytes(8)).toString("hex")}`;
  for (;;) {
    if (made(path, mine)) return () => remove(path, mine);
    const holder = holderOf(path);
    if (holder === undefined) continue;
    if (isAlive(holder)) {
      if (Date.now() >= deadline) return undefined;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      continue;
    }
    const release = await acquireFile(`${base}.${tokenOf(holder)}`, deadline, base);
    if (release === undefined) return undefined;
    try {
      remove(path, holder);
    } finally {
      release();
    }
  }
}

/** Makes the link, unless there is one. */
function made(path: string, holder: string): boolean {
  try {
    symlinkSync(holder, path);
    return true;
  } catch (error) {
    if (errno(error) === "EEXIST") return false;
    throw diskError(error, "taking a lock", path);
  }
}

/** Whom a link names; empty if it is not a link, undefined if there is nothing. */
function holderOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch (error) {
    const code = errno(error);
    if (code === "ENOENT") return undefined;
    if (code === "EINVAL") return "";
    throw diskError(error, "reading a lock", path);
  }
}

/** Removes a link, if it names that holder still. */
function remove(path: string, holder: string): void {
  try {
    if (holderOf(path) === holder) unlinkSync(path);
  } catch (error) {
    if (errno(error) !== "ENOENT") throw diskError(error, "releasing a lock", path);
  }
}

function tokenOf(holder: string): string {
  return holder.split("-")[1] ?? "0";
}

/** A link that names no process has no holder. */
function isAlive(holder: string): boolean {
  const pid = Number.parseInt(holder, 10);
  if (!(pid > 0)) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errno(error) !== "ESRCH";
  }
}
