/** What must not be lost or missed when something unexpected comes between. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { MemoryPlace, memoryAdapter } from "../../dist/adapters/memory.js";
import { openPackage } from "../../dist/convert/index.js";
import { openSchemaStore } from "../../dist/index.node.js";

test("a resolver that answers with another entry replaces nothing", async () => {
  const mine = { url: "http://x.org/Mine", version: "2", mine: true };
  const store = await openSchemaStore({
    strategy: "memory",
    resolver: async () => ({ ...mine, mine: false }),
  });
  await store.put(mine);
  for (const asked of ["http://x.org/Other", "http://x.org/Mine|1"]) {
    await assert.rejects(store.get(asked), { code: "RESOLVER" });
  }
  assert.deepEqual(await store.get("http://x.org/Mine"), mine);
  await store.close();
});

test("a watcher hears of a put that a read after a merge came upon", async (t) => {
  const diskCacheDir = place(t);
  for (let at = 0; at < 16; at += 1) await putAlone(diskCacheDir, `http://x.org/${at}`);
  const store = await openSchemaStore({ diskCacheDir });
  const heard = new Promise<void>((resolve, reject) => {
    store.watch("http://x.org/new", () => resolve());
    setTimeout(() => reject(new Error("nothing heard")), 5000).unref();
  });
  await putAlone(diskCacheDir, "http://x.org/new");
  assert.deepEqual(await store.get("http://x.org/5"), { url: "http://x.org/5" });
  await heard;
  await store.close();
});

test("a process that exits while a store closes loses nothing", async (t) => {
  const diskCacheDir = place(t);
  const script = `
    import { openSchemaStore } from ${JSON.stringify(import.meta.resolve("../../dist/index.node.js"))};
    const store = await openSchemaStore({ diskCacheDir: ${JSON.stringify(diskCacheDir)} });
    await store.put({ url: "http://x.org/last" });
    store.close();
    process.exit(0);`;
  const { status } = spawnSync(process.execPath, ["--input-type=module", "-e", script]);
  assert.equal(status, 0);
  const store = await openSchemaStore({ diskCacheDir });
  assert.equal(await store.has("http://x.org/last"), true);
  await store.close();
});

test("a directory that was deleted and made anew takes what is put from then on", async (t) => {
  const diskCacheDir = place(t);
  const early = await openSchemaStore({ diskCacheDir });
  await early.put({ url: "http://x.org/before" }, { durable: true });
  rmSync(diskCacheDir, { recursive: true });
  await putAlone(diskCacheDir, "http://x.org/other");
  await early.put({ url: "http://x.org/after" }, { durable: true });
  await early.refresh();
  const urls = async (store: typeof early) => (await store.list()).map(({ url }) => url);
  assert.deepEqual(await urls(early), ["http://x.org/after", "http://x.org/other"]);
  await early.close();
  const late = await openSchemaStore({ diskCacheDir });
  assert.deepEqual(await urls(late), ["http://x.org/after", "http://x.org/other"]);
  assert.deepEqual(late.health().damage, []);
  await late.close();
});

test("what expires while many are read is not handed out", async () => {
  const place = new MemoryPlace();
  let time = 1000;
  const now = () => time;
  const writing = await openSchemaStore({ adapter: memoryAdapter(place), now });
  await writing.put({ url: "http://x.org/brief" }, { ttlHours: 1 });
  await writing.close();
  const slow = memoryAdapter(place);
  const read = slow.bodies.bind(slow);
  slow.bodies = async (hashes) => {
    const bodies = await read(hashes);
    time += 2 * 3_600_000;
    return bodies;
  };
  const store = await openSchemaStore({ adapter: slow, now });
  await store.list();
  assert.deepEqual(await store.getMany(["http://x.org/brief"]), [undefined]);
  await store.close();
});

test("twenty stores in one process warn of nothing", async (t) => {
  const warnings: Error[] = [];
  const warn = (warning: Error) => warnings.push(warning);
  process.on("warning", warn);
  t.after(() => process.off("warning", warn));
  const opened = Array.from({ length: 20 }, () => openSchemaStore({ strategy: "memory" }));
  for (const store of await Promise.all(opened)) await store.close();
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(warnings, []);
});

test("other tags reach a definition that is stored already", async (t) => {
  const store = await openSchemaStore({ diskCacheDir: place(t) });
  const definition = {
    resourceType: "StructureDefinition",
    url: "http://x.org/Tagged",
    type: "Patient",
    kind: "resource",
    differential: { element: [{ id: "Patient", path: "Patient" }] },
  };
  await store.convert(definition, { tags: ["a"] });
  assert.equal((await store.convert(definition, { tags: ["a"] })).converted, false);
  assert.equal((await store.convert(definition)).converted, false);
  await store.convert(definition, { tags: ["b"] });
  assert.equal((await store.list({ tag: "b" })).length, 1);
  await store.close();
});

test("an archive that unpacks to a thousand times its size is refused early", async () => {
  const bomb = gzipSync(Buffer.alloc(100 << 20));
  await assert.rejects(openPackage(bomb), {
    code: "INVALID_VALUE",
    message: /unpacks to more than/,
  });
});

async function putAlone(diskCacheDir: string, url: string): Promise<void> {
  const store = await openSchemaStore({ diskCacheDir });
  await store.put({ url });
  await store.close();
}

function place(t: { after(run: () => void): void }): string {
  const directory = mkdtempSync(join(tmpdir(), "fss-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

test("a pipe with the name of a segment is not waited for", { timeout: 5000 }, async (t) => {
  const diskCacheDir = place(t);
  await putAlone(diskCacheDir, "http://x.org/1");
  spawnSync("mkfifo", [join(diskCacheDir, "seg-000009-0123456789abcdef.log")]);
  const cli = fileURLToPath(import.meta.resolve("../../dist/cli/main.js"));
  const words = [cli, "cache", "get", "http://x.org/1", "--dir", diskCacheDir];
  const { stdout } = spawnSync(process.execPath, words, { timeout: 3000 });
  assert.equal(String(stdout), '{"url":"http://x.org/1"}');
});
