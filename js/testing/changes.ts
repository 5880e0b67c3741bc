/** Changes since a token, and the packed index. */

import type { HostAdapter, HostPut, HostToken } from "../host.js";
import {
  type Case,
  commit,
  equal,
  fail,
  hex,
  noise,
  ok,
  put,
  random,
  sameRow,
  store,
  utf8,
} from "./kit.js";

export const changes: Record<string, Case> = {
  "changes tell every put and delete since a token, own commits included": async (place) => {
    const { adapter, opened } = await place.opened();
    const next = random(7);
    const model = new Map<string, HostPut>();
    const history = [{ token: opened.token, model: new Map(model) }];
    for (let step = 0; step < 40; step += 1) {
      const batch = new Map<string, HostPut | undefined>();
      for (let i = next(4); i >= 0; i -= 1) {
        const key = `key ${next(12)}`;
        const gone = next(3) === 0;
        batch.set(key, gone ? undefined : await put({ key, body: `${step} ${i}` }));
      }
      const token = await commit(adapter, {
        put: [...batch.values()].filter((one) => one !== undefined),
        delete: [...batch].filter(([, one]) => !one).map(([key]) => utf8(key)),
      });
      for (const [key, one] of batch) {
        if (one) model.set(hex(utf8(key)), one);
        else model.delete(hex(utf8(key)));
      }
      history.push({ token, model: new Map(model) });
    }
    for (const [step, { token, model: then }] of history.entries()) {
      await follow(adapter, token, then);
      sameEntries(then, model, `the changes since step ${step}`);
    }
  },

  "there are no changes since the last token": async (place) => {
    const adapter = await place.open();
    await store(adapter, { key: "k" });
    const { token } = await adapter.allRows();
    const none = await adapter.changes(token);
    if (none === "reset") return;
    equal([none.rows.length, none.deleted.length], [0, 0], "rows and deletions");
    equal(none.token, token, "token");
  },

  "a token from nowhere is a reset": async (place) => {
    const { adapter, opened } = await place.opened();
    await store(adapter, { key: "k" });
    equal(await adapter.changes(opened.token + 1_000_000), "reset", "a token of the future");
  },

  "a saved index is given back, or nothing is": async (place) => {
    const { adapter, opened } = await place.opened();
    await store(adapter, { key: "k" });
    const { token } = await adapter.allRows();
    const packed = noise(8, 5000);
    await adapter.saveIndex(packed, token);
    const index = await adapter.index();
    if (opened.capabilities.fullIndex) ok(index !== undefined, "fullIndex, but there is no index");
    else if (index) equal(hex(index), hex(packed), "the index");
  },

  "an index that commits have passed by is never given back": async (place) => {
    const { adapter } = await place.opened();
    await store(adapter, { key: "a" });
    const { token } = await adapter.allRows();
    const old = noise(9, 5000);
    await adapter.saveIndex(old, token);
    await store(adapter, { key: "b" });
    const isOld = async (): Promise<boolean> => {
      const index = await adapter.index();
      return index !== undefined && hex(index) === hex(old);
    };
    ok(!(await isOld()), "the index from before the commit is given back");
    await adapter.saveIndex(old, token);
    ok(!(await isOld()), "an index is taken although its token has passed");
  },
};

/** Brings `entries`, true at `token`, up to date by what the adapter tells. */
async function follow(
  adapter: HostAdapter,
  token: HostToken,
  entries: Map<string, HostPut>,
): Promise<void> {
  const told = await adapter.changes(token);
  if (told === "reset") entries.clear();
  const { rows } = told === "reset" ? await adapter.allRows() : told;
  for (const { key, url, hash, meta } of rows) {
    entries.set(hex(key), { key, url, hash, meta, body: new Uint8Array(0) });
  }
  if (told === "reset") return;
  const written = new Set(rows.map(({ key }) => hex(key)));
  for (const key of told.deleted) {
    if (written.has(hex(key))) fail(`${hex(key)} is told as written and as deleted`);
    entries.delete(hex(key));
  }
}

function sameEntries(
  found: Map<string, HostPut>,
  wanted: Map<string, HostPut>,
  what: string,
): void {
  equal([...found.keys()].sort(), [...wanted.keys()].sort(), `${what}: keys`);
  for (const [key, one] of wanted) {
    const { hash, meta, url } = found.get(key) as HostPut;
    sameRow({ key: one.key, hash, meta, url, revision: 1 }, one, `${what}: ${key}`);
  }
}
