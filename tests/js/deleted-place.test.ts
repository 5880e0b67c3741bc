/** A directory that is deleted behind an open store: told, and never taken for what it was. */

import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { MemoryPlace, memoryAdapter } from "../../dist/adapters/memory.js";
import { openSchemaStore, type SchemaStore, type SchemaStoreError } from "../../dist/index.node.js";

const url = (name: string) => `http://x.org/${name}`;

/** A store with two entries in a directory of its own, and the errors it tells of. */
async function opened(context: TestContext) {
  const parent = mkdtempSync(join(tmpdir(), "fhir-schema-store-deleted-"));
  context.after(() => rmSync(parent, { recursive: true, force: true }));
  const directory = join(parent, "store");
  const store = await openSchemaStore({ diskCacheDir: directory });
  context.after(() => store.close().catch(() => {}));
  const errors = told(store);
  await store.put({ url: url("a") }, { durable: true });
  await store.put({ url: url("b") }, { durable: true });
  return { directory, store, errors };
}

function told(store: SchemaStore): SchemaStoreError[] {
  const errors: SchemaStoreError[] = [];
  store.on("error", ({ error }) => errors.push(error));
  return errors;
}

/** Until something holds, for five seconds. */
async function until(holds: () => boolean, what: string): Promise<void> {
  for (let waited = 0; !holds(); waited += 20) {
    assert.ok(waited < 5000, what);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const remove = (directory: string) => rmSync(directory, { recursive: true });
const empty = (directory: string) => {
  for (const name of readdirSync(directory)) rmSync(join(directory, name));
};

for (const [how, take] of Object.entries({
  "removed with its directory": remove,
  emptied: empty,
})) {
  test(`a store ${how} is told of without any call`, async (context) => {
    const { directory, store, errors } = await opened(context);
    assert.equal(store.health().ok, true);
    take(directory);
    await until(() => errors.length > 0, "no event");
    assert.equal(errors[0]?.code, "DISK_ERROR");
    assert.equal(errors[0]?.key, directory);
    assert.match(errors[0]?.message ?? "", /deleted/);
    const { ok, damage } = store.health();
    assert.equal(ok, false);
    assert.equal(damage.length, 1);
    assert.match(damage[0] ?? "", /deleted/);
    assert.ok(damage[0]?.includes(directory));
    // What was read only is not made anew.
    assert.equal(existsSync(directory) && readdirSync(directory).length > 0, false);
    await new Promise((resolve) => setTimeout(resolve, 1200));
    assert.equal(errors.length, 1, "told once");
    assert.equal(existsSync(directory) && readdirSync(directory).length > 0, false);
  });

  test(`the calls after a store was ${how} are right at once`, async (context) => {
    for (const ask of [
      async (store: SchemaStore) => assert.equal(await store.size(), 0),
      async (store: SchemaStore) => assert.deepEqual(await store.list(), []),
      async (store: SchemaStore) => assert.equal((await store.stats()).entries, 0),
      async (store: SchemaStore) => assert.equal(await store.clear(), 0),
    ]) {
      const { directory, store } = await opened(context);
      take(directory);
      await ask(store);
      assert.equal(await store.get(url("a")), undefined);
      assert.equal(await store.has(url("b")), false);
      assert.equal((await store.stats()).disk?.bytes, 0);
    }
  });

  test(`what is put after a store was ${how} is durable in a new one`, async (context) => {
    const { directory, store, errors } = await opened(context);
    take(directory);
    await store.put({ url: url("new") }, { durable: true });
    await store.put({ url: url("queued") });
    await store.flush();
    assert.equal(await store.size(), 2);
    assert.equal(errors.length, 1);
    assert.equal(store.health().ok, false, "told until somebody says that it is known");
    const other = await openSchemaStore({ diskCacheDir: directory });
    assert.deepEqual(
      (await other.list()).map((one) => one.url),
      [url("new"), url("queued")],
    );
    assert.deepEqual(other.health().damage, []);
    await other.close();
    await store.update(url("new"), () => ({ url: url("new"), title: "changed" }));
    assert.equal(await store.clear(), 2);
    assert.deepEqual(store.health().damage, [], "after a clear");
    assert.equal(store.health().ok, true);
    await store.close();
  });

  test(`a store ${how} can be closed, and makes nothing anew by that`, async (context) => {
    const { directory, store } = await opened(context);
    await store.get(url("a"));
    take(directory);
    await store.close();
    assert.equal(existsSync(directory) && readdirSync(directory).length > 0, false);
  });

  test(`what was queued when a store was ${how} is not lost`, async (context) => {
    const { directory, store } = await opened(context);
    await store.put({ url: url("queued") });
    take(directory);
    await store.close();
    const other = await openSchemaStore({ diskCacheDir: directory });
    assert.deepEqual(
      (await other.list()).map((one) => one.url),
      [url("queued")],
    );
    await other.close();
  });
}

test("a store that held nothing has lost nothing", async (context) => {
  for (const ask of [
    (store: SchemaStore) => store.size(),
    (store: SchemaStore) => store.put({ url: url("new") }, { durable: true }),
  ]) {
    const { directory, store, errors } = await opened(context);
    await store.clear();
    remove(directory);
    await ask(store);
    await store.put({ url: url("new") }, { durable: true });
    assert.equal(await store.size(), 1);
    assert.deepEqual([errors, store.health().damage], [[], []]);
  }
});

test("a store replaced by another one is told of, and shows what is there now", async (context) => {
  const { directory, store, errors } = await opened(context);
  remove(directory);
  const other = await openSchemaStore({ diskCacheDir: directory });
  await other.put({ url: url("theirs") }, { durable: true });
  assert.deepEqual(
    (await store.list()).map((one) => one.url),
    [url("theirs")],
  );
  assert.equal(errors[0]?.code, "DISK_ERROR");
  assert.equal(store.health().ok, false);
  await other.close();
});

test("a store replaced by one that has its entries too has lost nothing", async (context) => {
  const { directory, store, errors } = await opened(context);
  const other = await openSchemaStore({ diskCacheDir: `${directory}-other` });
  for (const name of ["a", "b", "c"]) await other.put({ url: url(name) });
  await other.close();
  // In one turn, so that nobody sees the place without any.
  renameSync(directory, `${directory}-before`);
  renameSync(`${directory}-other`, directory);
  assert.equal(await store.size(), 3);
  assert.deepEqual([errors, store.health().damage], [[], []]);
});

test("a directory made anew by hand is taken, but not with other people's files in it", async (context) => {
  const { directory, store } = await opened(context);
  remove(directory);
  assert.equal(await store.size(), 0);
  mkdirSync(join(directory, "photos"), { recursive: true });
  await assert.rejects(store.put({ url: url("new") }, { durable: true }), {
    code: "INVALID_CONFIG",
  });
  rmSync(join(directory, "photos"), { recursive: true });
  await store.flush();
  assert.equal(await store.size(), 1);
});

test("a place is told of whatever the adapter, once for each time", async (context) => {
  const place = new MemoryPlace();
  const store = await openSchemaStore({ adapter: memoryAdapter(place) });
  context.after(() => store.close());
  const errors = told(store);
  for (const times of [1, 2]) {
    await store.put({ url: url("a") }, { durable: true });
    await memoryAdapter(place).destroy();
    await until(() => errors.length === times, `the event of time ${times}`);
    assert.equal(store.health().damage.length, 1);
    assert.equal(await store.size(), 0);
  }
});
