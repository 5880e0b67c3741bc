/** Directories as systems leave them, before and beside a store. */

import assert from "node:assert/strict";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { openSchemaStore, type SchemaStoreError } from "../../dist/index.node.js";
import { scratchFolder } from "./commands.js";
import { crc32c } from "./crc32c.js";

const scratch = scratchFolder("fs-directory");
let places = 0;

/** A path at which there is nothing. */
function place(): string {
  places += 1;
  return join(scratch, `${places}`);
}

/** Opens a store there and puts something. */
async function filled(diskCacheDir: string): Promise<void> {
  await using store = await openSchemaStore({ diskCacheDir });
  await store.put({ url: "http://example.org/Tea" }, { durable: true });
}

test("what systems put into a new directory is no reason to refuse it, and stays", async () => {
  const names = [
    "lost+found/",
    ".gitkeep",
    ".DS_Store",
    ".nfs0000001f",
    "Thumbs.db",
    "desktop.ini",
  ];
  for (const name of [...names, names.join()]) {
    const directory = place();
    mkdirSync(directory);
    const there = name.split(",");
    for (const one of there) {
      if (one.endsWith("/")) mkdirSync(join(directory, one));
      else writeFileSync(join(directory, one), "");
    }
    await filled(directory);
    await filled(directory);
    for (const one of there) assert.ok(existsSync(join(directory, one)), one);
  }
  for (const name of [".DS_Store.txt", "lost", ".nfs", ".git", "Thumbs.db2"]) {
    const directory = place();
    mkdirSync(directory);
    writeFileSync(join(directory, name), "");
    await assert.rejects(filled(directory), { code: "INVALID_CONFIG", key: directory });
  }
});

/** What a store that is opened there has of what `filled` put. */
async function found(diskCacheDir: string): Promise<[has: boolean, storeId: string, ok: boolean]> {
  await using store = await openSchemaStore({ diskCacheDir });
  const id = readFileSync(join(diskCacheDir, "FORMAT")).subarray(16, 32).toString("hex");
  return [await store.has("http://example.org/Tea"), id, store.health().ok];
}

test("FORMAT damaged in any byte, cut off or gone is made again, and nothing is lost", async () => {
  const original = place();
  await filled(original);
  await filled(original);
  const whole = readFileSync(join(original, "FORMAT"));
  const ways: [string, (path: string) => void][] = [["gone", (path) => unlinkSync(path)]];
  for (let at = 0; at < whole.length; at += 1) {
    const bad = Buffer.from(whole);
    bad[at] = (bad[at] ?? 0) ^ 0x10;
    ways.push([`byte ${at}`, (path) => writeFileSync(path, bad)]);
  }
  for (const length of [0, 1, whole.length - 1]) {
    ways.push([`${length} bytes`, (path) => truncateSync(path, length)]);
  }
  const expected = await found(original);
  assert.equal(expected[0], true);
  for (const [what, damage] of ways) {
    const directory = place();
    cpSync(original, directory, { recursive: true });
    damage(join(directory, "FORMAT"));
    assert.deepEqual(await found(directory), expected, what);
    assert.deepEqual(readFileSync(join(directory, "FORMAT")), whole, what);
  }
});

test("FORMAT is not made again of what a later version may have written", async () => {
  const directory = place();
  await filled(directory);
  const [name = ""] = readdirSync(directory).filter((one) => one.startsWith("seg-"));
  const segment = readFileSync(join(directory, name));
  segment.writeUInt16LE(2, 8);
  segment.writeUInt32LE(crc32c(segment.subarray(0, 60)), 60);
  writeFileSync(join(directory, name), segment);
  unlinkSync(join(directory, "FORMAT"));
  await assert.rejects(found(directory), { code: "FORMAT_TOO_NEW" });
  assert.ok(!existsSync(join(directory, "FORMAT")));
});

test("a directory that anybody may write to becomes private, any other stays as it is", async () => {
  for (const [before, after] of [
    [0o777, 0o700],
    [0o1777, 0o700],
    [0o755, 0o755],
    [0o770, 0o770],
  ] as const) {
    const directory = place();
    mkdirSync(directory);
    chmodSync(directory, before);
    await filled(directory);
    assert.equal(statSync(directory).mode & 0o7777, after);
  }
  // Not one of somebody else's.
  const directory = place();
  mkdirSync(directory);
  writeFileSync(join(directory, "photo.jpg"), "");
  chmodSync(directory, 0o777);
  await assert.rejects(filled(directory), { code: "INVALID_CONFIG" });
  assert.equal(statSync(directory).mode & 0o7777, 0o777);
});

test("directories above are made, private too; where none can be made, that is told", async () => {
  const above = join(scratch, "above");
  const store = await openSchemaStore({ diskCacheDir: join(above, "deeper", "store") });
  await store.close();
  for (const path of [above, join(above, "deeper"), join(above, "deeper", "store")]) {
    assert.equal(statSync(path).mode & 0o777, 0o700, path);
  }
  if (process.platform !== "linux") return;
  for (const diskCacheDir of ["/proc/nowhere", "/proc/nowhere/deeper"]) {
    await assert.rejects(openSchemaStore({ diskCacheDir }), (error: SchemaStoreError) => {
      assert.deepEqual([error.code, error.key], ["DISK_ERROR", diskCacheDir]);
      return true;
    });
  }
});
