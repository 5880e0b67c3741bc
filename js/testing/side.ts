/** Small records beside the rows, where an adapter keeps any. */

import { type Case, commit, equal, holds, noise, sameBytes, store } from "./kit.js";

export const side: Record<string, Case> = {
  "a record beside the rows comes back byte for byte, the last one saved": async (place) => {
    const adapter = await place.open();
    if (adapter.side === undefined || adapter.saveSide === undefined) return;
    equal(await adapter.side("nothing"), undefined, "a record nobody saved");
    for (const bytes of [noise(21, 70_000), new Uint8Array(0), noise(22, 3)]) {
      await adapter.saveSide("one", bytes);
      sameBytes(await adapter.side("one"), bytes, `a record of ${bytes.length} bytes`);
    }
    await adapter.saveSide("two", noise(23, 9));
    sameBytes(await adapter.side("one"), noise(22, 3), "beside another one");
  },

  "a record beside the rows is the adapter's own copy": async (place) => {
    const adapter = await place.open();
    if (adapter.side === undefined || adapter.saveSide === undefined) return;
    const wide = noise(24, 40);
    const bytes = wide.subarray(10, 30);
    const saved = adapter.saveSide("one", bytes);
    await saved;
    wide.fill(0);
    const found = await adapter.side("one");
    sameBytes(found, noise(24, 40).subarray(10, 30), "after the caller changed its bytes");
    found?.fill(0);
    sameBytes(await adapter.side("one"), noise(24, 40).subarray(10, 30), "after a reader did");
  },

  "a record beside the rows is no commit, and commits leave it alone": async (place) => {
    const { adapter, opened } = await place.opened();
    if (adapter.side === undefined || adapter.saveSide === undefined) return;
    const kept = await store(adapter, { key: "k" });
    const { token } = await adapter.allRows();
    await adapter.saveSide("one", noise(25, 100));
    equal((await adapter.allRows()).token, token, "the token");
    const changes = await adapter.changes(token);
    equal(changes === "reset" || changes.rows.length === 0, true, "changes tell of nothing");
    await commit(adapter, { delete: [kept.key] });
    sameBytes(await adapter.side("one"), noise(25, 100), "after the last row went");
    await holds(adapter, [], "after the last row went");
    const other = await place.open();
    sameBytes((await other.side?.("one")) ?? undefined, noise(25, 100), "to another adapter");
    if (!opened.durable) return;
    await other.close();
    await adapter.close();
    const again = await place.open();
    sameBytes((await again.side?.("one")) ?? undefined, noise(25, 100), "after a reopen");
  },

  "records beside the rows saved at once are one of them, whole": async (place) => {
    const [one, two] = [await place.open(), await place.open()];
    if (one.side === undefined) return;
    const all = Array.from({ length: 12 }, (_, at) => new Uint8Array(5000 + at).fill(at));
    await Promise.all(all.map((bytes, at) => (at % 2 ? one : two).saveSide?.("one", bytes)));
    const found = await one.side("one");
    sameBytes(found, all[(found?.length ?? 0) - 5000] as Uint8Array, "one of twelve");
  },

  "a record beside the rows goes with the place": async (place) => {
    const adapter = await place.open();
    if (adapter.saveSide === undefined) return;
    await adapter.saveSide("one", noise(26, 10));
    await adapter.destroy();
    equal(await (await place.open()).side?.("one"), undefined, "after the place was deleted");
  },
};
