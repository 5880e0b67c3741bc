/**
 * Misspelt options, values of the wrong kind, arguments too many: every public call refuses them with a
 * code, says what is wrong, and leaves the store as it is.
 */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { inspect } from "node:util";
import fc from "fast-check";
import { keyvAdapter } from "../../dist/bridges/keyv.js";
import { unstorageDriver } from "../../dist/bridges/unstorage.js";
import { fhirSchemaConverter, openPackage } from "../../dist/convert/index.js";
import { SchemaStoreError } from "../../dist/errors.js";
import type { SchemaStore } from "../../dist/store.js";
import type { StoreOptions } from "../../dist/types.js";
import {
  argumentsOf,
  type BadCall,
  CALLS,
  type Call,
  likelyCalls,
  randomCalls,
  type World,
} from "./bad-calls.js";
import { openStore, turn } from "./kit.js";

const RUNS = 10_000;
const SEED = 10;
const ROOT = new URL("../../", import.meta.url);
const STRATEGIES = ["memory", "memory-disk", "disk"] as const;

const CODES = new Set(
  [...(await readFile(new URL("js/errors.ts", ROOT), "utf8")).matchAll(/^ {2}\| "(\w+)"/gm)].map(
    ([, code]) => code,
  ),
);
/** What a wrong argument may be refused with. */
const REFUSALS = new Set(["INVALID_VALUE", "INVALID_KEY", "INVALID_CONFIG"]);
/** What is wrong in the text, the bytes or the definition that was given. */
const CONTENT = new Set(["SERIALIZATION", "CORRUPT", "CONVERSION"]);

/** Public, but not called by users with arguments of theirs. */
const NOT_CALLED: Readonly<Record<string, string>> = {
  "store.constructor": "use openSchemaStore",
  "store.close": "must end a store, whatever an event hands it",
  "lease.constructor": "use lease",
  "lease.release": "must let go, whatever an event hands it",
  "lease.restarted": "called by the store",
  "lease.close": "called by the store",
  "keyv.clear": "takes nothing",
  "keyv.disconnect": "takes nothing",
  "package.contents": "takes nothing",
  "driver.getInstance": "takes nothing",
  "driver.dispose": "takes nothing",
  SchemaStoreError: "thrown, not called",
  MemoryPlace: "takes nothing; its methods are for the adapter",
};

async function makeWorld(strategy: StoreOptions["strategy"] = "memory-disk"): Promise<World> {
  const store = await openStore({ strategy });
  await store.put({ url: "http://x/A", version: "1", n: 1 });
  await store.putText('{ "url": "http://x/B" }', { tags: ["t"], source: "p#1" });
  return {
    store,
    archive: new Uint8Array(await new Response(store.export()).arrayBuffer()),
    lease: await store.lease(["http://x/A"]),
    keyv: keyvAdapter(store),
    driver: unstorageDriver(store),
    converter: fhirSchemaConverter(),
    package: await openPackage('{"resourceType":"StructureDefinition","url":"http://x/S"}'),
  };
}

/** All that a store holds: descriptions, texts and bytes. */
async function contentOf(store: SchemaStore) {
  const list = await store.list();
  const texts = await Promise.all(list.map(({ canonical }) => store.getText(canonical)));
  const archive = Buffer.from(await new Response(store.export()).arrayBuffer()).toString("hex");
  return { list: list.map((row) => ({ ...row, accessCount: 0 })), texts, archive };
}

/** What a call fails with. */
async function failureOf(shown: string, { sync }: Call, make: () => unknown): Promise<unknown> {
  let result: unknown;
  try {
    result = make();
  } catch (error) {
    assert.ok(sync, `${shown}: throws instead of rejecting: ${error}`);
    return error;
  }
  assert.ok(!sync, `${shown}: accepted`);
  return (result as Promise<unknown>).then(
    () => assert.fail(`${shown}: accepted`),
    (error) => error,
  );
}

async function checkRefusal(world: World, bad: BadCall): Promise<void> {
  const { call, at, fault } = bad;
  const shown = `${call.name}, argument ${at} ${inspect(fault.value)}`;
  const error = await failureOf(shown, call, () => call.make(world, argumentsOf(world, bad)));
  assert.ok(error instanceof SchemaStoreError, `${shown}: ${(error as Error).stack}`);
  assert.ok(CODES.has(error.code), shown);
  const isContent = fault.key === undefined && CONTENT.has(error.code);
  assert.ok(REFUSALS.has(error.code) || isContent, `${shown}: ${error.code}`);
  if (fault.key !== undefined) assert.equal(error.key, fault.key, `${shown}: ${error.message}`);
  for (const name of fault.known ?? []) assert.match(error.message, new RegExp(`\\b${name}\\b`));
}

test(`${RUNS} random calls with a wrong argument are refused and change nothing`, async () => {
  const worlds = await Promise.all(STRATEGIES.map(makeWorld));
  const before = await Promise.all(worlds.map(({ store }) => contentOf(store)));
  const calls = fc.tuple(fc.constantFrom(...worlds), randomCalls);
  for (const [world, bad] of fc.sample(calls, { numRuns: RUNS, seed: SEED })) {
    await checkRefusal(world, bad);
  }
  for (const [at, { store }] of worlds.entries()) {
    assert.deepEqual(await contentOf(store), before[at]);
    assert.equal(store.health().ok, true);
    await store.close();
  }
});

test("every option of every call, misspelt and of the wrong kind, is refused", async () => {
  const world = await makeWorld();
  const before = await contentOf(world.store);
  for (const bad of likelyCalls) await checkRefusal(world, bad);
  assert.deepEqual(await contentOf(world.store), before);
  await world.store.close();
});

test("the same calls with arguments that are right are not refused", async () => {
  for (const call of CALLS) {
    const world = await makeWorld();
    const result = await call.make(world, argumentsOf(world, { call }));
    if (call.name.startsWith("openSchemaStore")) await (result as SchemaStore).close();
    await world.store.close();
  }
});

test("every public method and export is called here, or said not to be", async () => {
  const world = await makeWorld();
  const there = ["store", "lease"].flatMap((owner) =>
    Object.getOwnPropertyNames(Object.getPrototypeOf(world[owner])).map(
      (name) => `${owner}.${name}`,
    ),
  );
  const add = (prefix: string, members: object) => {
    for (const [name, member] of Object.entries(members)) {
      if (typeof member === "function") there.push(prefix + name);
    }
  };
  for (const owner of ["keyv", "driver", "converter", "package"]) {
    add(`${owner}.`, world[owner] as object);
  }
  const { exports } = JSON.parse(await readFile(new URL("package.json", ROOT), "utf8"));
  for (const files of Object.values<{ node?: { default: string }; default?: string }>(exports)) {
    const file = files.node?.default ?? files.default;
    if (file !== undefined) add("", await import(new URL(file, ROOT).href));
  }
  const known = [
    ...CALLS.map(({ name }) => name.replace(/ of .*/, "")),
    ...Object.keys(NOT_CALLED),
  ];
  assert.deepEqual([...new Set(there)].sort(), [...new Set(known)].sort());
  await world.store.close();
});

test("options come from literals, from JSON and without a prototype; undefined is as good as absent", async () => {
  const { store } = await makeWorld();
  const bare = Object.assign(Object.create(null), { require: false, signal: undefined });
  assert.equal((await store.get<{ n: number }>("http://x/A", bare))?.n, 1);
  const parsed = JSON.parse('{ "tags": ["json"], "ifHash": null, "cost": 3 }');
  await store.put({ url: "http://x/J" }, { ...parsed, ttl: undefined, ttlHours: 1 });
  assert.deepEqual((await store.list({ tag: "json", type: undefined } as object)).length, 1);
  assert.equal(
    (await store.lease(["http://x/A"], { closure: undefined } as object)).missing.length,
    0,
  );
  await store.close();
});

test("an emptying whose conditions are all undefined ends what the resolver is asked for, too", async () => {
  let answer = (_: object) => {};
  const asked = new Promise<object>((resolve) => {
    answer = resolve;
  });
  const store = await openStore({ strategy: "memory", resolver: () => asked });
  const got = store.get("http://x/R");
  await turn();
  await store.clear({ tag: undefined } as object);
  answer({ url: "http://x/R" });
  assert.equal(await got, undefined);
  assert.equal(await store.size(), 0);
  await store.close();
});

test("what a resolver or a converter returns is refused with a code that names the canonical", async () => {
  for (const answer of [
    null,
    5,
    true,
    [],
    () => {},
    1n,
    Symbol("s"),
    new Map(),
    "[]",
    "{",
    new URL("http://x"),
  ]) {
    const converter = { id: "mine", version: "1", convert: () => answer as never };
    const store = await openStore({ resolver: async () => answer as never, converter });
    await assert.rejects(store.get("http://x/R"), (error: SchemaStoreError) => {
      assert.ok(["INVALID_VALUE", "SERIALIZATION"].includes(error.code), error.stack);
      assert.equal(error.key, "http://x/R");
      return true;
    });
    const definition = { resourceType: "StructureDefinition", url: "http://x/S" };
    await assert.rejects(store.convert(definition), { code: "CONVERSION", key: "http://x/S" });
    assert.equal(await store.size(), 0);
    await store.close();
  }
});

test("what cannot be stored names the entry", async () => {
  const { store } = await makeWorld();
  const deep = `{"url":"u","version":"1","x":${"[".repeat(600)}${"]".repeat(600)}}`;
  const calls: Record<string, [() => Promise<unknown>, string]> = {
    "a version": [() => store.put({ url: "u", version: "1", a: Number.NaN }), "u|1"],
    "no version": [() => store.put({ url: "u", a: [new Date(0)] }), "u"],
    "the url of an option": [() => store.put({ a: 1n }, { url: "u", version: "2" }), "u|2"],
    "a text": [() => store.putText(deep), "u|1"],
    bytes: [() => store.putBytes(Buffer.from(deep)), "u|1"],
    "an item": [() => store.putMany([{ value: { url: "u", a: undefined } }]), "u"],
    "an update": [() => store.update("u", () => ({ url: "u", a: -0 })), "u"],
    "a text that is no object": [() => store.putText("[]", { url: "u" }), "u"],
  };
  for (const [name, [call, key]] of Object.entries(calls)) {
    await assert.rejects(call, { code: "INVALID_VALUE", key }, name);
  }
  await store.close();
});

test("a condition is refused where the call has one of its own", async () => {
  const { store } = await makeWorld();
  await assert.rejects(
    store.update("http://x/A", (value) => value, { ifHash: null } as object),
    /^SchemaStoreError: unknown option "ifHash"; known options: durable, tags, /,
  );
  await store.close();
});
