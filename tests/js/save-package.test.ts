/** Packages into a store: what is reported, what is kept, what stops the work. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { packTar } from "modern-tar";
import {
  INCOMPLETE_URL,
  openPackage,
  openPackagePath,
  type PackageStore,
  type SaveProgress,
  type SaveReport,
  savePackage,
  savePackages,
} from "../../dist/convert/node.js";
import { SchemaStoreError } from "../../dist/errors.js";
import { openSchemaStore } from "../../dist/index.node.js";
import { memoryAdapter } from "./kit.js";
import { packageOf } from "./made-packages.js";

const usCore = readFileSync(new URL("../fixtures/us_core_311.tgz", import.meta.url));
const r4b = fileURLToPath(new URL("../../node_modules/hl7.fhir.r4b.core", import.meta.url));
const url = "http://example.org/StructureDefinition/one";

const memoryStore = () => openSchemaStore({ strategy: "memory" });

async function tgz(files: Record<string, object>): Promise<Uint8Array> {
  const entries = Object.entries(files).map(([name, value]) => {
    const body = Buffer.from(JSON.stringify(value));
    return { header: { name: `package/${name}`, size: body.length }, body };
  });
  return gzipSync(await packTar(entries));
}

function definition(description: string): object {
  const differential = { element: [{ path: "Patient" }] };
  const common = {
    resourceType: "StructureDefinition",
    kind: "resource",
    type: "Patient",
    differential,
  };
  return { ...common, url, version: "1", name: "One", description };
}

test("saves all of R4B, and the second time nothing", async () => {
  await using store = await memoryStore();
  const first = await savePackage(store, await openPackagePath(r4b));
  assert.deepEqual([first.structureDefinitions, first.converted, first.failed], [651, 651, []]);
  assert.deepEqual(first.missingDependencies, []);
  const second = await savePackage(store, await openPackagePath(r4b));
  assert.deepEqual(
    [second.structureDefinitions, second.converted, second.unchanged.length],
    [651, 0, 651],
  );
  const { entries, conversions, conversionsSkipped } = await store.stats();
  assert.deepEqual([entries, conversions, conversionsSkipped], [651, 651, 651]);
});

test("files what it saves under the package, with the tags asked for", async () => {
  await using store = await memoryStore();
  const report = await savePackage(store, usCore, { tags: ["ig"] });
  assert.equal(report.package, "hl7.fhir.us.core#3.1.1");
  const found = await store.list({ package: "hl7.fhir.us.core#3.1.1", tag: "ig" });
  assert.equal(found.length, 30);
  assert.ok(found.every(({ sourceHash, convertedAt }) => sourceHash?.length === 64 && convertedAt));
});

test("tells how far it has come", async () => {
  await using store = await memoryStore();
  const seen: SaveProgress[] = [];
  await savePackage(store, usCore, { onProgress: (progress) => seen.push(progress) });
  assert.equal(seen.length, 30);
  const positions = seen.map(({ done }) => done);
  assert.deepEqual(
    positions,
    [...positions].sort((a, b) => a - b),
  );
  assert.ok(seen.every(({ done, total }) => done > 0 && done <= total));
});

test("of two definitions of one canonical the first file counts, in whatever order they come", async () => {
  const manifest = { name: "example", version: "1.0.0" };
  const [a, b] = [definition("from a"), definition("from b")];
  for (const files of [
    { "package.json": manifest, "a.json": a, "b.json": b },
    { "b.json": b, "a.json": a, "package.json": manifest },
  ]) {
    await using store = await memoryStore();
    for (const [converted, unchanged] of [
      [1, 0],
      [0, 1],
    ]) {
      const report = await savePackage(store, await tgz(files));
      assert.deepEqual([report.converted, report.unchanged.length], [converted, unchanged]);
      assert.deepEqual(report.duplicates, [{ file: "b.json", canonical: `${url}|1` }]);
    }
    assert.equal((await store.list()).length, 1);
    assert.equal((await store.get(url))?.description, "from a");
  }
});

test("reports the packages that are missing, until they are there", async () => {
  await using store = await memoryStore();
  const dependencies = {
    exact: "1.0.0",
    later: "1.0.1",
    patch: "1.0.x",
    minor: "1.1.x",
    any: "latest",
    none: "dev",
  };
  const depending = await tgz({
    "package.json": { name: "example", version: "1.0.0", dependencies },
  });
  const all = await savePackage(store, depending);
  assert.deepEqual(all.missingDependencies, [
    "any#latest",
    "exact#1.0.0",
    "later#1.0.1",
    "minor#1.1.x",
    "none#dev",
    "patch#1.0.x",
  ]);
  for (const name of ["exact", "later", "patch", "minor", "any"]) {
    await savePackage(
      store,
      await tgz({ "package.json": { name, version: "1.0.0" }, "a.json": definition(name) }),
    );
  }
  const some = await savePackage(store, depending);
  assert.deepEqual(some.missingDependencies, ["later#1.0.1", "minor#1.1.x", "none#dev"]);
});

test("stops when told to, with the reason given; what is saved stays", async () => {
  await using store = await memoryStore();
  const stop = new AbortController();
  const reason = new Error("enough");
  const saving = savePackage(store, usCore, {
    signal: stop.signal,
    onProgress: () => stop.abort(reason),
  });
  await assert.rejects(saving, (error) => error === reason);
  const saved = await store.list({ package: "hl7.fhir.us.core" });
  assert.deepEqual(
    saved.map(({ url, type }) => type ?? url),
    ["Observation", INCOMPLETE_URL],
  );
  await assert.rejects(savePackage(store, usCore, { signal: AbortSignal.abort(reason) }), reason);
});

test("goes on after a definition that fails, and stops when the store does", async () => {
  const failing = (error: unknown) => {
    const calls = { convert: 0, flush: 0 };
    const store: PackageStore = {
      async convert() {
        calls.convert += 1;
        throw error;
      },
      list: async () => [],
      async flush() {
        calls.flush += 1;
      },
    };
    return { store, calls };
  };
  const bad = failing(new SchemaStoreError("CONVERSION", "no"));
  const report = await savePackage(bad.store, usCore);
  assert.deepEqual(
    [report.failed.length, report.converted, bad.calls],
    [30, 0, { convert: 30, flush: 1 }],
  );
  assert.ok(report.failed.every(({ canonical }) => canonical?.endsWith("|3.1.1")));

  const full = failing(new SchemaStoreError("STORAGE_FULL", "full"));
  await assert.rejects(savePackage(full.store, usCore), { code: "STORAGE_FULL" });
  assert.deepEqual(full.calls, { convert: 1, flush: 0 });
});

test("lets others have their turn", async () => {
  const files: Record<string, object> = { "package.json": { name: "p", version: "1" } };
  for await (const { file, bytes } of (await openPackagePath(r4b)).resources("StructureDefinition"))
    files[file] = JSON.parse(Buffer.from(bytes).toString());
  // Reading files would give them turns, and so does `convert`, by which a package goes in that is new.
  const inMemory = await openPackage(await tgz(files));
  await using store = await memoryStore();
  await savePackage(store, inMemory);
  let turns = 0;
  const clock = setInterval(() => {
    turns += 1;
  }, 1);
  const report = await savePackage(store, inMemory, { tags: ["again"] });
  clearInterval(clock);
  assert.equal(report.converted, 651);
  assert.ok(turns >= 5, `${turns} turns`);
});

test("a definition with more metadata than an archive carries is told, and the others are saved", async () => {
  await using store = await memoryStore();
  const files = {
    "package.json": { name: "p", version: "1" },
    "1.json": { ...definition("x".repeat(1024 * 1024)), url: "http://example.org/long" },
    "2.json": definition("short"),
  };
  for (const list of ["added", "unchanged"] as const) {
    const report = await savePackage(store, await tgz(files));
    assert.deepEqual(report[list], [`${url}|1`]);
    const [failed] = report.failed;
    assert.deepEqual(
      [report.failed.length, failed?.file, failed?.canonical, failed?.error.code],
      [1, "1.json", "http://example.org/long|1", "ENTRY_TOO_LARGE"],
    );
    assert.match(`${failed?.error.message}`, /metadata of http:\/\/example.org\/long of \d+ bytes/);
  }
});

test("a report names what a store in memory had no room for", async () => {
  const files = (name: string) =>
    Object.fromEntries(
      [0, 1, 2, 3].map((n) => [`${n}.json`, { ...definition(""), url: `${url}/${name}/${n}` }]),
    );
  const [one, two] = await Promise.all(["one", "two"].map((n) => packageOf(n, files(n))));
  for (const options of [{ maxEntries: 5 }, { maxEntries: 5, evictionPolicy: "fifo" as const }]) {
    await using store = await openSchemaStore({ strategy: "memory", ...options });
    const check = async (reports: readonly SaveReport[]) => {
      const there = (await store.list()).map(({ source, canonical }) => `${source} ${canonical}`);
      const told = reports.flatMap(({ package: source, evicted = [], ...lists }) => {
        const all = [...lists.added, ...lists.changed, ...lists.unchanged];
        assert.equal(all.length, 4);
        return all.filter((one) => !evicted.includes(one)).map((one) => `${source} ${one}`);
      });
      assert.deepEqual(there.sort(), told.sort());
    };
    const first = await savePackage(store, one as Uint8Array);
    assert.equal("evicted" in first, false);
    await check([first]);
    // What the second takes the place of is gone by the time both reports are given.
    const both = await savePackages(store, [one, two] as Uint8Array[]);
    assert.ok(both.some(({ evicted }) => evicted !== undefined));
    await check(both);
    await check([...(await savePackages(store, [two, one] as Uint8Array[]))]);
  }
  // Where there is another copy, nothing is gone.
  await using durable = await openSchemaStore({ maxEntries: 2, adapter: memoryAdapter() });
  assert.equal("evicted" in (await savePackage(durable, one as Uint8Array)), false);
});
