/** Packages whose saving did not end: marked before anything of them is stored, until all of it is. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { INCOMPLETE_URL, incompletePackages, savePackage } from "../../dist/convert/index.js";
import { SchemaStoreError } from "../../dist/errors.js";
import { openSchemaStore } from "../../dist/index.node.js";
import type { SchemaStore } from "../../dist/store.js";
import { GatedAdapter, MemoryPlace, memoryAdapter, openStore, until } from "./kit.js";
import { definition, packageOf } from "./made-packages.js";

const usCore = readFileSync(new URL("../fixtures/us_core_311.tgz", import.meta.url));
const US_CORE = "hl7.fhir.us.core#3.1.1";

/** A package of definitions that say `text`. */
function tgz(name: string, text: string, count = 5): Promise<Uint8Array> {
  const numbers = Array.from({ length: count }, (_, at) => at);
  const files = numbers.map((at) => [
    `${at}.json`,
    definition(`http://example.org/${name}/${at}`, text),
  ]);
  return packageOf(name, Object.fromEntries(files));
}

/** Saves a package as far as its first definitions. */
async function saveSome(store: SchemaStore, source: Uint8Array, definitions = 2): Promise<void> {
  const stop = new AbortController();
  let done = 0;
  const onProgress = () => {
    done += 1;
    if (done === definitions) stop.abort();
  };
  const saving = savePackage(store, source, { signal: stop.signal, onProgress });
  await assert.rejects(saving, { name: "AbortError" });
}

const texts = async (store: SchemaStore) =>
  (await store.list()).flatMap(({ url, description }) =>
    url === INCOMPLETE_URL ? "mark" : (description ?? "none"),
  );

test("stopped, all that was converted is durable and the package marked, until it is saved again", async () => {
  const place = new MemoryPlace();
  const first = await openStore({ adapter: memoryAdapter(place) });
  await saveSome(first, await tgz("a", "one"));
  // Neither flushed nor closed: this is what another process finds.
  await using second = await openStore({ adapter: memoryAdapter(place) });
  assert.deepEqual(await texts(second), ["one", "one", "mark"]);
  assert.deepEqual(await incompletePackages(second), ["a#1"]);
  await first.close();

  const report = await savePackage(second, await tgz("a", "one"));
  assert.deepEqual([report.converted, report.unchanged.length], [3, 2]);
  assert.deepEqual(await incompletePackages(second), []);
  assert.equal(await second.size(), 5);
});

test("the mark is never behind the definitions, nor ahead of their last commit", async () => {
  const place = new MemoryPlace();
  const gated = new GatedAdapter(place);
  const store = await openStore({ adapter: gated.adapter });
  gated.shut("commit");
  const onProgress = () => void store.flush();
  const saving = savePackage(store, await tgz("a", "one", 3), { onProgress });
  const commits: [puts: string[], deletes: number][] = [];
  let ended = false;
  saving.then(() => {
    ended = true;
  });
  while (!ended) {
    await until(() => ended || gated.waiting.commit.length > 0, "a commit");
    for (const call of gated.waiting.commit.splice(0)) {
      const [batch] = call.args as [{ put: { url: string }[]; delete: unknown[] }];
      commits.push([batch.put.map(({ url }) => url), batch.delete.length]);
      call.go();
    }
  }
  const urls = [0, 1, 2].map((at) => `http://example.org/a/${at}`);
  const [[first = [], none] = [], ...others] = commits;
  assert.deepEqual([first, none], [[INCOMPLETE_URL, urls[0]], 0]);
  assert.deepEqual(
    others.flatMap(([puts]) => puts),
    urls.slice(1),
  );
  const deletes = others.map(([, count]) => count);
  assert.deepEqual(deletes, [...Array(others.length - 1).fill(0), 1]);
  gated.open("commit");
  await store.close();
});

test("a package that is there is replaced whole or not at all, and never marked", async () => {
  await using store = await openSchemaStore({ strategy: "memory" });
  await savePackage(store, await tgz("a", "one"));
  await saveSome(store, await tgz("a", "one"));
  await saveSome(store, await tgz("a", "two"));
  assert.deepEqual(await texts(store), ["one", "one", "one", "one", "one"]);
  await savePackage(store, await tgz("a", "two"));
  assert.deepEqual(await texts(store), ["two", "two", "two", "two", "two"]);
});

test("marks of several packages do not touch each other, and go where their packages go", async () => {
  await using store = await openSchemaStore({ strategy: "memory" });
  for (const name of ["b", "a", "c"]) await saveSome(store, await tgz(name, "one"));
  assert.deepEqual(await incompletePackages(store), ["a#1", "b#1", "c#1"]);
  await savePackage(store, await tgz("b", "one"));
  assert.deepEqual(await incompletePackages(store), ["a#1", "c#1"]);

  const archive = new Uint8Array(await new Response(store.export()).arrayBuffer());
  await using other = await openSchemaStore({ strategy: "memory" });
  await other.import(archive);
  assert.deepEqual(await incompletePackages(other), ["a#1", "c#1"]);

  await store.clear({ package: "a" });
  assert.deepEqual(await incompletePackages(store), ["c#1"]);
  await store.clear();
  assert.deepEqual(await incompletePackages(store), []);
});

test("what ends by an error of the store stays marked, what fails in a definition does not", async () => {
  const source = await tgz("a", "one");
  await using store = await openSchemaStore({ strategy: "memory" });
  let calls = 0;
  const failing = (error: SchemaStoreError) => ({
    list: store.list.bind(store),
    put: store.put.bind(store),
    clear: store.clear.bind(store),
    flush: store.flush.bind(store),
    convert: async (...args: Parameters<SchemaStore["convert"]>) => {
      calls += 1;
      if (calls % 3 === 0) throw error;
      return store.convert(...args);
    },
  });
  const full = new SchemaStoreError("STORAGE_FULL", "full");
  await assert.rejects(savePackage(failing(full), source), { code: "STORAGE_FULL" });
  assert.deepEqual(await incompletePackages(store), ["a#1"]);
  const { failed } = await savePackage(failing(new SchemaStoreError("CONVERSION", "no")), source);
  assert.equal(failed.length, 1);
  assert.deepEqual(await incompletePackages(store), []);
});

test("a mark alone is nothing to build on", async () => {
  await using store = await openSchemaStore({ strategy: "memory" });
  await store.put({ url: INCOMPLETE_URL }, { source: "hl7.fhir.r4.core#4.0.1" });
  const { missingDependencies } = await savePackage(store, usCore);
  assert.deepEqual(missingDependencies, ["hl7.fhir.r4.core#4.0.1"]);
});

test("resources without a package, a package without definitions and stores without put are not marked", async () => {
  await using store = await openSchemaStore({ strategy: "memory" });
  const differential = { element: [{ path: "Patient" }] };
  const definition = { resourceType: "StructureDefinition", url: "x", differential };
  const loose = { resourceType: "Bundle", entry: [{ resource: definition }, {}] };
  await saveSome(store, Buffer.from(JSON.stringify(loose)), 1);
  await savePackage(store, await tgz("empty", "none", 0));
  const bare = {
    list: store.list.bind(store),
    flush: store.flush.bind(store),
    convert: store.convert.bind(store),
  };
  const stop = new AbortController();
  const onProgress = () => stop.abort();
  const saving = savePackage(bare, usCore, { signal: stop.signal, onProgress });
  await assert.rejects(saving, { name: "AbortError" });
  assert.equal((await store.list({ package: US_CORE })).length, 1);
  assert.deepEqual(await incompletePackages(store), []);
});

test("a package that had no definitions when it was last saved is marked before its first one", async () => {
  await using store = await openSchemaStore({ strategy: "memory" });
  await savePackage(store, await packageOf("a", { "v.json": { resourceType: "ValueSet" } }));
  const order: string[] = [];
  const recording = {
    list: store.list.bind(store),
    clear: store.clear.bind(store),
    flush: store.flush.bind(store),
    put: (...args: Parameters<SchemaStore["put"]>) => {
      order.push("mark");
      return store.put(...args);
    },
    convert: (...args: Parameters<SchemaStore["convert"]>) => {
      order.push("definition");
      return store.convert(...args);
    },
  };
  await savePackage(recording, await tgz("a", "one", 2));
  assert.deepEqual(order, ["mark", "definition", "definition"]);
});
