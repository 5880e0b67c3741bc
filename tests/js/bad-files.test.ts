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

test("on a full disk a durable put is refused and undone, and all else goes on", async (context) => {
  const directory = mkdtempSync(join(tmpdir(), "fss-full-"));
  context.after(() => rmSync(directory, { recursive: true, force: true }));
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=256k", "tmpfs", directory]);
  if (mounted.status !== 0) {
    assert.notEqual(process.env["CI"], "true", `no tmpfs: ${mounted.stderr}`);
    return context.skip(`no tmpfs can be mounted: ${mounted.stderr}`);
  }
  try {
    for (const strategy of ["memory-disk", "disk"] as const) {
      const diskCacheDir = join(directory, strategy);
      const store = await openSchemaStore({ diskCacheDir, strategy });
      const errors: (string | undefined)[] = [];
      store.on("error", ({ error }) => errors.push(`${error.code} ${error.key}`));
      await store.put(kept, { durable: true });
      const filler = "x".repeat(400_000);
      const refused = { code: "STORAGE_FULL", key: "big" };
      await assert.rejects(store.put({ url: "big", filler }, { durable: true }), refused);
      assert.equal(await store.has("big"), false);
      const replaced = { code: "STORAGE_FULL", key: "kept|1" };
      await assert.rejects(store.put({ ...kept, filler }, { durable: true }), replaced);
      assert.deepEqual(await store.get("kept"), kept);
      assert.deepEqual([store.health().ok, errors], [true, []]);

      await store.put({ url: "later", filler });
      await store.put({ url: "small" }, { durable: true });
      await assert.rejects(store.flush(), { code: "STORAGE_FULL" });
      const { ok, refusedWrites, pendingWrites } = store.health();
      assert.deepEqual([ok, refusedWrites, pendingWrites], [false, 1, 1]);
      assert.deepEqual(errors, ["STORAGE_FULL later"]);
      assert.equal((await store.get<{ filler: string }>("later"))?.filler.length, 400_000);
      await store.update("small", () => ({ url: "small", n: 2 }));
      assert.equal(await store.delete("kept"), true);
      await assert.rejects(store.flush(), { code: "STORAGE_FULL" });
      await assert.rejects(store.close(), { code: "STORAGE_FULL" });

      const next = await openSchemaStore({ diskCacheDir, strategy });
      assert.deepEqual(
        (await next.list()).map(({ url }) => url),
        ["small"],
      );
      assert.deepEqual(await next.get("small"), { url: "small", n: 2 });
      await next.put({ url: "later", filler });
      execFileSync("mount", ["-o", "remount,size=2m", directory]);
      await next.flush();
      assert.equal(next.health().ok, true);
      await next.close();
      rmSync(diskCacheDir, { recursive: true });
      execFileSync("mount", ["-o", "remount,size=256k", directory]);
    }
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
