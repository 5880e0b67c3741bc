/** Directories that are no store, disks without room, packages cut short. */

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { openPackage } from "../../dist/convert/index.js";
import { openSchemaStore } from "../../dist/index.node.js";
import { kept } from "./bad-table.js";

test("directories that are not a store are refused, and nothing falls back to memory", async () => {
  const parent = mkdtempSync(join(tmpdir(), "fss-bad-"));
  try {
    const places: Record<string, readonly [(path: string) => void, string]> = {
      file: [(path) => writeFileSync(path, "mine"), "INVALID_CONFIG"],
      "not-ours": [
        (path) => {
          mkdirSync(path);
          writeFileSync(join(path, "thesis.txt"), "mine");
        },
        "INVALID_CONFIG",
      ],
      garbage: [
        (path) => {
          mkdirSync(path);
          writeFileSync(join(path, "FORMAT"), "garbage");
        },
        "CORRUPT",
      ],
    };
    for (const [name, [make, code]] of Object.entries(places)) {
      const diskCacheDir = join(parent, name);
      make(diskCacheDir);
      await assert.rejects(
        openSchemaStore({ diskCacheDir }),
        (error: Error & { code?: string; key?: string }) => {
          assert.equal(error.code, code);
          assert.ok(`${error.message} ${error.key}`.includes(diskCacheDir), error.message);
          return true;
        },
      );
    }
    assert.equal(readFileSync(join(parent, "not-ours", "thesis.txt"), "utf8"), "mine");
  } finally {
    rmSync(parent, { recursive: true, force: true });
  }
});

test("on a full disk the write is told, the entry stays readable, and space heals it", async (context) => {
  const directory = mkdtempSync(join(tmpdir(), "fss-full-"));
  context.after(() => rmSync(directory, { recursive: true, force: true }));
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=256k", "tmpfs", directory]);
  if (mounted.status !== 0) {
    assert.notEqual(process.env["CI"], "true", `no tmpfs: ${mounted.stderr}`);
    return context.skip(`no tmpfs can be mounted: ${mounted.stderr}`);
  }
  try {
    const diskCacheDir = join(directory, "store");
    const store = await openSchemaStore({ diskCacheDir });
    await store.put(kept, { durable: true });
    const big = { url: "big", filler: "x".repeat(400_000) };
    await assert.rejects(store.put(big, { durable: true }), { code: "STORAGE_FULL" });
    assert.deepEqual(await store.get("big"), big);
    assert.deepEqual(await store.get("kept"), kept);
    assert.equal(store.health().writeError?.code, "STORAGE_FULL");
    await store.delete("big");
    await store.put({ url: "small" }, { durable: true });
    assert.equal(store.health().ok, true);
    await store.close();
    const next = await openSchemaStore({ diskCacheDir });
    assert.deepEqual(
      (await next.list()).map(({ url }) => url),
      ["kept", "small"],
    );
    assert.deepEqual(await next.get("kept"), kept);
    await next.close();
  } finally {
    execFileSync("umount", ["-l", directory]);
  }
});

test("a truncated package is refused and names itself", async () => {
  const fixture = fileURLToPath(new URL("../fixtures/us_core_311.tgz", import.meta.url));
  const bytes = readFileSync(fixture);
  for (const length of [20, bytes.length >> 1, bytes.length - 1]) {
    const name = `cut-${length}.tgz`;
    const read = async () => {
      const opened = await openPackage(bytes.subarray(0, length), { fileName: name });
      for await (const _resource of opened.resources()) void _resource;
    };
    await assert.rejects(read, (error: Error & { code?: string }) => {
      assert.ok(
        ["CORRUPT", "SERIALIZATION"].includes(error.code ?? ""),
        `${length}: ${error.stack}`,
      );
      return true;
    });
  }
});
