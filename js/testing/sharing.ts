/** Two adapters on one place at once: two tabs, two processes, two stores. */

import { SchemaStoreError } from "../errors.js";
import type { HostAdapter, HostRow } from "../host.js";
import {
  type Case,
  commit,
  equal,
  eventually,
  holds,
  ok,
  pause,
  put,
  row,
  store,
  utf8,
} from "./kit.js";

export const sharing: Record<string, Case> = {
  "two adapters see each other's commits": async (place) => {
    const [a, b] = await pair(place);
    const [first, second] = [await store(a, { key: "first" }), await store(b, { key: "second" })];
    await refresh(a);
    await refresh(b);
    await holds(a, [first, second], "the one");
    await holds(b, [first, second], "the other");
    await commit(b, { delete: [first.key] });
    await refresh(a);
    await holds(a, [second], "after the other's delete");
  },

  "changes tell what the other adapter wrote and deleted": async (place) => {
    const [a, b] = await pair(place);
    const entry = await store(a, { key: "deleted by the other" });
    const { token } = await a.allRows();
    const written = await put({ key: "written by the other" });
    await commit(b, { put: [written], delete: [entry.key] });
    const told = await a.changes(token);
    if (told === "reset") return holds(a, [written], "after the reset");
    equal([told.rows.length, told.deleted.length], [1, 1], "rows and deletions");
    ok(told.token !== token, "the token has not moved");
  },

  "increments by two adapters are exact": async (place) => {
    const adapters = await pair(place);
    const each = 25;
    await Promise.all(
      adapters.map(async (adapter) => {
        for (let i = 0; i < each; i += 1) await increment(adapter);
      }),
    );
    const [reader] = adapters;
    await refresh(reader);
    equal(count(await row(reader, "counter")), adapters.length * each, "the counter");
  },

  "a body the other adapter has collected is stored again": async (place) => {
    const [a, b] = await pair(place);
    const one = await store(a, { key: "1", body: "shared" });
    await refresh(b);
    await commit(b, { delete: [one.key] });
    const again = await put({ key: "2", body: "shared" });
    await commit(a, { put: [again] });
    for (const adapter of [a, b]) {
      await refresh(adapter);
      await holds(adapter, [again], "the body put again");
    }
  },

  "a place deleted behind an adapter is another, empty one to it": async (place) => {
    const { adapter: a, opened } = await place.opened();
    const b = await place.open();
    await store(a, { key: "lost" });
    await refresh(b);
    const before = await b.allRows();
    equal(before.storeId, opened.storeId, "the storeId of all rows");
    let calls = 0;
    b.watch?.(() => {
      calls += 1;
    });
    await a.destroy();
    const told = (await b.poll?.()) || (await eventually(() => calls > 0));
    ok(told, "neither poll nor watch told of it");
    equal(await b.changes(before.token), "reset", "the changes since");
    const after = await b.allRows();
    ok(after.storeId !== opened.storeId, "the storeId is still the same");
    await holds(b, [], "the new place");
    const entry = await store(b, { key: "new" });
    equal((await b.allRows()).storeId, after.storeId, "the storeId after a commit");
    const { adapter: next, opened: reopened } = await place.opened();
    equal(reopened.storeId, after.storeId, "the storeId that others find");
    for (const adapter of [b, next]) await holds(adapter, [entry], "what was committed then");
  },

  "exclusive sections of one name never overlap": async (place) => {
    const { adapter: a, opened } = await place.opened();
    const adapters = opened.capabilities.exclusive ? [a, await place.open()] : [a];
    let inside = 0;
    let most = 0;
    const section = async (): Promise<void> => {
      inside += 1;
      most = Math.max(most, inside);
      await pause(5);
      inside -= 1;
    };
    const turns = [1, 2, 3, 4].flatMap(() => adapters.map((one) => one.exclusive("x", section)));
    await Promise.all(turns);
    equal(most, 1, "sections at once");
  },

  "an exclusive section passes its result and its error on, and ends": async (place) => {
    const adapter = await place.open();
    equal(await adapter.exclusive("x", async () => 42), 42, "the result");
    const mine = new Error("mine");
    const failed = adapter.exclusive("x", () => Promise.reject(mine));
    equal(await failed.catch((error: unknown) => error === mine), true, "the error");
    equal(await adapter.exclusive("x", async () => "free"), "free", "the next section");
    const nested = adapter.exclusive("x", () => adapter.exclusive("y", async () => "both"));
    equal(await nested, "both", "sections of two names");
  },

  "commits are possible inside an exclusive section": async (place) => {
    const adapter = await place.open();
    const entry = await adapter.exclusive("x", () => store(adapter, { key: "k" }));
    await holds(adapter, [entry], "after the section");
  },

  "watch tells of the other's commits until it is stopped": async (place) => {
    const [a, b] = await pair(place);
    if (!a.watch) return;
    let calls = 0;
    const stop = a.watch(() => {
      calls += 1;
    });
    await store(b, { key: "1" });
    ok(await eventually(() => calls > 0), "watch was not called within five seconds");
    await refresh(a);
    ok((await row(a, "1")) !== undefined, "watch was called, but there is no change");
    stop();
    stop();
    await pause(50);
    const before = calls;
    await store(b, { key: "2" });
    await pause(50);
    equal(calls, before, "calls after it was stopped");
  },
};

async function pair(place: { open(): Promise<HostAdapter> }): Promise<[HostAdapter, HostAdapter]> {
  return [await place.open(), await place.open()];
}

/** What a store does on `refresh`: after it, reads see what others have committed. */
async function refresh(adapter: HostAdapter): Promise<void> {
  await adapter.changes(0);
  await adapter.poll?.();
}

/** Reads a counter and writes it one higher, if it is still the same; else once more. */
async function increment(adapter: HostAdapter): Promise<void> {
  const key = utf8("counter");
  for (;;) {
    const found = await row(adapter, key);
    const next = await put({ key, body: "counter", meta: utf8(`${count(found) + 1}`) });
    try {
      await commit(adapter, { put: [next], expect: [{ key, revision: found?.revision ?? 0 }] });
      return;
    } catch (error) {
      if (!(error instanceof SchemaStoreError) || error.code !== "CONCURRENCY") throw error;
      await refresh(adapter);
    }
  }
}

function count(found: HostRow | undefined): number {
  return found ? Number(new TextDecoder().decode(found.meta)) : 0;
}
