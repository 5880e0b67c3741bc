/** What the store says of memory, against the heap itself and on real input. */

import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { openPackagePath, savePackage } from "../../dist/convert/node.js";
import { openSchemaStore } from "../../dist/index.node.js";
import { runTask } from "./children.js";

const R4B = fileURLToPath(new URL("../../node_modules/hl7.fhir.r4b.core", import.meta.url));
const parent = mkdtempSync(join(tmpdir(), "fss-memory-"));
after(() => rmSync(parent, { recursive: true, force: true }));

/** Stores with the two kinds of bodies people have. */
const places = {
  schemas: join(parent, "schemas"),
  definitions: join(parent, "definitions"),
};

before(async () => {
  const schemas = await openSchemaStore({ diskCacheDir: places.schemas });
  await savePackage(schemas, await openPackagePath(R4B));
  await schemas.close();
  const definitions = await openSchemaStore({ diskCacheDir: places.definitions });
  for (const name of readdirSync(R4B).filter((name) => name.startsWith("StructureDefinition-"))) {
    await definitions.putText(readFileSync(join(R4B, name), "utf8"));
  }
  await definitions.close();
});

function within(estimate: number, measured: number, share: number, what: string): void {
  const off = `${what}: estimated ${estimate}, measured ${measured}`;
  console.log(off);
  assert.ok(Math.abs(estimate - measured) <= share * measured, off);
}

for (const [kind, directory] of Object.entries(places)) {
  test(`R4B ${kind}: the estimate of decoded values is within 25 % of the heap`, () => {
    const { report, stderr } = runTask(["--expose-gc"], "estimate", directory);
    assert.ok(report, stderr);
    assert.equal(report.residentEntries, 651);
    assert.equal(report.encodedBytes, 0);
    within(report.decodedEstimate, report.heap - report.hotMapBytes, 0.25, kind);
    assert.equal(report.trimmed, report.usedBytes);
  });
}

for (const [spellings, entries] of [
  ["one", 20_000],
  ["two", 40_000],
] as const) {
  test(`the estimate of the hot map is within 25 % of the heap, ${spellings} of a URL`, () => {
    const { report, stderr } = runTask(["--expose-gc"], "hot-map", spellings);
    assert.ok(report, stderr);
    assert.equal(report.hotEntries, entries);
    within(report.hotMapBytes, report.heap, 0.25, spellings);
  });
}

test("the catalog takes what docs/guides/memory.md says of it", async () => {
  for (const [kind, most] of [
    ["schemas", 800],
    ["definitions", 600],
  ] as const) {
    const store = await openSchemaStore({ diskCacheDir: places[kind] });
    const { memory, entries } = await store.stats();
    await store.close();
    const each = memory.catalogBytes / entries;
    console.log(`${kind}: ${each} bytes of catalog per entry`);
    assert.ok(each <= most && each > most / 2, `${each}`);
  }
  // Beside its URL and metadata: less just before the tables double, more just after.
  for (const count of [1000, 4096, 5000]) {
    const store = await openSchemaStore({ strategy: "memory", maxEntries: count });
    let urls = 0;
    for (let n = 0; n < count; n += 1) {
      const url = `http://example.org/StructureDefinition/entry-${n}`;
      urls += url.length;
      await store.putText(`{"url":"${url}"}`);
    }
    const { memory } = await store.stats();
    await store.close();
    const each = (memory.catalogBytes - urls) / count;
    assert.ok(each <= 320 && each >= 200, `${count} entries take ${each} bytes each`);
  }
});

test("README.md says what the catalog and the values of R4B take", async () => {
  const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
  const store = await openSchemaStore({ diskCacheDir: places.schemas });
  const all = await store.list();
  await store.getMany(all.map(({ canonical }) => canonical));
  const { memory, totalBytes } = await store.stats();
  await store.close();
  assert.equal(memory.residentEntries, 651);
  const [, catalog] = /stays in memory \((\S+) MB for R4B\)/.exec(readme) ?? [];
  assert.equal(catalog, (memory.catalogBytes / 1e6).toFixed(2));
  const [, factor] = /an estimate: (\S+) times the length of their JSON/.exec(readme) ?? [];
  assert.equal(factor, (memory.decodedEstimate / totalBytes).toFixed(2));
});

test("disk keeps almost nothing in memory", async () => {
  const store = await openSchemaStore({ strategy: "disk", diskCacheDir: places.definitions });
  const before = (await store.stats()).memory.wasmBytes;
  for (const { canonical, url } of await store.list()) {
    assert.equal((await store.get<{ url: string }>(canonical))?.url, url);
  }
  const { memory, totalBytes } = await store.stats();
  await store.close();
  assert.ok(totalBytes > 40_000_000);
  assert.equal(memory.decodedEstimate, 0);
  assert.equal(memory.hotEntries, 0);
  assert.ok(memory.usedBytes <= 4 * 2 ** 20, `${memory.usedBytes}`);
  assert.ok(memory.wasmBytes - before <= 2 ** 20, `${memory.wasmBytes}`);
});
