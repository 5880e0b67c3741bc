/**
 * The fs adapter on a disk that fails and whose power is cut: what was acknowledged is there
 * afterwards, though the disk has kept nothing but what was synced.
 */

import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync, unlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { HostPut } from "../../dist/host.js";
import type { SchemaStore } from "../../dist/store.js";
import type { StoreOptions } from "../../dist/types.js";
import { mapKey } from "../../js/bytes.js";
import { loadCore } from "./core.js";
import { filled, openStore } from "./kit.js";
import { Disk, fsAdapter, NAMES, type Names, systemError } from "./power.js";

const options = { skip: process.platform === "linux" ? false : "Linux only" };
const core = await loadCore();

function newDisk(context: TestContext): Disk {
  const directory = mkdtempSync(join(tmpdir(), "fss-power-"));
  context.after(() => rmSync(directory, { recursive: true, force: true }));
  return new Disk(directory);
}

const open = (directory: string, options: StoreOptions = {}): Promise<SchemaStore> =>
  openStore({ adapter: fsAdapter(directory), ...options });

/** Cuts the power: exactly these entries are there afterwards, and nothing is damaged. */
async function survives(
  disk: Disk,
  expected: ReadonlyMap<string, unknown>,
  ways: readonly Names[] = NAMES,
): Promise<void> {
  for (const names of ways) {
    const copy = disk.cut(names);
    const store = await open(copy);
    assert.deepEqual(store.health().damage, []);
    const found = new Map<string, unknown>();
    for (const { url } of await store.list()) found.set(url, await store.get(url));
    assert.deepEqual(found, expected, `names: ${names}`);
    await store.close();
    rmSync(copy, { recursive: true });
  }
}

test(
  "what was acknowledged is there after a power cut, through sessions, merges and clear",
  options,
  async (context) => {
    const disk = newDisk(context);
    const expected = new Map<string, unknown>();
    for (let session = 0; session < 30; session += 1) {
      const ways = [NAMES[session % NAMES.length] ?? "all"];
      const store = await open(disk.directory);
      for (const url of ["all", `own${session % 15}`]) {
        const value = { url, session, x: "x".repeat(session * 10) };
        await store.put(value, { durable: true });
        expected.set(url, value);
        await survives(disk, expected, ways);
      }
      const gone = `own${(session * 7) % 15}`;
      if (expected.delete(gone)) await store.delete(gone);
      if (session === 19) {
        await store.clear();
        expected.clear();
      }
      await store.flush();
      await survives(disk, expected, ways);
      await store.close();
      await survives(disk, expected, ways);
    }
    assert.ok(readdirSync(disk.directory).length < 30, "segments were merged");
  },
);

test(
  "what is written while the process ends is there after a power cut",
  options,
  async (context) => {
    const disk = newDisk(context);
    const adapter = fsAdapter(disk.directory);
    await adapter.open({ core });
    const expected = new Map<string, unknown>();
    for (const url of ["first", "second", "third"]) {
      adapter.commitSync?.({ put: await rows({ url }), delete: [] });
      expected.set(url, { url });
      await survives(disk, expected);
    }
    await adapter.close();
    await survives(disk, expected);
  },
);

/** Rows as a store gives them to its host. */
async function rows(...values: object[]): Promise<HostPut[]> {
  const { rows, bodies } = await filled(...values);
  return [...rows.values()].map((row) => {
    const body = bodies.get(mapKey(row.hash))?.bytes;
    assert.ok(body);
    return { ...row, body };
  });
}

test("a snapshot rests on nothing that a power cut takes away", options, async (context) => {
  const disk = newDisk(context);
  const expected = new Map<string, unknown>();
  const put = async (store: SchemaStore, url: string) => {
    await store.put({ url });
    await store.flush();
    expected.set(url, { url });
  };
  const writer = await open(disk.directory, { durability: "relaxed" });
  await put(writer, "first");
  const other = await open(disk.directory);
  await put(writer, "relaxed");
  await put(other, "other");
  await other.close();
  const snapshots = readdirSync(disk.directory).filter((name) => name.startsWith("snap-"));
  assert.ok(snapshots.length > 0);
  await survives(disk, expected);
  await writer.close();
  await survives(disk, expected);
});

test("one sync that fails costs a segment, and no commit", options, async (context) => {
  for (const failing of [1, 2, 3]) {
    const disk = newDisk(context);
    const store = await open(disk.directory);
    const expected = new Map<string, unknown>();
    let syncs = 0;
    disk.fault = (name) => {
      if (!name.startsWith("seg-")) return;
      syncs += 1;
      return syncs === failing ? systemError("EIO", "fdatasync") : undefined;
    };
    for (let n = 0; n < 4; n += 1) {
      const value = { url: `u${n}`, n };
      await store.put(value, { durable: true });
      expected.set(value.url, value);
      await survives(disk, expected);
    }
    assert.equal(syncs, 5);
    assert.equal(store.health().ok, true);
    await store.close();
    await survives(disk, expected);
  }
});

test("a sync of the directory that fails is a commit that failed", options, async (context) => {
  const disk = newDisk(context);
  const store = await open(disk.directory);
  disk.fault = (name) => (name === "." ? systemError("EIO", "fsync") : undefined);
  await assert.rejects(store.put({ url: "u" }, { durable: true }), { code: "DISK_ERROR" });
  disk.fault = () => undefined;
  await store.flush();
  await survives(disk, new Map([["u", { url: "u" }]]));
  await store.close();
});

test(
  "while every sync fails nothing is acknowledged, and afterwards all is written",
  options,
  async (context) => {
    for (const [code, expected] of [
      ["EIO", "DISK_ERROR"],
      ["ENOSPC", "STORAGE_FULL"],
      ["EDQUOT", "STORAGE_FULL"],
    ] as const) {
      const disk = newDisk(context);
      const store = await open(disk.directory);
      const kept = { url: "kept" };
      await store.put(kept, { durable: true });
      disk.fault = () => systemError(code, "fdatasync");
      await assert.rejects(store.put({ url: "u", n: 1 }, { durable: true }), { code: expected });
      // What there is no room for is undone; anything else is tried again.
      const isFull = expected === "STORAGE_FULL";
      assert.equal(await store.has("u"), !isFull);
      assert.equal(store.health().writeError?.code, isFull ? undefined : expected);
      await survives(disk, new Map([["kept", kept]]));
      disk.fault = () => undefined;
      await store.flush();
      assert.equal(store.health().ok, true);
      const all = new Map<string, unknown>([["kept", kept]]);
      for (const { url } of await store.list()) all.set(url, await store.get(url));
      await survives(disk, all);
      await store.close();
      await survives(disk, all);
    }
  },
);

test(
  "a segment that somebody deletes while it is synced costs no commit",
  options,
  async (context) => {
    const disk = newDisk(context);
    const store = await open(disk.directory);
    await store.put({ url: "before" }, { durable: true });
    let deleted = 0;
    disk.fault = (name) => {
      if (deleted === 0 && name.startsWith("seg-")) {
        unlinkSync(join(disk.directory, name));
        deleted += 1;
      }
      return undefined;
    };
    await store.put({ url: "during" }, { durable: true });
    assert.equal(deleted, 1);
    const copy = disk.cut("all");
    const next = await open(copy);
    assert.deepEqual(await next.get("during"), { url: "during" });
    await next.close();
    rmSync(copy, { recursive: true });
    await store.close();
  },
);
