/** A host answers a commit late: what others wrote after it, and is known here by then, is not undone by the answer. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { HostAdapter } from "../../dist/host.js";
import type { SchemaStore } from "../../dist/store.js";
import { archiveOf } from "./archives.js";
import { MemoryPlace, memoryAdapter, openStore, turn, until } from "./kit.js";

const A = "http://example.org/a";

/** An adapter that has committed when it is asked to, and answers when the test says. */
function lateAdapter(place: MemoryPlace) {
  const inner = memoryAdapter(place);
  const late = { isOn: false, done: 0, answer: () => {} };
  const adapter: HostAdapter = {
    ...inner,
    async commit(batch, options) {
      const token = await inner.commit(batch, options);
      late.done += 1;
      if (late.isOn) {
        await new Promise<void>((resolve) => {
          late.answer = resolve;
        });
      }
      return token;
    },
  };
  return { adapter, late };
}

const archive = await archiveOf({ value: { url: A, n: 1 } }, { value: { url: "b", n: 1 } });

const ours: Record<string, (store: SchemaStore) => Promise<unknown>> = {
  put: (store) => store.put({ url: A, n: 1 }, { durable: true }),
  "a put on its way": async (store) => {
    await store.put({ url: A, n: 1 });
    return store.flush();
  },
  ifHash: (store) => store.put({ url: A, n: 1 }, { ifHash: null }),
  update: (store) => store.update(A, () => ({ url: A, n: 1 })),
  import: (store) => store.import(archive, { conflicts: "replace" }),
  "delete of another": async (store) => {
    await store.put({ url: A, n: 1 });
    await store.delete("c");
    return store.flush();
  },
};
const theirs: Record<string, readonly [(store: SchemaStore) => Promise<unknown>, unknown]> = {
  put: [(store) => store.put({ url: A, n: 2 }, { durable: true }), { url: A, n: 2 }],
  delete: [
    async (store) => {
      await store.delete(A);
      await store.flush();
    },
    undefined,
  ],
  "nothing of it": [(store) => store.put({ url: "d" }, { durable: true }), { url: A, n: 1 }],
};
const looks: Record<string, (store: SchemaStore) => Promise<unknown>> = {
  refresh: (store) => store.refresh(),
  "refresh, twice": (store) => store.refresh().then(() => store.refresh()),
  "an update of it": (store) => store.update(A, () => undefined),
};

test("what is known of a row when the answer comes stays known", async () => {
  for (const [what, write] of Object.entries(ours)) {
    for (const [then, [overwrite, expected]] of Object.entries(theirs)) {
      for (const [how, look] of Object.entries(looks)) {
        const name = `${what}, then ${then}, seen by ${how}`;
        const place = new MemoryPlace();
        const { adapter, late } = lateAdapter(place);
        await using store = await openStore({ adapter });
        await using other = await openStore({ adapter: memoryAdapter(place) });
        await other.put({ url: "c" }, { durable: true });
        await store.refresh();
        late.isOn = true;
        const writing = write(store);
        await until(() => late.done === 1, `the commit of ${name}`);
        await other.refresh();
        await overwrite(other);
        const looking = look(store);
        // An update waits for the commit where it is of the same row.
        await Promise.race([looking, turn().then(turn)]);
        const before = await store.get(A);
        late.isOn = false;
        late.answer();
        await writing;
        await looking;
        await turn();
        assert.deepEqual(await store.get(A), expected, name);
        assert.deepEqual((await store.metadata(A))?.size, (await other.metadata(A))?.size, name);
        // What was put here counts until the host has it.
        if (!/put|delete/.test(what)) assert.deepEqual(before, expected, `${name}: before`);
      }
    }
  }
});

test("no update is lost where an answer comes late", async () => {
  const place = new MemoryPlace();
  const { adapter, late } = lateAdapter(place);
  await using store = await openStore({ adapter });
  await using other = await openStore({ adapter: memoryAdapter(place) });
  const add = (one: SchemaStore) =>
    one.update<{ n: number }>(A, (now) => ({ url: A, n: (now?.n ?? 0) + 1 }));
  for (let round = 0; round < 50; round += 1) {
    late.isOn = true;
    const before = late.done;
    const adding = add(store);
    await until(() => late.done > before, "the commit");
    await add(other);
    if (round % 2 === 0) await store.refresh();
    late.isOn = false;
    late.answer();
    await Promise.all([adding, add(store)]);
  }
  assert.deepEqual(await store.get(A), { url: A, n: 150 });
});

test("a row that others wrote while ours waited is known when the host has done without ours", async () => {
  for (const other of ["put", "delete"] as const) {
    const place = new MemoryPlace();
    const inner = memoryAdapter(place);
    let left = false;
    const adapter: HostAdapter = {
      ...inner,
      // As of a page that lives on: what it left was written before what others wrote, and is not written again.
      commit: (batch, options) => inner.commit(left ? { ...batch, put: [] } : batch, options),
    };
    await using store = await openStore({ adapter });
    await using others = await openStore({ adapter: memoryAdapter(place) });
    await store.put({ url: A, n: 0 }, { durable: true });
    await others.refresh();
    left = true;
    await store.put({ url: A, n: 1 });
    if (other === "put") await others.put({ url: A, n: 2 }, { durable: true });
    else {
      await others.delete(A);
      await others.flush();
    }
    await store.refresh();
    assert.deepEqual(await store.get(A), { url: A, n: 1 }, "ours is on its way");
    await store.flush();
    const expected = other === "put" ? { url: A, n: 2 } : undefined;
    await store.refresh();
    assert.deepEqual(await store.get(A), expected, other);
  }
});
