/**
 * Merges while the store is in use, cut off wherever they can be: SIGKILL and power cut at each of
 * their system calls, SIGKILL at random, and each call failing.
 *
 * `FSS_KILLS` sets the number of random kills.
 */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync, utimesSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execPath } from "node:process";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
// Before the others: it puts itself between the adapter and the file system.
import { copyState, watchMerges } from "./calls.js";
import {
  COMMIT,
  holdsRewrites,
  LIVE,
  openAdapter,
  openHoldsRewrites,
  rewrite,
  sizeOf,
} from "./rewrites.js";

const KILLS = Math.ceil(Number(process.env.FSS_KILLS ?? 200) / 20);
/** The first merge is over by then, and its segment is among the sources of the next. */
const FIRST = 30;
const COMMITS = 60;
/** Commits of a session whose merge fails. */
const AFTER = 3;
const STRICT = { durability: "strict" } as const;
const scratch = mkdtempSync(join(tmpdir(), "fss-merge-"));
after(() => rmSync(scratch, { recursive: true }));

test("a kill or a power cut at any call of a merge loses nothing", async (context) => {
  const directory = join(scratch, "calls");
  const adapter = await openAdapter(directory);
  const checks: (() => Promise<unknown>)[] = [];
  let number = 0;
  let largest = 0;
  const keep = (what: string): undefined => {
    for (const cut of [false, true]) {
      const path = join(scratch, `state ${what}${cut ? ", cut" : ""}`);
      copyState(directory, path, cut);
      const numbers = [number - 1, number];
      checks.push(async () => {
        await openHoldsRewrites(path, numbers, path);
        rmSync(path, { recursive: true });
      });
    }
  };
  for (number = 1; number <= COMMITS; number += 1) {
    if (number === FIRST) {
      watchMerges(directory, {
        before: (call, name) => keep(`before call ${call}, ${name}`),
        half: (call) => keep(`in the middle of call ${call}`),
      });
    }
    await adapter.commit(rewrite(number), STRICT);
    largest = Math.max(largest, sizeOf(directory));
    for (const check of checks.splice(0)) await check();
  }
  await adapter.close();
  for (const check of checks) await check();
  const calls = watchMerges();
  context.diagnostic(`${calls} calls`);
  assert.ok(calls > 20, `only ${calls} calls of merges`);
  // What is live, 4 MiB of dead, what is being moved, and a few commits meanwhile.
  assert.ok(largest < 3 * LIVE + (6 << 20), `${largest} bytes for ${LIVE} live ones`);
  assert.ok(sizeOf(directory) < 2.2 * LIVE, `${sizeOf(directory)} bytes after closing`);
});

test("a merge any call of which fails is no error, and loses nothing", async (context) => {
  const ripe = join(scratch, "ripe");
  await makeRipe(ripe);
  let failing = 0;
  for (let calls = 1; calls >= failing; ) {
    failing += 1;
    const directory = join(scratch, `failing ${failing}`);
    copyState(ripe, directory, false);
    calls = await failAt(directory, failing, failing % 2 === 0 ? "EIO" : "ENOSPC");
    rmSync(directory, { recursive: true });
  }
  context.diagnostic(`${failing - 1} calls`);
  assert.ok(failing > 20, `only ${failing - 1} calls`);
});

test("another process reads and writes on while a process rewrites and merges", async (context) => {
  const directory = join(scratch, "readers");
  const child = rewriter(directory, 0);
  context.after(() => child.process.kill("SIGKILL"));
  while (child.acknowledged() < 1) await pause(5);
  const adapter = await openAdapter(directory);
  const own = {
    ...rewrite(1),
    put: rewrite(1).put.map((put) => ({ ...put, key: put.hash, url: "own" })),
  };
  let merges = 0;
  for (let size = 0; child.acknowledged() < 3 * FIRST; ) {
    const from = child.acknowledged();
    // One more may be written, and not acknowledged yet, when this looks.
    const seen = await attempt(() => holdsRewrites(adapter, range(from, from + 40), "a reader"));
    assert.ok(seen >= from, `${from} commits were acknowledged, ${seen} seen`);
    await adapter.commit(own, STRICT);
    const before = size;
    size = sizeOf(directory);
    if (size < before - (2 << 20)) merges += 1;
  }
  await adapter.close();
  assert.ok(merges > 1, `${merges} merges`);
});

test(`${KILLS} SIGKILLs of a process that rewrites lose nothing acknowledged`, async () => {
  const directory = join(scratch, "kills");
  let held = 0;
  for (let kill = 0; kill < KILLS; kill += 1) {
    const acknowledged = await killRewriter(directory, held, Math.random() * 600);
    held = await openHoldsRewrites(directory, [acknowledged, acknowledged + 1], `kill ${kill}`);
  }
  assert.ok(held > KILLS, `only ${held} commits`);
});

/** A directory as a process leaves it that is killed when it begins a merge. */
async function makeRipe(ripe: string): Promise<void> {
  const directory = join(scratch, "ripening");
  const adapter = await openAdapter(directory);
  watchMerges(directory, {
    before() {
      if (!existsSync(ripe)) copyState(directory, ripe, false);
      return undefined;
    },
  });
  for (let number = 1; !existsSync(ripe); number += 1) {
    await adapter.commit(rewrite(number), STRICT);
  }
  watchMerges();
  await adapter.close();
}

/** A session whose first merge fails at a call; returns how many calls there were. */
async function failAt(directory: string, failing: number, code: string): Promise<number> {
  // Its segments are of a process that is no more.
  for (const name of readdirSync(directory)) utimesSync(join(directory, name), 0, 0);
  const most = sizeOf(directory) + AFTER * COMMIT + (64 << 10);
  const adapter = await openAdapter(directory);
  const what = `${code} at call ${failing}`;
  let number = await holdsRewrites(adapter, range(1, COMMITS), what);
  let failed = "";
  watchMerges(directory, {
    before(call, name) {
      if (call !== failing) return undefined;
      failed = name;
      return Object.assign(new Error(code), { code });
    },
  });
  for (const last = number + AFTER; number < last; ) {
    number += 1;
    await adapter.commit(rewrite(number), STRICT);
    await holdsRewrites(adapter, [number], what);
  }
  // What had been moved is taken back: on a full disk the space is needed.
  if (failed !== "" && failed !== "unlinkSync") await isTakenBack(directory, most, what);
  await adapter.close();
  const calls = watchMerges();
  await openHoldsRewrites(directory, [number], what);
  assert.deepEqual(
    readdirSync(directory).filter((name) => name.startsWith("tmp-")),
    [],
    what,
  );
  return calls;
}

async function isTakenBack(directory: string, most: number, what: string): Promise<void> {
  for (let tries = 1; sizeOf(directory) > most; tries += 1) {
    assert.ok(tries < 100, `${what}: ${sizeOf(directory)} bytes, at most ${most} are right`);
    await pause(20);
  }
}

/** Lets a process go on from a commit, kills it, returns the last commit it acknowledged. */
async function killRewriter(directory: string, held: number, afterMs: number): Promise<number> {
  const child = rewriter(directory, held);
  await child.ready;
  await pause(afterMs);
  child.process.kill("SIGKILL");
  await child.ended;
  return child.acknowledged();
}

/** A process that goes on from a commit until it is killed. */
function rewriter(directory: string, held: number) {
  const script = fileURLToPath(new URL("rewriter.ts", import.meta.url));
  const args = ["--import", "tsx", script, directory, String(held + 1)];
  const process = spawn(execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  let printed = "";
  const ready = new Promise<void>((resolve) => {
    process.stdout.on("data", (chunk) => {
      printed += String(chunk);
      resolve();
    });
  });
  const ended = new Promise<void>((resolve, reject) => {
    const byItself = (): void => reject(new Error(`the process ended by itself: ${printed}`));
    process.once("close", (code) => (code === null ? resolve() : byItself()));
  });
  const acknowledged = (): number => Number(printed.split("\n").slice(1, -1).at(-1) ?? held);
  return { process, ready, ended, acknowledged };
}

/** Looks again where what is read was replaced and merged away meanwhile, as a store does. */
async function attempt<T>(look: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await look();
    } catch (error) {
      if (tries === 3) throw error;
    }
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, at) => from + at);
}
