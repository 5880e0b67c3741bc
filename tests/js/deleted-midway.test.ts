/** A directory that is deleted while something is under way in it: no other file is touched, nothing is lost unsaid. */

import assert from "node:assert/strict";
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { SchemaStore, SchemaStoreError } from "../../dist/index.node.js";

/** What runs before and after the next sync of a segment. */
let next: { before?: () => Promise<void>; after?: () => void } | undefined;
const { fdatasync } = fs;
// The adapter takes it at its import.
fs.fdatasync = ((fd: number, done: (error: NodeJS.ErrnoException | null) => void) => {
  const { before, after } = next ?? {};
  next = undefined;
  const sync = () =>
    fdatasync(fd, (error) => {
      after?.();
      done(error);
    });
  if (before === undefined) sync();
  else void before().then(sync);
}) as typeof fs.fdatasync;
syncBuiltinESMExports();
const { openSchemaStore } = await import("../../dist/index.node.js");
const { fsAdapter } = await import("../../dist/adapters/fs.js");

const url = (name: string) => `http://x.org/${name}`;
const VICTIM_BYTES = 100_000;

/** A directory that is no store yet, next to one that is another store with the entry `theirs`, and a file. */
async function places(context: TestContext) {
  const parent = fs.mkdtempSync(join(tmpdir(), "fhir-schema-store-midway-"));
  context.after(() => fs.rmSync(parent, { recursive: true, force: true }));
  const other = join(parent, "other");
  const theirs = await openSchemaStore({ diskCacheDir: other });
  await theirs.put({ url: url("theirs") }, { durable: true });
  await theirs.close();
  const victim = join(parent, "victim");
  fs.writeFileSync(victim, Buffer.alloc(VICTIM_BYTES));
  return { directory: join(parent, "store"), other, victim };
}

async function opened(context: TestContext, directory: string): Promise<SchemaStore> {
  const store = await openSchemaStore({ diskCacheDir: directory });
  context.after(() => store.close().catch(() => {}));
  return store;
}

const names = async (store: SchemaStore) => (await store.list()).map((one) => one.url).sort();

type Place = Awaited<ReturnType<typeof places>>;

const TAKEN: Record<string, (place: Place) => void> = {
  deleted: ({ directory }) => fs.rmSync(directory, { recursive: true }),
  "made anew, empty": ({ directory }) => {
    fs.rmSync(directory, { recursive: true });
    fs.mkdirSync(directory);
  },
  "replaced by another": ({ directory, other }) => {
    fs.rmSync(directory, { recursive: true });
    fs.cpSync(other, directory, { recursive: true });
  },
};

const WRITES: Record<string, (store: SchemaStore) => Promise<unknown>> = {
  "durable put": (store) => store.put({ url: url("new") }, { durable: true }),
  update: (store) => store.update(url("new"), () => ({ url: url("new") })),
};

for (const [fate, take] of Object.entries(TAKEN)) {
  for (const [what, write] of Object.entries(WRITES)) {
    for (const reuse of ["before", "after"] as const) {
      for (const noticed of [true, false]) {
        const seen = noticed ? "seen by another call" : "seen by nobody";
        const title = `a ${what} whose store is ${fate} during its sync, ${seen}, files opened ${reuse} it ends`;
        test(title, async (context) => {
          const place = await places(context);
          const { directory, victim } = place;
          const store = await opened(context, directory);
          await store.put({ url: url("old") }, { durable: true });
          const descriptors: number[] = [];
          const open = () => {
            for (let i = 0; i < 4; i++) descriptors.push(fs.openSync(victim, "r+"));
          };
          next = {
            before: async () => {
              take(place);
              if (noticed) await store.has(url("asked"));
              if (reuse === "before") open();
            },
            after: () => {
              if (reuse === "after") open();
            },
          };
          const failure: SchemaStoreError = await write(store).then(
            () => assert.fail("acknowledged"),
            (error) => error,
          );
          assert.match(failure.message, /was deleted .*by another process during the write/);
          assert.deepEqual(
            [failure.code, failure.retryable, failure.key],
            ["DISK_ERROR", true, directory],
          );
          for (const fd of descriptors) fs.closeSync(fd);
          assert.equal(descriptors.length, 4);
          assert.equal(fs.statSync(victim).size, VICTIM_BYTES, "another file was cut");
          // What was queued comes by itself, an update when it is asked for again.
          if (what === "update") await write(store);
          await store.flush();
          const another = await opened(context, directory);
          const there = fate === "replaced by another" ? [url("new"), url("theirs")] : [url("new")];
          assert.deepEqual(await names(another), there);
          assert.deepEqual(await names(store), there);
          assert.deepEqual(another.health().damage, []);
        });
      }
    }
  }

  test(`a commit that waits for its lock while the store is ${fate}`, async (context) => {
    const place = await places(context);
    const { directory } = place;
    const holder = await opened(context, directory);
    const adapter = fsAdapter(directory);
    const store = await openSchemaStore({ adapter });
    context.after(() => store.close().catch(() => {}));
    await store.put({ url: url("old") }, { durable: true });
    const commit = adapter.commit.bind(adapter);
    const asked = new Promise<void>((resolve) => {
      adapter.commit = (...batch) => {
        resolve();
        return commit(...batch);
      };
    });
    let written: Promise<unknown> | undefined;
    next = {
      before: async () => {
        written = store.put({ url: url("new") }, { durable: true });
        written.catch(() => {});
        await asked;
        // It waits for the lock.
        await new Promise((resolve) => setTimeout(resolve, 10));
        take(place);
        await store.has(url("asked"));
      },
    };
    const held = holder.put({ url: url("held") }, { durable: true });
    await assert.rejects(held, { code: "DISK_ERROR", retryable: true });
    await assert.rejects(written ?? Promise.resolve(), { code: "DISK_ERROR", retryable: true });
    await store.flush();
    await holder.flush();
    assert.ok(fs.existsSync(join(directory, "FORMAT")));
    const another = await opened(context, directory);
    await another.put({ url: url("another") }, { durable: true });
    const there = await names(another);
    assert.ok(there.includes(url("new")) && there.includes(url("held")));
    for (const each of [store, holder]) assert.deepEqual(await names(each), there);
  });
}

test("a store whose directory could not be read for a while excludes others, and shows what is there", async (context) => {
  const { directory, other } = await places(context);
  const [one, two] = [fsAdapter(directory), fsAdapter(directory)];
  const store = await openSchemaStore({ adapter: one });
  context.after(() => store.close());
  await store.put({ url: url("old") }, { durable: true });
  fs.rmSync(directory, { recursive: true });
  fs.mkdirSync(directory);
  fs.writeFileSync(join(directory, "FORMAT"), "of another kind");
  await assert.rejects(store.refresh(), { code: "CORRUPT" });
  await assert.rejects(store.put({ url: url("queued") }, { durable: true }), { code: "CORRUPT" });
  fs.rmSync(directory, { recursive: true });
  fs.cpSync(other, directory, { recursive: true });
  assert.equal(await one.poll?.(), true);
  assert.ok((await names(store)).includes(url("theirs")));
  const second = await openSchemaStore({ adapter: two });
  context.after(() => second.close());
  const order: string[] = [];
  let entered = () => {};
  const isIn = new Promise<void>((resolve) => {
    entered = resolve;
  });
  const first = two.exclusive("part", async () => {
    entered();
    await new Promise((resolve) => setTimeout(resolve, 100));
    order.push("first");
  });
  await isIn;
  await one.exclusive("part", async () => void order.push("second"));
  await first;
  assert.deepEqual(order, ["first", "second"]);
});

test("a directory that was unreadable and then deleted is not made by reading", async (context) => {
  const { directory } = await places(context);
  const store = await opened(context, directory);
  await store.put({ url: url("old") }, { durable: true });
  fs.writeFileSync(join(directory, "FORMAT"), "of another kind");
  for (const name of fs.readdirSync(directory)) {
    if (name !== "FORMAT") fs.rmSync(join(directory, name));
  }
  await assert.rejects(store.refresh(), { code: "CORRUPT" });
  fs.rmSync(directory, { recursive: true });
  assert.deepEqual(await names(store), []);
  assert.equal(fs.existsSync(directory), false);
});

test("no snapshot of a store goes to one that replaces it", async (context) => {
  const place = await places(context);
  const store = await opened(context, place.directory);
  await store.put({ url: url("old") }, { durable: true });
  const other = await opened(context, place.directory);
  await other.put({ url: url("unsynced") }, { durable: true });
  await store.refresh();
  let replaced = false;
  next = {
    // The first is that of its own segment.
    before: async () => {
      next = {
        before: async () => {
          replaced = true;
          TAKEN["replaced by another"]?.(place);
        },
      };
    },
  };
  await store.close();
  assert.ok(replaced);
  const another = await opened(context, place.directory);
  assert.deepEqual(another.health().damage, []);
  assert.deepEqual(await names(another), [url("theirs")]);
});

test("all rows and their token are of one moment", async (context) => {
  const { directory } = await places(context);
  const adapter = fsAdapter(directory);
  const store = await openSchemaStore({ adapter });
  context.after(() => store.close());
  const other = await opened(context, directory);
  await other.put({ url: url("theirs") }, { durable: true });
  const reading = adapter.allRows();
  await Promise.all([adapter.poll?.(), reading]);
  const { rows, token } = await reading;
  const changes = await adapter.changes(token);
  assert.ok(changes !== "reset");
  assert.equal(rows.length + changes.rows.length, 1);
});

test("a separate record of a deleted store is not taken for saved", async (context) => {
  const { directory } = await places(context);
  const adapter = fsAdapter(directory);
  const store = await openSchemaStore({ adapter });
  context.after(() => store.close());
  const bytes = new TextEncoder().encode("counts");
  await adapter.saveSide?.("one", bytes);
  fs.rmSync(directory, { recursive: true });
  const saved = Promise.resolve(adapter.saveSide?.("one", bytes));
  await assert.rejects(saved, { code: "DISK_ERROR", retryable: true, key: directory });
  assert.equal(fs.existsSync(directory), false);
  await store.put({ url: url("new") }, { durable: true });
  assert.equal(await adapter.side?.("one"), undefined);
  await adapter.saveSide?.("one", bytes);
  assert.deepEqual(await adapter.side?.("one"), bytes);
});

test("what is queued when a directory is deleted during the flush of a close is in the new one", async (context) => {
  for (const take of Object.values(TAKEN)) {
    const place = await places(context);
    const store = await opened(context, place.directory);
    await store.put({ url: url("old") }, { durable: true });
    await store.put({ url: url("queued") });
    next = { before: async () => take(place) };
    await store.close();
    const again = await opened(context, place.directory);
    assert.ok((await names(again)).includes(url("queued")));
  }
});
