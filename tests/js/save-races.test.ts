/** Several stores that save and write one package at once. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { incompletePackages, savePackage } from "../../dist/convert/index.js";
import type { HostAdapter } from "../../dist/host.js";
import type { SchemaStore } from "../../dist/store.js";
import { GatedAdapter, MemoryPlace, memoryAdapter, openStore, until } from "./kit.js";
import { definition, packageOf } from "./made-packages.js";
import { contents, first, NEW, second, X } from "./two-states.js";

test("another store that writes a row of it meanwhile does not stop the commit, nor slip through", async () => {
  const place = new MemoryPlace();
  const gated = new GatedAdapter(place);
  await using store = await openStore({ adapter: gated.adapter });
  await using other = await openStore({ adapter: memoryAdapter(place) });
  await savePackage(store, await packageOf("p", first));
  await other.refresh();
  gated.shut("commit");
  const saving = savePackage(store, await packageOf("p", second));
  await until(() => gated.waiting.commit.length > 0, "the commit");
  await other.convert(definition(`${X}d`, "three"), { source: "p#1" });
  await other.convert(definition(`${X}b`, "three", "1.0.0"), { source: "p#1" });
  await other.flush();
  gated.open("commit");
  await saving;
  assert.deepEqual(await contents(store), NEW);
  await other.refresh();
  assert.deepEqual(await contents(other), NEW);
});

test("what another store writes of it meanwhile is replaced as a whole, unchanged entries too", async () => {
  const place = new MemoryPlace();
  const gated = new GatedAdapter(place);
  await using slow = await openStore({ adapter: gated.adapter });
  await using quick = await openStore({ adapter: memoryAdapter(place) });
  const build = (x: string, y: string, more: object = {}) =>
    packageOf("p", {
      "x.json": definition(`${X}x`, x),
      "y.json": definition(`${X}y`, y),
      ...more,
    });
  await savePackage(slow, await build("v0", "v0", { "w.json": definition(`${X}w`, "v0") }));
  await quick.refresh();
  gated.shut("commit");
  // It leaves y and w as they are, which are something else by the time it commits.
  const saving = savePackage(
    slow,
    await build("v1", "v0", { "w.json": definition(`${X}w`, "v0") }),
  );
  await until(() => gated.waiting.commit.length > 0, "the commit");
  for (const name of ["x", "y", "z"]) {
    await quick.convert(definition(`${X}${name}`, "v2"), { source: "p#1" });
  }
  await quick.flush();
  gated.open("commit");
  const report = await saving;
  assert.deepEqual(await contents(slow), { [`${X}w`]: "v0", [`${X}x`]: "v1", [`${X}y`]: "v0" });
  assert.deepEqual([report.removed, report.unchanged], [[`${X}z`], [`${X}w`]]);
  await quick.refresh();
  assert.deepEqual(await contents(quick), await contents(slow));
});

test("a row that another process writes all the time does not keep a package from being saved", async () => {
  const place = new MemoryPlace();
  const inner = memoryAdapter(place);
  await using other = await openStore({ adapter: memoryAdapter(place) });
  let [tries, isBusy] = [0, false];
  const adapter: HostAdapter = {
    ...inner,
    async commit(batch, options) {
      tries += isBusy ? 1 : 0;
      // Whenever it has read the row, and before it is its turn.
      if (isBusy) await other.put({ url: `${X}d`, tries }, { source: "p#1", durable: true });
      return inner.commit(batch, options);
    },
  };
  await using store = await openStore({ adapter });
  await savePackage(store, await packageOf("p", first));
  isBusy = true;
  const report = await savePackage(store, await packageOf("p", second));
  isBusy = false;
  assert.ok(report.changed.includes(`${X}d`));
  assert.ok(tries > 2 && tries < 20, `${tries} tries`);
  assert.deepEqual(await contents(store), NEW);
  await other.refresh();
  assert.deepEqual(await contents(other), NEW);
});

test("several processes that save two states of a package leave one of them, never a mixture", async () => {
  const place = new MemoryPlace();
  const build = (text: string, only: string) => {
    const files: Record<string, object> = { [`${only}.json`]: definition(`${X}${only}`, text) };
    for (let at = 0; at < 12; at += 1) {
      files[`${at}.json`] = definition(`${X}${at}`, at % 2 === 0 ? "same" : text);
    }
    return packageOf("p", files);
  };
  const builds = await Promise.all([build("a", "alpha"), build("b", "beta"), build("c", "gamma")]);
  const stores = await Promise.all(builds.map(() => openStore({ adapter: memoryAdapter(place) })));
  await savePackage(stores[0] as SchemaStore, builds[0] as Uint8Array);
  await Promise.all(
    stores.map(async (store, at) => {
      for (let round = 0; round < 8; round += 1) {
        await savePackage(store, builds[(at + round) % 3] as Uint8Array);
      }
    }),
  );
  await using store = await openStore({ adapter: memoryAdapter(place) });
  const texts = new Set(Object.values(await contents(store)));
  texts.delete("same");
  assert.deepEqual([texts.size, await store.size()], [1, 13]);
  for (const one of stores) await one.close();
});

test("two first saves of two states leave the one that ends last, whole and not marked", async () => {
  for (const strategy of ["memory", "disk"] as const) {
    const place = new MemoryPlace();
    const open = () =>
      openStore(strategy === "memory" ? { strategy } : { adapter: memoryAdapter(place) });
    await using one = await open();
    await using other = strategy === "memory" ? undefined : await open();
    const files = (text: string, ...names: string[]) =>
      Object.fromEntries(names.map((name) => [`${name}.json`, definition(`${X}${name}`, text)]));
    const inner = await packageOf("p", files("inner", "a", "z"));
    const convert = one.convert.bind(one);
    let isBegun = false;
    one.convert = async (source, options) => {
      // The other one begins and ends before the second definition of this one.
      if (!isBegun && new TextDecoder().decode(source as Uint8Array).includes(`${X}b`)) {
        isBegun = true;
        await savePackage(other ?? one, inner);
      }
      return convert(source, options);
    };
    const outer = await packageOf("p", files("outer", "a", "b", "c"));
    const report = await savePackage(one, outer);
    await one.refresh();
    await other?.refresh();
    const whole = { [`${X}a`]: "outer", [`${X}b`]: "outer", [`${X}c`]: "outer" };
    assert.deepEqual(await contents(one), whole, strategy);
    assert.deepEqual(await incompletePackages(one), []);
    assert.deepEqual(report.added, [`${X}a`, `${X}b`, `${X}c`]);
    assert.deepEqual([report.changed, report.unchanged], [[], []]);
  }
});

test("an entry of a first save that somebody else replaces before its end is saved again", async () => {
  for (const replace of ["put", "delete"] as const) {
    const place = new MemoryPlace();
    await using store = await openStore({ adapter: memoryAdapter(place) });
    await using other = await openStore({ adapter: memoryAdapter(place) });
    const build = await packageOf("p", second);
    let isHeld = true;
    const flush = store.flush.bind(store);
    store.flush = async () => {
      await flush();
      if (!isHeld) return;
      isHeld = false;
      await other.refresh();
      const put = { url: `${X}d`, text: "theirs" };
      if (replace === "delete") await other.delete(`${X}d`);
      else await other.put(put, { source: "p#1" });
      await other.flush();
    };
    const report = await savePackage(store, build);
    assert.ok(!isHeld);
    assert.deepEqual(await contents(store), NEW);
    assert.equal(report.added.length, 4);
    assert.deepEqual([report.changed, report.unchanged, report.removed], [[], [], []]);
    assert.deepEqual(await incompletePackages(store), []);
  }
});
