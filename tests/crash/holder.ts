/** The process that gets killed: takes a lock over and over, and prints what it saw while it held it. */

import { mkdirSync, readdirSync, rmdirSync, writeSync } from "node:fs";
import { join } from "node:path";
import { acquireFile } from "../../js/adapters/fs/lock-file.js";

const [directory = ""] = process.argv.slice(2);
const mine = `in-${process.pid}`;

// Others get in between the finding that a holder is dead and what follows from it.
const { kill } = process;
process.kill = (pid, signal) => {
  try {
    return kill.call(process, pid, signal);
  } finally {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Math.random() * 4);
  }
};

for (;;) {
  const release = await acquireFile(join(directory, "lock"), Date.now() + 20_000);
  if (release === undefined) throw new Error("the lock is not free in time");
  mkdirSync(join(directory, mine));
  const others = readdirSync(directory).filter((name) => name !== mine && isOfLiving(name));
  await new Promise((resolve) => setTimeout(resolve, Math.random() * 3));
  rmdirSync(join(directory, mine));
  release();
  // Blocking, so that the line is out before anything else happens.
  writeSync(1, others.length === 0 ? "alone\n" : `with ${others.join(" and ")}\n`);
}

function isOfLiving(name: string): boolean {
  if (!name.startsWith("in-")) return false;
  try {
    kill.call(process, Number(name.slice(3)), 0);
    return true;
  } catch {
    return false;
  }
}
