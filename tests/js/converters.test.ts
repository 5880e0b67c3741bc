/** Converters of other people's making: asynchronous ones, failing ones, and what they warn of. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { savePackage, savePackages } from "../../dist/convert/index.js";
import { SchemaStoreError } from "../../dist/errors.js";
import { openSchemaStore } from "../../dist/index.node.js";
import type { Conversion, ConversionWarning, Converter, StoreOptions } from "../../dist/types.js";
import { openStore, turn } from "./kit.js";
import { definition, packageOf } from "./made-packages.js";
import { each } from "./settings.js";

const X = "http://x.org/";
const A = `${X}a`;
const WARNING = { kind: "cardinality", element: "Patient.link", message: "2 > 1" } as const;

/** A converter that does as it is told. */
function converting(convert: Converter["convert"], more: Partial<Converter> = {}): Converter {
  return { id: "test", version: "1", convert, ...more };
}

const made = (url: unknown, more: Partial<Conversion> = {}): Conversion => ({
  schema: { url: `${url}` },
  dependencies: [],
  ...more,
});

each("a conversion may take its time, and be text", async (open) => {
  const seen: unknown[] = [];
  const converter = converting(async ({ url }, text) => {
    seen.push(text);
    await turn();
    return made(url, { schema: `{"url":"${url}","n":1.500}` });
  });
  const store = await open({ converter });
  const text = ` ${JSON.stringify(definition(A, "a"))}`;
  const { converted, warnings } = await store.convert(`\ufeff${text}`);
  assert.deepEqual([converted, warnings, seen], [true, [], [text]]);
  assert.equal(await store.getText(A), `{"url":"${A}","n":1.500}`);
  assert.equal((await store.convert(text)).converted, false);
  const source = definition(`${X}b`, "b");
  await store.convert(source);
  assert.equal(seen[1], JSON.stringify(source), "what was no text is what JSON makes of it");
  const bytes = await packageOf("p", { "c.json": ` ${JSON.stringify(definition(`${X}c`, "c"))}` });
  assert.equal((await savePackage(store, bytes)).converted, 1);
  assert.match(`${seen[2]}`, /^ \{/, "of a package, the text of the file");
});

test("a resolver's answer is converted by an asynchronous converter, too", async () => {
  const converter = converting(async ({ url }) => made(url));
  await using store = await openStore({ converter, resolver: async () => definition(A, "a") });
  assert.deepEqual(await store.get(A), { url: A });
});

/** What a converter may do wrong, thrown or rejected with. */
const FAULTS: readonly unknown[] = [
  new TypeError("no element"),
  "a text",
  undefined,
  new SchemaStoreError("NOT_FOUND", "elsewhere", { key: "elsewhere" }),
  new SchemaStoreError("CLOSED", "another store is closed"),
];

const BAD = [
  ...[undefined, null, "{}", [], 1, {}],
  ...[null, [], 1, "", "no JSON", "[1]", '"text"', { n: 1n }, { at: new Date(0) }].map(
    (schema) => ({
      schema,
      dependencies: [],
    }),
  ),
  ...[undefined, null, {}, [1], [{ kind: "none", target: "x" }], [{ kind: "base", target: 1 }]].map(
    (dependencies) => ({ schema: { url: A }, dependencies }),
  ),
  ...[null, {}, [1], [{ ...WARNING, kind: "other" }], [{ ...WARNING, element: 1 }], [{}]].map(
    (warnings) => ({ ...made(A), warnings }),
  ),
];

test("whatever a converter throws or rejects with is CONVERSION with the cause", async () => {
  for (const fault of FAULTS) {
    const throwing = () => {
      throw fault;
    };
    for (const convert of [throwing, () => Promise.reject(fault)]) {
      await using store = await openStore({ converter: converting(convert) });
      await assert.rejects(store.convert(definition(A, "a", "1")), (error: SchemaStoreError) => {
        assert.deepEqual([error.code, error.key, error.cause], ["CONVERSION", `${A}|1`, fault]);
        return true;
      });
      const { failed, converted } = await savePackage(
        store,
        await packageOf("p", { "a.json": definition(A, "a") }),
      );
      assert.deepEqual([converted, failed.map(({ error }) => error.code)], [0, ["CONVERSION"]]);
      assert.equal(await store.size(), 0);
    }
  }
});

test("whatever else than a conversion it comes to is CONVERSION, however it is called", async () => {
  for (const [at, wrong] of BAD.entries()) {
    for (const convert of [() => wrong as never, async () => wrong as never]) {
      const converter = converting(convert);
      const resolver = async () => definition(A, "a");
      await using store = await openStore({ converter, resolver });
      const refused = { code: "CONVERSION", key: A };
      await assert.rejects(store.convert(definition(A, "a")), refused, `${at}`);
      await assert.rejects(store.get(A), refused, `${at}`);
      const archive = await packageOf("p", { "a.json": definition(A, "a") });
      const { failed } = await savePackage(store, archive);
      assert.deepEqual(
        failed.map(({ error: { code, key } }) => ({ code, key })),
        [refused],
        `${at}`,
      );
      assert.equal(await store.size(), 0);
    }
  }
});

test("a converter without a name or a version is refused", async () => {
  const wrong = [undefined, null, "", 1, {}, "\ud800"];
  const converters: unknown[] = [
    ...wrong.map((id) => ({ ...converting(() => made(A)), id })),
    ...wrong.map((version) => ({ ...converting(() => made(A)), version })),
    ...[undefined, null, {}].map((convert) => ({ id: "a", version: "1", convert })),
    ...["none", 1, [], null],
  ];
  for (const converter of converters) {
    const options = { strategy: "memory", converter } as StoreOptions;
    const refused = { code: "INVALID_CONFIG", key: "converter", message: /id and version/ };
    await assert.rejects(openSchemaStore(options), refused);
  }
});

test("a conversion that never ends ends with the store", async () => {
  const converter = converting(() => new Promise(() => {}));
  for (const strategy of ["memory", "memory-disk"] as const) {
    const store = await openStore({ strategy, converter });
    const converting = assert.rejects(store.convert(definition(A, "a")), { code: "CLOSED" });
    const archive = await packageOf("p", { "a.json": definition(A, "a") });
    const saving = assert.rejects(savePackage(store, archive), { code: "CLOSED" });
    await turn();
    await store.close();
    await Promise.all([converting, saving]);
  }
});

each("warnings are in the result of what was converted now, and in no other", async (open) => {
  const converter = converting(({ url }) => made(url, { warnings: [WARNING] }));
  const store = await open({ converter });
  assert.deepEqual((await store.convert(definition(A, "a"))).warnings, [WARNING]);
  assert.deepEqual((await store.convert(definition(A, "a"))).warnings, []);
  assert.deepEqual((await store.convert(definition(A, "b"))).warnings, [WARNING]);
});

each("a report has the warnings of what was converted, in the order of the files", async (open) => {
  let version = "1";
  const warned: ConversionWarning[] = [WARNING, { ...WARNING, kind: "element-id", message: "two" }];
  const converter: Converter = {
    id: "test",
    get version() {
      return version;
    },
    convert: async ({ url, description }) =>
      made(url, { warnings: description === "quiet" ? [] : warned }),
  };
  const files = (changed: string) => ({
    "3.json": definition(`${X}third`, changed, "1"),
    "1.json": definition(`${X}first`, "first"),
    "2.json": definition(`${X}second`, "quiet"),
    "4.json": definition(`${X}third`, "a duplicate", "1"),
  });
  const store = await open({ converter });
  const of = (canonical: string) => warned.map((warning) => ({ canonical, ...warning }));
  const [first, third] = [of(`${X}first`), of(`${X}third|1`)];
  const once = await savePackage(store, await packageOf("p", files("a")));
  assert.deepEqual(once.warnings, [...first, ...third]);
  const again = await savePackage(store, await packageOf("p", files("a")));
  assert.deepEqual(again.warnings, []);
  const [changed] = await savePackages(store, [await packageOf("p", files("b"))]);
  assert.deepEqual(changed?.warnings, third);
  version = "2";
  const { warnings } = await savePackage(store, await packageOf("p", files("b")));
  assert.deepEqual(warnings, [...first, ...third]);
});

test("many conversions at once are no leak of listeners", async () => {
  const warned: Error[] = [];
  const onWarning = (warning: Error) => warned.push(warning);
  process.on("warning", onWarning);
  try {
    const converter = converting(async ({ url }) => {
      await turn();
      return made(url);
    });
    await using store = await openStore({ strategy: "memory", converter });
    const all = Array.from({ length: 30 }, (_, at) => store.convert(definition(`${X}${at}`, "1")));
    assert.equal((await Promise.all(all)).length, 30);
    await turn();
    assert.deepEqual(warned, []);
  } finally {
    process.off("warning", onWarning);
  }
});

test("what a member of a conversion throws is CONVERSION", async () => {
  const converter = converting(() => ({
    get schema(): never {
      throw new Error("getter");
    },
    dependencies: [],
  }));
  await using store = await openStore({ strategy: "memory", converter });
  await assert.rejects(store.convert(definition(A, "1")), { code: "CONVERSION", key: A });
});

test("a definition that fails leaves room for a later file with the same canonical", async () => {
  await using store = await openStore({ strategy: "memory" });
  const good = definition(A, "1");
  const bad = { ...good, differential: undefined, snapshot: undefined };
  const files = await packageOf("p", { "a.json": bad, "b.json": good });
  const { failed, added, duplicates } = await savePackage(store, files);
  assert.deepEqual([failed.map(({ file }) => file), added, duplicates], [["a.json"], [A], []]);
});
