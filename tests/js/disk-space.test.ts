/** Bytes on disk and in memory follow what lives, not what was ever written. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { openSchemaStore, type SchemaStore } from "../../dist/index.node.js";

const MIB = 1 << 20;
const ENTRIES = 1000;
const HOUR_MS = 3_600_000;
const cli = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const packaged = fileURLToPath(new URL("../fixtures/us_core_311.tgz", import.meta.url));

function place(context: TestContext): string {
  const parent = mkdtempSync(join(tmpdir(), "fss-space-"));
  context.after(() => rmSync(parent, { recursive: true, force: true }));
  return join(parent, "store");
}

const open = (diskCacheDir: string): Promise<SchemaStore> => openSchemaStore({ diskCacheDir });

/** Bytes of all files. */
function sizeOf(directory: string): number {
  const sizes = readdirSync(directory).map((name) =>
    statSync(join(directory, name), { throwIfNoEntry: false }),
  );
  return sizes.reduce((sum, found) => sum + (found?.size ?? 0), 0);
}

/** Bytes of what opening reads. */
function newestSnapshot(directory: string): number {
  const snapshots = readdirSync(directory).filter((name) => name.startsWith("snap-"));
  return statSync(join(directory, snapshots.sort().at(-1) ?? "")).size;
}

/** Writes every entry once more, each with 1 KB that no other has. */
async function rewrite(store: SchemaStore, round: number): Promise<void> {
  for (let entry = 0; entry < ENTRIES; entry += 1) {
    const url = `http://example.org/StructureDefinition/${entry}`;
    await store.put({ url, text: `${round} ${entry} `.padEnd(970, "x") });
  }
  await store.flush();
}

/** After `rounds` in one session: what lives, what there was at most, and what is left when closed. */
async function session(directory: string, rounds: number) {
  const store = await open(directory);
  let most = 0;
  for (let round = 0; round < rounds; round += 1) {
    await rewrite(store, round);
    most = Math.max(most, sizeOf(directory));
  }
  const { totalBytes: live, memory } = await store.stats();
  await store.close();
  return { live, most, memory, closed: sizeOf(directory), snapshot: newestSnapshot(directory) };
}

test("entries rewritten 40 times take the space of what lives", async (context) => {
  const once = await session(place(context), 1);
  const often = await session(place(context), 40);
  context.diagnostic(`once ${JSON.stringify(once)}, often ${JSON.stringify(often)}`);
  // 4 MiB of dead before a merge is worth it, what it moves, and what is written meanwhile.
  assert.ok(often.most < 3 * often.live + 12 * MIB, `${often.most} bytes at most`);
  assert.ok(often.closed < 3 * often.live, `${often.closed} bytes for ${often.live} live ones`);
  assert.ok(often.snapshot <= 1.5 * once.snapshot, `${often.snapshot} and ${once.snapshot}`);
  assert.ok(often.memory.wasmBytes < 2 * once.memory.wasmBytes, "memory of the log");
});

test("what is rewritten from one session to the next is merged when it is closed", async (context) => {
  const directory = place(context);
  for (let round = 0; round < 4; round += 1) {
    const store = await open(directory);
    await rewrite(store, round);
    const { totalBytes } = await store.stats();
    await store.close();
    const bytes = sizeOf(directory);
    assert.ok(bytes < 2.6 * totalBytes, `session ${round}: ${bytes} for ${totalBytes}`);
  }
  const store = await open(directory);
  const { text } = (await store.get(`http://example.org/StructureDefinition/7`)) as {
    text: string;
  };
  assert.match(text, /^3 7 x/);
  await store.close();
});

test("clear gives the space back before it resolves", async (context) => {
  const directory = place(context);
  const store = await open(directory);
  await rewrite(store, 0);
  const before = sizeOf(directory);
  assert.equal(await store.clear(), ENTRIES);
  assert.ok(before > MIB, `${before} bytes before`);
  assert.ok(sizeOf(directory) < before / 8, `${sizeOf(directory)} of ${before} bytes after`);
  await rewrite(store, 1);
  assert.equal((await store.list()).length, ENTRIES);
  await store.close();
});

test("clear gives back what other sessions wrote", async (context) => {
  const directory = place(context);
  const first = await open(directory);
  await rewrite(first, 0);
  await first.close();
  const before = sizeOf(directory);
  const store = await open(directory);
  await store.clear();
  assert.ok(sizeOf(directory) < before / 8, `${sizeOf(directory)} of ${before} bytes after`);
  await store.close();
});

test("cache clear --all leaves next to nothing", (context) => {
  const directory = place(context);
  const run = (...args: string[]) =>
    execFileSync(process.execPath, [cli, "cache", ...args, "--dir", directory]);
  run("save", packaged);
  assert.ok(sizeOf(directory) > 90_000, `${sizeOf(directory)} bytes`);
  run("clear", "--all", "--yes");
  assert.ok(sizeOf(directory) < 10_000, `${sizeOf(directory)} bytes`);
});

test("temporary files of killed processes go after an hour", async (context) => {
  const directory = place(context);
  const store = await open(directory);
  const [old, young] = [1, 0].map((hours) => {
    const path = join(directory, `tmp-${crypto.randomUUID()}`);
    writeFileSync(path, "x".repeat(1000));
    const time = (Date.now() - hours * HOUR_MS - 1000) / 1000;
    utimesSync(path, time, time);
    return path;
  });
  await store.put({ url: "http://example.org/a" });
  await store.close();
  assert.ok(!existsSync(old as string), "the old one is there");
  assert.ok(existsSync(young as string), "the one that may be in use is gone");
});

test("statistics count every file, and the memory of the log", async (context) => {
  const directory = place(context);
  const store = await open(directory);
  await rewrite(store, 0);
  writeFileSync(join(directory, `tmp-${crypto.randomUUID()}`), "x".repeat(1000));
  writeFileSync(join(directory, "side-uses"), "x".repeat(1000));
  const { disk, memory } = await store.stats();
  assert.deepEqual(disk, { bytes: sizeOf(directory) });
  const inMemory = await openSchemaStore({ strategy: "memory" });
  await rewrite(inMemory, 0);
  const alone = (await inMemory.stats()).memory;
  assert.ok(memory.wasmBytes >= alone.wasmBytes + MIB, `${memory.wasmBytes}, ${alone.wasmBytes}`);
  await Promise.all([store.close(), inMemory.close()]);
});
