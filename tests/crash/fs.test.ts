/**
 * SIGKILL at random moments of a writer. It shows that nothing acknowledged is lost, that batches are
 * whole and that torn tails are stepped over. It cannot show a missing fsync: the kernel keeps what a
 * killed process wrote.
 *
 * `FSS_KILLS` sets the number of kills, `FSS_SEED` repeats a run.
 */

import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { program } from "./start.js";

const KILLS = Number(process.env.FSS_KILLS ?? 200);
const SEED = Number(process.env.FSS_SEED ?? Math.trunc(Math.random() * 2 ** 32));
/** A place is used for so many kills in a row: each starts from what the one before left. */
const KILLS_PER_PLACE = 20;
/** A writer is killed up to so many batches and, after the last of them, milliseconds on. */
const MOST_BATCHES = 8;
const LONGEST_MS = 20;

const startWriter = await program("writer");
const startChecker = await program("check");

test(`${KILLS} SIGKILLs lose nothing acknowledged (FSS_SEED=${SEED})`, async (context) => {
  const random = mulberry32(SEED);
  const checker = startChecker();
  context.after(() => checker.kill());
  let commits = 0;
  for (let kill = 0; kill < KILLS; ) {
    const directory = mkdtempSync(join(tmpdir(), "fss-crash-"));
    let held = 0;
    for (let turn = 0; turn < KILLS_PER_PLACE && kill < KILLS; turn++, kill++) {
      const acknowledged = await killWriter(directory, held, random);
      const answer = await ask(checker, `${directory} ${acknowledged}`);
      const found = Number(answer);
      assert.ok(
        found === acknowledged || found === acknowledged + 1,
        `kill ${kill}: batch ${acknowledged} was acknowledged, found: ${answer}`,
      );
      commits += found - held;
      held = found;
    }
    rmSync(directory, { recursive: true });
  }
  context.diagnostic(`${KILLS} kills, ${commits} commits survived, seed ${SEED}`);
  assert.ok(commits > KILLS, "the writer got somewhere between kills");
});

/** Lets a writer go on from batch `held`, kills it, answers the last batch it acknowledged. */
async function killWriter(directory: string, held: number, random: () => number): Promise<number> {
  // Counted, as a slow machine would not get far in any given time.
  const lines = 2 + Math.trunc(random() * MOST_BATCHES);
  const afterMs = random() * LONGEST_MS;
  const writer = startWriter(directory, String(held + 1));
  let printed = "";
  const exited = new Promise((resolve) => writer.once("close", resolve));
  await new Promise<void>((resolve, reject) => {
    writer.once("exit", () => reject(new Error(`the writer ended by itself: ${printed}`)));
    writer.stdout?.on("data", (chunk) => {
      printed += String(chunk);
      if (printed.split("\n").length >= lines) setTimeout(resolve, afterMs);
    });
  });
  writer.removeAllListeners("exit");
  writer.kill("SIGKILL");
  await exited;
  const numbers = printed.split("\n").slice(0, -1).map(Number).filter(Boolean);
  return numbers.at(-1) ?? held;
}

function ask(checker: ChildProcess, line: string): Promise<string> {
  return new Promise((resolve) => {
    checker.stdout?.once("data", (chunk) => resolve(String(chunk).trim()));
    checker.stdin?.write(`${line}\n`);
  });
}

/** A small generator with a seed: https://gist.github.com/tommyettinger/46a874533244883189143505d203312c */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
