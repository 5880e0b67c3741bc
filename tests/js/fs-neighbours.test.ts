/** Others at one directory: what they wrote is found, what is theirs stays, what they replaced is told. */

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fsAdapter } from "../../dist/adapters/fs.js";
import type { SchemaStore } from "../../dist/store.js";
import type { StoreOptions } from "../../dist/types.js";
import { Locks } from "../../js/adapters/fs/lock.js";
import { loadCore } from "./core.js";
import { openStore, until } from "./kit.js";

const core = await loadCore();
const u = { url: "u", version: "1.0", n: 1 };

function newPlace(context: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "fss-neighbours-"));
  context.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

const open = (directory: string, options: StoreOptions = {}): Promise<SchemaStore> =>
  openStore({ adapter: fsAdapter(directory), ...options });

const DEFINITION = {
  resourceType: "StructureDefinition",
  url: "converted",
  differential: { element: [{ path: "Patient" }] },
};

const questions: Record<string, (store: SchemaStore) => Promise<unknown>> = {
  get: (store) => store.get("u"),
  getText: async (store) => JSON.parse((await store.getText("u|1.0")) ?? "null"),
  getMany: async (store) => (await store.getMany(["u"]))[0],
  entry: async (store) => (await store.entry("u"))?.value,
  has: async (store) => (await store.has("u")) && u,
  metadata: async (store) => (await store.metadata("u|1.0"))?.canonical === "u|1.0" && u,
  lease: async (store) => (await store.lease(["u"])).getSync("u"),
  convert: async (store) => {
    const { converted } = await store.convert(DEFINITION);
    return !converted && u;
  },
};

for (const [name, ask] of Object.entries(questions)) {
  test(`${name}: what another process has just written is found, and the resolver not asked`, async (context) => {
    const directory = newPlace(context);
    const asked: string[] = [];
    const resolver = async (canonical: string) => {
      asked.push(canonical);
      return undefined;
    };
    const convert = () => ({ schema: { url: "converted" }, dependencies: [] });
    const converter = { id: "test", version: "1", convert };
    const store = await open(directory, { resolver, converter });
    const other = await open(directory, { converter });
    await other.put(u);
    await other.convert(DEFINITION);
    await other.flush();
    assert.deepEqual(await ask(store), u);
    assert.deepEqual(asked, []);
    await store.close();
    await other.close();
  });
}

test("destroying a store leaves other people's files in its directory", async (context) => {
  const directory = newPlace(context);
  const adapter = fsAdapter(directory);
  await adapter.open({ core });
  const store = await open(directory);
  await store.put(u, { durable: true });
  await store.close();
  const theirs = ["notes.txt", "segment.log", "seg-1.log", "snap-1.idx.bak", "FORMAT.md", "tmp"];
  for (const name of theirs) writeFileSync(join(directory, name), name);
  mkdirSync(join(directory, "folder"));
  writeFileSync(join(directory, "folder", "seg-000001-0123456789abcdef.log"), "theirs");
  await adapter.destroy();
  assert.deepEqual(readdirSync(directory).sort(), [...theirs, "folder"].sort());
  for (const name of theirs) assert.equal(readFileSync(join(directory, name), "utf8"), name);
  assert.equal(readdirSync(join(directory, "folder")).length, 1);
});

test("destroying a store takes the directory along where nothing else is in it", async (context) => {
  const directory = join(newPlace(context), "store");
  const adapter = fsAdapter(directory);
  await adapter.open({ core });
  await adapter.destroy();
  assert.deepEqual(readdirSync(join(directory, "..")), []);
});

test("a directory that is replaced while a commit waits its turn fails that commit", async (context) => {
  const directory = newPlace(context);
  const adapter = fsAdapter(directory);
  const commit = adapter.commit.bind(adapter);
  let commits = 0;
  adapter.commit = (...batch) => {
    commits += 1;
    return commit(...batch);
  };
  const store = await openStore({ adapter });
  await store.put(u, { durable: true });
  const other = fsAdapter(directory);
  const { storeId } = await other.open({ core });
  await other.close();
  let refused: Promise<void> | undefined;
  await new Locks(directory, storeId).hold("commit", async () => {
    const put = store.put({ url: "late" }, { durable: true });
    refused = assert.rejects(put, {
      code: "DISK_ERROR",
      retryable: true,
      message: /was deleted and recreated/,
    });
    await until(() => commits === 2, "the commit");
    rmSync(directory, { recursive: true });
    const anew = await open(directory);
    await anew.put({ url: "theirs" }, { durable: true });
    await anew.close();
  });
  await refused;
  await store.flush();
  const next = await open(directory);
  assert.deepEqual(next.health().damage, []);
  assert.deepEqual(
    (await next.list()).map(({ url }) => url),
    ["late", "theirs"],
  );
  await next.close();
  await store.close();
});
