/** The lock file of systems whose kernel frees no lock: processes that want it, some of them killed. */

import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { acquireFile } from "../../js/adapters/fs/lock-file.js";
import { program } from "./start.js";

const PROCESSES = 6;
const KILLS = 24;

const startHolder = await program("holder");

const options = {
  timeout: 60_000,
  skip: process.platform === "win32" ? "Windows has locks of its own" : false,
};

test(
  `${PROCESSES} processes exclude each other through ${KILLS} SIGKILLs`,
  options,
  async (context) => {
    const directory = mkdtempSync(join(tmpdir(), "fss-lock-"));
    const seen: string[] = [];
    const processes = Array.from({ length: PROCESSES }, () => start(directory, seen));
    context.after(() => {
      for (const process of processes) process.kill("SIGKILL");
      rmSync(directory, { recursive: true });
    });
    for (let kills = 0; kills < KILLS; ) {
      await pause(Math.random() * 40);
      // Now and then somebody who waits, or takes away what a dead one left.
      const killed =
        kills % 4 === 0 ? processes[0] : processes.find(({ pid }) => isInside(directory, pid));
      assert.deepEqual(
        [...new Set(seen)].filter((line) => line !== "alone"),
        [],
      );
      if (killed === undefined || seen.length < 5 * kills) continue;
      kills += 1;
      await end(killed);
      processes.splice(processes.indexOf(killed), 1);
      processes.push(start(directory, seen));
    }
    await Promise.all(processes.map(end));
    assert.deepEqual([...new Set(seen)], ["alone"]);

    const release = await acquireFile(join(directory, "lock"), Date.now() + 5000);
    assert.ok(release);
    release();
    assert.deepEqual(
      readdirSync(directory).filter((name) => name === "lock"),
      [],
    );
  },
);

test("a lock goes to who waits for it, and each lets go of its own only", options, async () => {
  const directory = mkdtempSync(join(tmpdir(), "fss-lock-"));
  const path = join(directory, "lock");
  // What is no link names no holder: a writer may have died over it.
  writeFileSync(path, "");
  const release = await acquireFile(path, Date.now());
  assert.ok(release);
  assert.equal(await acquireFile(path, Date.now() + 30), undefined);
  const next = acquireFile(path, Date.now() + 5000);
  release();
  const releaseNext = await next;
  assert.ok(releaseNext);
  release();
  assert.equal(await acquireFile(path, Date.now()), undefined);
  rmSync(directory, { recursive: true });
  releaseNext();
});

function isInside(directory: string, pid: number | undefined): boolean {
  return readdirSync(directory).includes(`in-${pid}`);
}

async function end(process: ChildProcess): Promise<void> {
  process.kill("SIGKILL");
  await new Promise((resolve) => process.once("close", resolve));
}

function start(directory: string, seen: string[]): ChildProcess {
  const child = startHolder(directory);
  child.stdout?.on("data", (chunk) => {
    seen.push(...String(chunk).trim().split("\n"));
  });
  child.once("exit", (code) => {
    if (code !== null) seen.push(`ended by itself with ${code}`);
  });
  return child;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
