/** Opening, closing, destroying, and whose memory is whose. */

import type { HostAdapter, HostPut } from "../host.js";
import {
  type Case,
  commit,
  equal,
  fail,
  holds,
  noise,
  ok,
  put,
  rejects,
  row,
  rowOf,
  store,
  utf8,
} from "./kit.js";

export const lifecycle: Record<string, Case> = {
  "every open of a place gives the same storeId": async (place) => {
    const { adapter, opened } = await place.opened();
    equal((await place.opened()).opened.storeId, opened.storeId, "while the first is open");
    await adapter.close();
    equal((await place.opened()).opened.storeId, opened.storeId, "after the first was closed");
  },

  "what was committed is there after a reopen": async (place) => {
    const { adapter, opened } = await place.opened();
    if (!opened.durable) return;
    const kept = await store(adapter, { key: "kept", body: noise(10, 100_000) });
    const old = await store(adapter, { key: "replaced", body: "old" });
    const replaced = await put({ key: "replaced", body: "new" });
    await commit(adapter, { put: [replaced, await put({ key: "deleted" })] });
    await commit(adapter, { delete: [utf8("deleted")] });
    const { revision } = await rowOf(adapter, "replaced");
    const { token } = await adapter.allRows();
    await adapter.close();

    const again = await place.open();
    await holds(again, [kept, replaced], "after the reopen");
    equal((await rowOf(again, "replaced")).revision, revision, "the revision");
    equal(await row(again, "deleted"), undefined, "the deleted row");
    const expect = [{ key: old.key, revision }];
    ok((await commit(again, { put: [old], expect })) > token, "the token has not grown");
    await holds(again, [kept, old], "after a commit");
  },

  "relaxed commits are there after a close and a reopen": async (place) => {
    const { adapter, opened } = await place.opened();
    if (!opened.durable) return;
    const one = await put({ key: "k" });
    await adapter.commit({ put: [one], delete: [] }, { durability: "relaxed" });
    await holds(adapter, [one], "at once");
    await adapter.close();
    await holds(await place.open(), [one], "after the reopen");
  },

  "a synchronous commit is there after a reopen": async (place) => {
    const { adapter, opened } = await place.opened();
    if (!adapter.commitSync || !opened.durable) return;
    const [first, last] = [await store(adapter, { key: "first" }), await put({ key: "last" })];
    adapter.commitSync({ put: [last], delete: [] });
    await adapter.close();
    await holds(await place.open(), [first, last], "after the reopen");
  },

  "an adapter that is not open fails with CLOSED": async (place) => {
    const adapter = place.adapter();
    await refuses(adapter, "before open");
    await place.openAgain(adapter);
    await store(adapter, { key: "k" });
    await adapter.close();
    await adapter.close();
    await refuses(adapter, "after close");
  },

  "close waits for the commits under way": async (place) => {
    const { adapter, opened } = await place.opened();
    if (!opened.durable) return;
    const puts = await Promise.all([1, 2, 3].map((i) => put({ key: `key ${i}` })));
    const commits = puts.map((one) => commit(adapter, { put: [one] }));
    const [results] = await Promise.all([Promise.allSettled(commits), adapter.close()]);
    const stored = puts.filter((_, i) => results[i]?.status === "fulfilled");
    const found = await (await place.open()).rows(stored.map(({ key }) => key));
    ok(!found.includes(undefined), "a commit that was acknowledged is not there");
  },

  "destroy leaves nothing behind": async (place) => {
    const { adapter, opened } = await place.opened();
    const entry = await store(adapter, { key: "k" });
    await adapter.destroy();
    await refuses(adapter, "after destroy");
    const { adapter: fresh, opened: reopened } = await place.opened();
    ok(reopened.storeId !== opened.storeId, "the storeId is still the same");
    await holds(fresh, [], "a fresh place");
    equal(await fresh.bodies([entry.hash]), [undefined], "the body");
    await commit(fresh, { put: [entry] });
    await holds(fresh, [entry], "the fresh place works");
  },

  "a committed entry is no longer the caller's memory": async (place) => {
    const adapter = await place.open();
    const mine = await put({ key: utf8("key"), meta: utf8("meta"), body: "body" });
    const kept: HostPut = structuredClone(mine);
    await commit(adapter, { put: [mine] });
    for (const bytes of [mine.key, mine.hash, mine.meta, mine.body]) bytes.fill(0);
    await holds(adapter, [kept], "after the caller wrote over its buffers");
  },

  "what is given out is the caller's alone": async (place) => {
    const adapter = await place.open();
    const entry = await store(adapter, { key: "k" });
    for (const bytes of await everything(adapter, entry)) bytes.fill(0);
    await holds(adapter, [entry], "after the caller wrote over what it got");
    const { token } = await adapter.allRows();
    await adapter.saveIndex(noise(11, 100), token);
    const index = await adapter.index();
    const before = index?.slice();
    index?.fill(0);
    equal((await adapter.index())?.join(), before?.join(), "the index");
  },

  "all bytes given out have a buffer of exactly their size": async (place) => {
    const adapter = await place.open();
    const entry = await store(adapter, { key: "k" });
    await store(adapter, { key: "other" });
    for (const bytes of await everything(adapter, entry)) {
      equal(bytes.buffer.byteLength, bytes.byteLength, "buffer of the answer");
      equal(Object.prototype.toString.call(bytes), "[object Uint8Array]", "kind of the answer");
    }
  },

  "keys, hashes and metadata may be views of larger buffers": async (place) => {
    const adapter = await place.open();
    const inside = (bytes: Uint8Array): Uint8Array => {
      const large = new Uint8Array(bytes.byteLength + 100).fill(7);
      large.set(bytes, 50);
      return large.subarray(50, 50 + bytes.byteLength);
    };
    const one = await put({ key: "k" });
    const { key, hash, meta } = one;
    const views = { key: inside(key), hash: inside(hash), meta: inside(meta) };
    await commit(adapter, { put: [{ ...one, ...views }] });
    await holds(adapter, [{ ...one, ...views }], "asked with views");
    await holds(adapter, [one], "asked without");
    const expect = [{ key: views.key, revision: (await rowOf(adapter, "k")).revision }];
    await commit(adapter, { delete: [views.key], expect });
    await holds(adapter, [], "deleted by a view");
  },
};

/** Asserts that every method fails with CLOSED. */
async function refuses(adapter: HostAdapter, when: string): Promise<void> {
  const calls: Record<string, () => Promise<unknown>> = {
    index: () => adapter.index(),
    saveIndex: () => adapter.saveIndex(new Uint8Array(1), 1),
    allRows: () => adapter.allRows(),
    rows: () => adapter.rows([utf8("k")]),
    byUrl: () => adapter.byUrl(["k"]),
    changes: () => adapter.changes(0),
    bodies: () => adapter.bodies([new Uint8Array(32)]),
    commit: () => commit(adapter, { delete: [utf8("k")] }),
    exclusive: () => adapter.exclusive("x", async () => fail("the section was entered")),
    usage: () => adapter.usage(),
  };
  for (const [name, call] of Object.entries(calls)) {
    await rejects(call(), "CLOSED", `${name} ${when}`);
  }
}

/** Every buffer the adapter gives out about `entry`. */
async function everything(adapter: HostAdapter, entry: HostPut): Promise<Uint8Array[]> {
  const { rows, token } = await adapter.allRows();
  await commit(adapter, { delete: [utf8("other")] });
  const changes = await adapter.changes(token);
  const [byKey, byUrl] = [await adapter.rows([entry.key]), await adapter.byUrl([entry.url])];
  const bodies = await adapter.bodies([entry.hash, entry.hash]);
  const told = changes === "reset" ? [] : [...changes.deleted];
  const found = [...rows, ...byKey, ...byUrl].filter((one) => one !== undefined);
  const all = found.flatMap(({ key, hash, meta }) => [key, hash, meta]);
  return [...all, ...told, ...bodies.filter((bytes) => bytes !== undefined)];
}
