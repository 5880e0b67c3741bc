/** A package that is saved again: what the store has of it is what the package has, by one commit. */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { incompletePackages, savePackage } from "../../dist/convert/index.js";
import { SchemaStoreError } from "../../dist/errors.js";
import { openSchemaStore } from "../../dist/index.node.js";
import type { SchemaStore } from "../../dist/store.js";
import { GatedAdapter, MemoryPlace, memoryAdapter, openStore, random, until } from "./kit.js";
import { definition, packageOf } from "./made-packages.js";
import { contents, first, NEW, OLD, second, X } from "./two-states.js";

const folder = mkdtempSync(join(tmpdir(), "save-again-"));
after(() => rmSync(folder, { recursive: true }));

const places = {
  memory: { strategy: "memory" },
  "memory adapter": { adapter: memoryAdapter() },
  directory: { diskCacheDir: join(folder, "places") },
  "directory, disk only": { diskCacheDir: join(folder, "disk"), strategy: "disk" },
} as const;
for (const [name, options] of Object.entries(places)) {
  test(`${name}: what is gone answers no more, what went back answers, and the report tells`, async () => {
    await using store = await openSchemaStore(options);
    const before = await savePackage(store, await packageOf("p", first));
    assert.deepEqual(before.added, Object.keys(OLD));
    assert.deepEqual([before.changed, before.removed, before.unchanged], [[], [], []]);
    assert.deepEqual(await contents(store), OLD);
    const events: string[] = [];
    for (const event of ["put", "delete"] as const) {
      store.on(event, ({ canonical }) => events.push(`${event} ${canonical}`));
    }

    const report = await savePackage(store, await packageOf("p", second));
    assert.deepEqual(report.added, [`${X}a|1.0.0`, `${X}e`]);
    assert.deepEqual(report.changed, [`${X}d`]);
    assert.deepEqual([...report.removed].sort(), [`${X}a|2.0.0`, `${X}b|1.0.0`]);
    assert.deepEqual(report.unchanged, [`${X}c`]);
    assert.deepEqual([report.converted, report.structureDefinitions], [3, 4]);
    assert.deepEqual(await contents(store), NEW);
    assert.equal((await store.get<{ version: string }>(`${X}a`))?.version, "1.0.0");
    assert.equal(await store.get(`${X}a|2.0.0`), undefined);
    assert.equal(await store.get(`${X}b`), undefined);
    assert.deepEqual(events.sort(), [
      `delete ${X}a|2.0.0`,
      `delete ${X}b|1.0.0`,
      `put ${X}a|1.0.0`,
      `put ${X}d`,
      `put ${X}e`,
    ]);

    const again = await savePackage(store, await packageOf("p", second));
    assert.deepEqual([again.converted, again.removed, again.unchanged.length], [0, [], 4]);
    assert.equal(await store.size(), 4);
  });
}

test("in a new process it is as it was left", async () => {
  const options = { diskCacheDir: join(folder, "reopened") };
  {
    await using store = await openSchemaStore(options);
    await savePackage(store, await packageOf("p", first));
  }
  {
    await using store = await openSchemaStore(options);
    await savePackage(store, await packageOf("p", second));
    await using other = await openSchemaStore(options);
    assert.deepEqual(await contents(other), NEW);
  }
  await using store = await openSchemaStore(options);
  assert.deepEqual(await contents(store), NEW);
});

test("until the one commit the store answers as before, and after it as the package says", async () => {
  const place = new MemoryPlace();
  const gated = new GatedAdapter(place);
  await using store = await openStore({ adapter: gated.adapter });
  await savePackage(store, await packageOf("p", first));
  gated.shut("commit");
  const before = gated.calls.commit;
  const seen: unknown[] = [];
  const onProgress = async () => seen.push(await contents(store));
  const saving = savePackage(store, await packageOf("p", second), { onProgress });
  await until(() => gated.waiting.commit.length > 0, "the commit");
  assert.deepEqual(seen, [OLD, OLD, OLD, OLD]);
  assert.deepEqual(await contents(store), OLD);
  const call = gated.waiting.commit.shift() ?? assert.fail("no commit");
  const [batch] = call.args as [{ put: unknown[]; delete: unknown[] }];
  assert.deepEqual([batch.put.length, batch.delete.length], [3, 2]);
  call.go();
  await saving;
  assert.deepEqual(await contents(store), NEW);
  assert.equal(gated.calls.commit - before, 1);
  gated.open("commit");
});

test("a commit that fails changes nothing, here and for others", async () => {
  const place = new MemoryPlace();
  const gated = new GatedAdapter(place);
  await using store = await openStore({ adapter: gated.adapter });
  await savePackage(store, await packageOf("p", first));
  gated.shut("commit");
  const saving = savePackage(store, await packageOf("p", second));
  await until(() => gated.waiting.commit.length > 0, "the commit");
  gated.waiting.commit[0]?.fail(new SchemaStoreError("QUOTA_EXCEEDED", "full"));
  await assert.rejects(saving, { code: "QUOTA_EXCEEDED" });
  gated.open("commit");
  assert.deepEqual(await contents(store), OLD);
  assert.deepEqual(await incompletePackages(store), []);
  await using other = await openStore({ adapter: memoryAdapter(place) });
  assert.deepEqual(await contents(other), OLD);
  await savePackage(store, await packageOf("p", second));
  assert.deepEqual(await contents(store), NEW);
});

test("stopped, or with a package that breaks off, nothing changes", async () => {
  await using store = await openStore();
  await savePackage(store, await packageOf("p", first));
  const stop = new AbortController();
  const onProgress = () => stop.abort();
  const stopped = savePackage(store, await packageOf("p", second), {
    signal: stop.signal,
    onProgress,
  });
  await assert.rejects(stopped, { name: "AbortError" });
  assert.deepEqual(await contents(store), OLD);
  const whole = await packageOf("p", second);
  await assert.rejects(savePackage(store, whole.subarray(0, whole.length - 40)));
  assert.deepEqual(await contents(store), OLD);
  assert.deepEqual(await incompletePackages(store), []);
});

test("what fails stays as it was, and where a file cannot be read nothing is deleted", async () => {
  const failing = { ...definition(`${X}b`, "two", "3.0.0"), url: `${X}b`, derivation: 7 };
  const converter = {
    id: "picky",
    version: "1",
    convert: (given: { derivation?: unknown; url?: unknown }) => {
      if (given.derivation === 7) throw new Error("seven");
      return { schema: { url: given.url }, dependencies: [] };
    },
  };
  await using store = await openStore({ converter });
  await savePackage(store, await packageOf("p", first));
  const report = await savePackage(store, await packageOf("p", { ...second, "b.json": failing }));
  assert.deepEqual(report.failed.length, 1);
  assert.deepEqual(report.removed, [`${X}a|2.0.0`]);
  assert.deepEqual(await contents(store), { ...NEW, [`${X}b|1.0.0`]: "one" });

  const broken = await packageOf("p", { "a.json": first["a.json"], "f.json": "{ broken" });
  const partly = await savePackage(store, broken);
  assert.deepEqual([partly.failed.length, partly.removed], [1, []]);
  assert.equal(await store.size(), 6);
  const none = await savePackage(store, await packageOf("p", { "v.json": { resourceType: "X" } }));
  assert.deepEqual([none.structureDefinitions, none.removed], [0, []]);
  assert.equal(await store.size(), 6);
});

test("what the user put, other packages and loose definitions stay", async () => {
  await using store = await openStore();
  await savePackage(store, await packageOf("p", first));
  await savePackage(store, await packageOf("q", { "b.json": first["b.json"] }));
  await store.put({ url: `${X}own`, description: "mine" }, { source: "p#1" });
  await store.put({ url: `${X}b`, version: "1.0.0", description: "direct" });
  await savePackage(store, await packageOf("p", second));
  const left = await store.list();
  assert.deepEqual(left.filter(({ source }) => source !== "p#1").length, 2);
  assert.ok(await store.has(`${X}own`));
  assert.deepEqual(left.length, 4 + 3);

  const loose = new TextEncoder().encode(JSON.stringify(definition(`${X}loose`, "one")));
  const other = new TextEncoder().encode(JSON.stringify(definition(`${X}other`, "one")));
  const added = await savePackage(store, loose);
  assert.deepEqual([added.package, added.added], [undefined, [`${X}loose`]]);
  assert.deepEqual((await savePackage(store, other)).removed, []);
  assert.ok(await store.has(`${X}loose`));
});

test("an incomplete package is completed, what is gone deleted, and the mark with it", async () => {
  await using store = await openStore();
  const stop = new AbortController();
  let done = 0;
  const onProgress = () => {
    done += 1;
    if (done === 2) stop.abort();
  };
  const saving = savePackage(store, await packageOf("p", first), {
    signal: stop.signal,
    onProgress,
  });
  await assert.rejects(saving, { name: "AbortError" });
  assert.deepEqual(await incompletePackages(store), ["p#1"]);
  const report = await savePackage(store, await packageOf("p", second));
  assert.deepEqual([...report.removed].sort(), [`${X}a|2.0.0`, `${X}b|1.0.0`]);
  assert.deepEqual(await contents(store), NEW);
  assert.deepEqual(await incompletePackages(store), []);
});

test("a store that is none of ours gets what is new, and loses nothing", async () => {
  await using store = await openStore();
  const wrapped = {
    convert: store.convert.bind(store),
    list: store.list.bind(store),
    flush: store.flush.bind(store),
  };
  await savePackage(wrapped, await packageOf("p", first));
  const report = await savePackage(wrapped, await packageOf("p", second));
  assert.deepEqual(report.removed, []);
  assert.deepEqual(await contents(store), { ...OLD, ...NEW });
});

test("a memory store too small for the package keeps what it has room for", async () => {
  await using store = await openSchemaStore({ strategy: "memory", maxEntries: 3 });
  await savePackage(store, await packageOf("p", first));
  const report = await savePackage(store, await packageOf("p", second));
  assert.equal(report.failed.length, 0);
  assert.ok((await store.size()) <= 3);
});

/** Some definitions of a package, and what is to be found of them. */
function someFiles(name: string, below: (limit: number) => number) {
  const files: Record<string, object> = {};
  const expected: Record<string, string> = {};
  for (let at = 0; at < 1 + below(6); at += 1) {
    const [url, text] = [`${X}${name}/${below(8)}`, `text ${below(3)}`];
    const version = below(2) === 0 ? undefined : `${1 + below(3)}.0.0`;
    const canonical = version === undefined ? url : `${url}|${version}`;
    if (canonical in expected) continue;
    expected[canonical] = text;
    files[`${String(at).padStart(2, "0")}.json`] = definition(url, text, version);
  }
  return { files, expected };
}

for (const options of [{ strategy: "memory" }, {}] as const) {
  test(`after any sequence of packages the store has what the last one of each name says, ${JSON.stringify(options)}`, async () => {
    const below = random(11);
    await using store = await openStore(options);
    const model = new Map<string, Record<string, string>>();
    for (let round = 0; round < 60; round += 1) {
      const name = `p${below(3)}`;
      const { files, expected } = someFiles(name, below);
      const before = Object.keys(model.get(name) ?? {});
      const stop = new AbortController();
      const isStopped = before.length > 0 && below(4) === 0;
      const onProgress = () => isStopped && stop.abort();
      const saving = savePackage(store, await packageOf(name, files), {
        signal: stop.signal,
        onProgress,
      });
      if (isStopped) await assert.rejects(saving, { name: "AbortError" });
      else {
        const gone = before.filter((canonical) => !(canonical in expected));
        assert.deepEqual([...(await saving).removed].sort(), gone.sort());
        model.set(name, expected);
      }
      assert.deepEqual(await contents(store), Object.assign({}, ...model.values()));
    }
  });
}

test("in memory, pinned entries stay, and are followed without an error", async () => {
  await using store = await openSchemaStore({ strategy: "memory", memoryLimitMb: 1 });
  const errors: unknown[] = [];
  store.on("error", ({ error }) => errors.push(error));
  const build = (length: number) => {
    const files: Record<string, object> = {};
    for (let at = 0; at < 20; at += 1) {
      files[`${at}.json`] = definition(`${X}${at}`, "x".repeat(length));
    }
    return packageOf("p", files);
  };
  const converter = {
    id: "whole",
    version: "1",
    convert: (given: object) => ({ schema: { ...given }, dependencies: [] }),
  };
  await using whole = await openSchemaStore({ strategy: "memory", memoryLimitMb: 1, converter });
  await savePackage(whole, await build(1000));
  for (let at = 0; at < 20; at += 1) await whole.pin(`${X}${at}`);
  await assert.rejects(savePackage(whole, await build(60_000)), { code: "STORAGE_FULL" });
  assert.equal(await whole.size(), 20);
  await savePackage(whole, await build(2000));
  const { leasedBytes } = (await whole.stats()).memory;
  assert.ok(leasedBytes > 40_000, `${leasedBytes} held`);
  assert.deepEqual(errors, []);
});

test("the case of a name is no other package, also of one that is incomplete", async () => {
  await using store = await openStore();
  await savePackage(store, await packageOf("My.Pkg", first));
  const report = await savePackage(store, await packageOf("my.pkg", second));
  assert.equal(report.package, "My.Pkg#1");
  assert.deepEqual(await contents(store), NEW);

  const stop = new AbortController();
  const saving = savePackage(store, await packageOf("Other", first), {
    signal: stop.signal,
    onProgress: () => stop.abort(),
  });
  await assert.rejects(saving, { name: "AbortError" });
  assert.deepEqual(await incompletePackages(store), ["Other#1"]);
  await savePackage(store, await packageOf("other", { "b.json": first["b.json"] }));
  assert.deepEqual(await incompletePackages(store), []);
  assert.equal((await store.list({ package: "Other" })).length, 1);
});

test("loose definitions are added to the package they are said to be of, and delete nothing", async () => {
  await using store = await openStore();
  for (const name of ["a", "b", "c"]) {
    const loose = JSON.stringify(definition(`${X}${name}`, "one"));
    const { removed } = await savePackage(store, loose, { source: "mine#1" });
    assert.deepEqual(removed, []);
  }
  assert.equal((await store.list({ package: "mine#1" })).length, 3);
});

test("what had expired or was damaged counts as changed, not as added", async () => {
  let time = 1_000_000;
  await using store = await openStore({ now: () => time, ttlHours: 1, graceHours: 9 });
  await savePackage(store, await packageOf("p", first));
  time += 2 * 3_600_000;
  const report = await savePackage(store, await packageOf("p", first));
  assert.deepEqual([report.added, report.changed], [[], Object.keys(OLD)]);
});

test("a proxy of a store is asked by its own methods, and one that only inherits is no error", async () => {
  await using store = await openStore();
  await savePackage(store, await packageOf("p", first));
  let converted = 0;
  const proxy = new Proxy(store, {
    get(target, name) {
      const member = Reflect.get(target, name, target);
      if (name === "convert") converted += 1;
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
  await savePackage(proxy, await packageOf("p", first));
  assert.ok(converted >= 4, `${converted} conversions through it`);
  const heir = Object.create(store, {
    convert: { value: store.convert.bind(store) },
    list: { value: store.list.bind(store) },
    flush: { value: store.flush.bind(store) },
    put: { value: store.put.bind(store) },
    clear: { value: store.clear.bind(store) },
  }) as SchemaStore;
  assert.equal((await savePackage(heir, await packageOf("p", first))).unchanged.length, 4);
});
