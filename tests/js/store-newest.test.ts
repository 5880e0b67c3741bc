/** Which of an entry's rows answers a request. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { SchemaStore } from "../../dist/store.js";
import { openStore, permutations } from "./kit.js";
import { each } from "./settings.js";

test("the newest version does not depend on the order of insertion", async () => {
  const rows: [string | undefined, string | undefined][] = [
    ["1.0.0", undefined],
    ["1.0.0", "pkg#9.0.0"],
    ["2.0.0-ballot", undefined],
    ["1.9.0", "pkg#1.0.0"],
    [undefined, undefined],
  ];
  // A prerelease of a higher version is newer than a lower release; of the same version it is not.
  const expected = {
    u: "2.0.0-ballot undefined",
    "u|1.0.0": "1.0.0 undefined",
    "u|2.0.0-ballot": "2.0.0-ballot undefined",
  };
  for (const order of permutations(rows)) {
    const store = await openStore({ strategy: "memory" });
    for (const [version, source] of order) await put(store, version, source);
    for (const [request, id] of Object.entries(expected)) {
      assert.equal((await store.get<{ id: string }>(request))?.id, id, JSON.stringify(order));
    }
    await put(store, "2.0.0", "old#0.1.0");
    assert.equal(idOf(store), "2.0.0 old#0.1.0");
    await put(store, "2.0.0", "new#0.10.0");
    assert.equal(idOf(store), "2.0.0 new#0.10.0");
    await put(store, "2.0.0", "mid#0.9.0");
    assert.equal(idOf(store), "2.0.0 new#0.10.0");
    await put(store, "2.0.0", undefined);
    assert.equal(idOf(store), "2.0.0 undefined");
    await put(store, "10.0.0", "any#1.0.0");
    assert.equal(idOf(store), "10.0.0 any#1.0.0");
    await store.close();
  }
});

each("a hot answer is never stale", async (open) => {
  let time = 0;
  const store = await open({ now: () => time });
  const now = async () => {
    const value = await store.get<{ id: string }>("u");
    const sync = store.getSync<{ id: string }>("u");
    if (sync !== undefined) assert.equal(sync.id, value?.id);
    return value?.id;
  };
  await put(store, "1.0", "p#1");
  const exact = async () => (await store.get<{ id: string }>("u|1.0"))?.id;
  assert.equal(await exact(), "1.0 p#1");
  assert.equal(await now(), "1.0 p#1");
  await put(store, "1.0", "p#2");
  assert.equal(await exact(), "1.0 p#2");
  assert.equal(await now(), "1.0 p#2");
  await put(store, "1.0", undefined);
  assert.equal(await exact(), "1.0 undefined");
  assert.equal(await now(), "1.0 undefined");
  await put(store, "2.0", undefined);
  assert.equal(await now(), "2.0 undefined");
  await put(store, "1.5", undefined);
  assert.equal(await now(), "2.0 undefined");
  await put(store, "2.0", "p#1");
  assert.equal(await now(), "2.0 undefined");
  await store.delete("u|2.0");
  assert.equal(store.getSync("u|2.0"), undefined);
  assert.equal(await now(), "1.5 undefined");
  await store.put({ url: "u", version: "3.0", id: "3.0 brief" }, { ttlHours: 1 });
  assert.equal(await now(), "3.0 brief");
  time = 3_600_000 - 1;
  assert.equal(await now(), "3.0 brief");
  time = 3_600_000;
  await store.has("anything");
  assert.equal(store.getSync<{ id: string }>("u")?.id ?? (await now()), "1.5 undefined");
  assert.equal(await store.get("u|3.0"), undefined);
  const versions = (await store.list()).map(({ version }) => version);
  assert.deepEqual(versions, ["1.0", "1.0", "1.0", "1.5"]);
  await store.put({ url: "u", version: "1.5", id: "replaced" });
  assert.equal(await now(), "replaced");
  assert.equal((await store.get<{ id: string }>("u|1.5"))?.id, "replaced");
  await store.clear();
  assert.equal(await now(), undefined);
});

function put(store: SchemaStore, version: string | undefined, source: string | undefined) {
  const value = { url: "u", ...(version && { version }), id: `${version} ${source}` };
  return store.put(value, source === undefined ? {} : { source });
}

function idOf(store: SchemaStore): string | undefined {
  return store.getSync<{ id: string }>("u")?.id;
}
