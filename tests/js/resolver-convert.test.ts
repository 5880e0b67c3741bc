/** A StructureDefinition that the resolver returns is converted, where the store was given a converter. */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fhirSchemaConverter } from "../../dist/convert/index.js";
import { SchemaStoreError } from "../../dist/errors.js";
import { openSchemaStore } from "../../dist/index.node.js";
import type { Converter, JsonObject, StoreOptions } from "../../dist/types.js";
import { filled, GatedAdapter, MemoryPlace, memoryAdapter, openStore, turn, until } from "./kit.js";
import { definition } from "./made-packages.js";

const X = "http://example.org/";
const A = `${X}a`;

/** A definition derived from `base`, for the converter of the package. */
function derived(url: string, base: string, version?: string): JsonObject {
  const element = [{ id: "Patient", path: "Patient" }];
  const own = { baseDefinition: base, derivation: "constraint", differential: { element } };
  return { ...definition(url, `of ${url}`, version), ...own } as JsonObject;
}

/** A converter that says what it was given, and counts; it needs what `needs` names. */
function counting(needs?: string) {
  const given: JsonObject[] = [];
  const converter: Converter = {
    id: "counting",
    version: "1",
    convert(structureDefinition) {
      given.push(structureDefinition);
      const { url, description } = structureDefinition;
      const dependencies = needs === undefined ? [] : [{ kind: "base" as const, target: needs }];
      return { schema: { url: `${url}`, converted: `${description}` }, dependencies };
    },
  };
  return { given, converter };
}

const hashOf = (text: string) => createHash("sha256").update(text).digest("hex");

for (const strategy of ["memory", "memory-disk", "disk"] as const) {
  test(`${strategy}: the schema is what every call returns, with the metadata of a conversion`, async () => {
    const source = derived(A, `${X}b`, "1.0.0");
    const calls: Record<string, (store: Awaited<ReturnType<typeof openStore>>) => unknown> = {
      get: (store) => store.get(A, { require: true }),
      "get of the version": (store) => store.get(`${A}|1.0.0`),
      getText: async (store) => JSON.parse((await store.getText(A)) ?? "null"),
      getMany: async (store) => (await store.getMany([A, A]))[1],
      entry: async (store) => (await store.entry(A, { require: true })).value,
      lease: async (store) => (await store.lease([A])).getSync(A),
      pin: async (store) => {
        await store.get(A);
        await store.pin(A);
        return store.getSync(A) ?? store.get(A);
      },
    };
    const { schema: made, dependencies } = await fhirSchemaConverter().convert(source);
    const schema = JSON.parse(made);
    for (const [what, call] of Object.entries(calls)) {
      for (const answer of [source, JSON.stringify(source)]) {
        const options: StoreOptions = { strategy, converter: fhirSchemaConverter(), now: () => 7 };
        await using store = await openStore({ ...options, resolver: async () => answer });
        assert.deepEqual(await call(store), schema, what);
        const metadata = await store.metadata(A);
        const wanted = {
          canonical: `${A}|1.0.0`,
          origin: "converted",
          converter: "fhir-schema-store@1",
          convertedAt: 7,
          sourceHash: hashOf(JSON.stringify(source)),
          dependencies,
          description: `of ${A}`,
          kind: "resource",
          base: `${X}b`,
        };
        for (const [member, value] of Object.entries(wanted)) {
          const of = metadata as unknown as Record<string, unknown>;
          assert.deepEqual(of[member], value, `${what}: ${member}`);
        }
        assert.deepEqual(
          await store.convert(source),
          { metadata, converted: false, warnings: [] },
          "as if it had been converted by the caller",
        );
        assert.equal((await store.stats()).conversions, 1);
      }
    }
  });
}

test("without a converter, and of any other resource, the answer is stored as it is", async () => {
  const text = JSON.stringify(derived(A, `${X}b`));
  await using plain = await openStore({ resolver: async () => text });
  assert.equal(await plain.getText(A), text);
  assert.equal((await plain.metadata(A))?.origin, "resolver");
  const { given, converter } = counting();
  const other = JSON.stringify({ resourceType: "ValueSet", url: A });
  await using store = await openStore({ converter, resolver: async () => other });
  assert.equal(await store.getText(A), other);
  assert.equal((await store.metadata(A))?.origin, "resolver");
  await store.put(derived(`${X}put`, A));
  assert.equal((await store.metadata(`${X}put`))?.origin, "user", "a put is never converted");
  assert.equal(given.length, 0);
});

test("what the definition does not say of itself, the canonical does", async () => {
  const { given, converter } = counting();
  const { url: _, ...nameless } = definition(A, "nameless") as JsonObject;
  await using store = await openStore({ converter, resolver: async () => nameless });
  assert.deepEqual(await store.get(`${A}|2#part`), { url: A, converted: "nameless" });
  assert.deepEqual(given, [{ ...nameless, url: A, version: "2" }]);
  assert.equal((await store.metadata(A))?.canonical, `${A}|2`);
});

test("a definition of something else is refused before it is converted", async () => {
  const { given, converter } = counting();
  const answers = [definition(`${X}b`, "other"), definition(A, "other", "2")];
  for (const answer of [...answers, ...answers.map((one) => JSON.stringify(one))]) {
    await using store = await openStore({ converter, resolver: async () => answer });
    await assert.rejects(store.get(`${A}|1`), { code: "RESOLVER", key: `${A}|1` });
    assert.equal(await store.size(), 0);
  }
  assert.equal(given.length, 0);
});

test("a conversion that fails is CONVERSION, names the canonical and may be tried again", async () => {
  let fault: unknown = new TypeError("no element");
  const converter: Converter = {
    id: "failing",
    version: "1",
    convert() {
      if (fault instanceof Error) throw fault;
      return fault as never;
    },
  };
  const resolver = async () => definition(A, "broken", "1");
  await using store = await openStore({ converter, resolver });
  const named = { code: "CONVERSION", key: A };
  const own = new SchemaStoreError("CONVERSION", "mine", { key: "elsewhere" });
  const badEdge = { schema: {}, dependencies: [{ kind: "none", target: 1 }] };
  const faults = [new TypeError("no element"), own, undefined, { schema: {} }, badEdge];
  const schemas = [null, [], { n: 1n }, { at: new Date(0) }];
  for (fault of [...faults, ...schemas.map((schema) => ({ schema, dependencies: [] }))]) {
    await assert.rejects(store.get(A), named);
    await assert.rejects(store.getText(A), named);
    await assert.rejects(store.getMany([A]), named);
    await assert.rejects(store.entry(A), named);
    await assert.rejects(store.lease([A]), named);
    assert.equal(await store.size(), 0);
  }
  fault = { schema: { url: A }, dependencies: [] };
  assert.deepEqual(await store.get(A), { url: A });
});

test("a version that no entry can have is CONVERSION under the canonical asked for", async () => {
  const { converter } = counting();
  for (const version of [5, "1|2", "a b"]) {
    const resolver = async () => ({ ...definition(A, "a"), version });
    await using store = await openStore({ converter: fhirSchemaConverter(), resolver });
    await assert.rejects(store.get(A), { code: "CONVERSION", key: A }, `${version}`);
  }
  for (const schema of [null, []]) {
    const made: Converter = {
      ...converter,
      convert: () => ({ schema, dependencies: [] }) as never,
    };
    await using other = await openStore({ converter: made });
    await assert.rejects(other.convert(definition(A, "a")), { code: "CONVERSION", key: A });
  }
});

test("what `convert` takes as a definition, the resolver may answer as well", async () => {
  const source = definition(A, "marked", "1");
  const text = JSON.stringify(source);
  const { converter, given } = counting();
  const answers = [`\ufeff${text}`, { ...source, title: undefined, more: [undefined] }];
  const hashes: unknown[] = [];
  for (const answer of answers) {
    await using store = await openStore({ converter, resolver: async () => answer });
    assert.deepEqual(await store.get(A), { url: A, converted: "marked" });
    hashes.push((await store.metadata(A))?.sourceHash);
    const { converted } = await store.convert(answer);
    assert.equal(converted, false, "it is the same definition");
  }
  assert.equal(hashes[0], hashOf(text), "the mark is none of the text");
  assert.equal(given.length, answers.length);
  // What is stored as it is must be what it says.
  const resolver = async () => ({ url: A, title: undefined });
  await using store = await openStore({ converter, resolver });
  await assert.rejects(store.get(A), { code: "INVALID_VALUE", key: A, message: /title/ });
  const cyclic: Record<string, unknown> = { ...source };
  cyclic["self"] = cyclic;
  await using other = await openStore({ converter, resolver: async () => cyclic });
  await assert.rejects(other.get(A), { code: "INVALID_VALUE", key: `${A}|1` });
  await using plain = await openStore({ resolver: async () => `\ufeff{"url":"${A}"}` });
  assert.deepEqual(await plain.get(A), { url: A });
});

test("calls that come together share one question and one conversion", async () => {
  const { given, converter } = counting();
  let asked = 0;
  const resolver = async () => {
    asked += 1;
    return definition(A, "once");
  };
  await using store = await openStore({ converter, resolver });
  const schema = { url: A, converted: "once" };
  const [got, text, many, entry, lease] = await Promise.all([
    store.get(A),
    store.getText(A),
    store.getMany([A, ` ${A} `]),
    store.entry(A),
    store.lease([A]),
  ]);
  assert.deepEqual([got, many, entry?.value], [schema, [schema, schema], schema]);
  assert.deepEqual([JSON.parse(`${text}`), lease.getSync(A)], [schema, schema]);
  assert.deepEqual([asked, given.length], [1, 1]);
  const stats = await store.stats();
  assert.deepEqual([stats.conversions, stats.puts, stats.tiers.network.hits], [1, 1, 1]);
});

test("watchers and listeners are told once", async () => {
  const { converter } = counting();
  await using store = await openStore({ converter, resolver: async () => definition(A, "a", "1") });
  const seen: unknown[] = [];
  store.watch(A, ({ canonical }) => seen.push(canonical));
  store.on("put", ({ canonical }) => seen.push(canonical));
  await store.get(A);
  await until(() => seen.length === 2, "both events");
  assert.deepEqual(seen.sort(), [A, `${A}|1`]);
});

test("a closure goes on through what was resolved", async () => {
  const place = await filled({ url: `${X}end` });
  const definitions = new Map([
    [A, derived(A, `${X}b`)],
    [`${X}b`, derived(`${X}b`, `${X}end`)],
  ]);
  await using store = await openStore({
    adapter: memoryAdapter(place),
    converter: fhirSchemaConverter(),
    resolver: async (canonical) => definitions.get(canonical),
  });
  const lease = await store.lease([A, `${X}b`], { closure: ["base"] });
  assert.deepEqual(lease.canonicals, [A, `${X}b`, `${X}end`]);
  assert.deepEqual(lease.missing, []);
  lease.release();
  const report = await store.warm({ canonicals: [A], closure: ["base"] });
  assert.deepEqual(report.missing, []);
});

test("what is put or deleted during the conversion counts", async () => {
  const cases: Record<string, (store: Awaited<ReturnType<typeof openStore>>) => unknown> = {
    put: (store) => store.put({ url: A, mine: true }),
    "a put of a version": (store) => store.put({ url: A, version: "9", mine: true }),
    delete: (store) => store.delete(A),
    clear: (store) => store.clear(),
    "put and delete": async (store) => {
      await store.put({ url: A, mine: true });
      await store.delete(A);
    },
  };
  for (const strategy of ["memory", "memory-disk"] as const) {
    for (const [what, overtake] of Object.entries(cases)) {
      // In the converter itself, the last moment there is.
      const { converter } = counting();
      let done: unknown;
      const during: Converter = {
        ...converter,
        convert(source, text, bytes) {
          done = overtake(store);
          return converter.convert(source, text, bytes);
        },
      };
      const resolver = async () => definition(A, "resolved");
      const store = await openStore({ strategy, converter: during, resolver });
      const got = await store.get<{ mine?: boolean }>(A);
      await done;
      if (what.includes("delete") || what === "clear") assert.equal(got, undefined, what);
      else assert.equal(got?.mine, true, what);
      assert.deepEqual(
        (await store.list()).map(({ origin }) => origin),
        what.startsWith("put and") || got === undefined ? [] : ["user"],
        what,
      );
      await store.close();
    }
  }
});

test("what is put or deleted while an answer waits for room counts", async () => {
  for (const options of [{}, { converter: counting().converter }]) {
    const gated = new GatedAdapter(new MemoryPlace());
    let asked = 0;
    const resolver = async (url: string) => {
      asked += 1;
      return definition(url, "resolved");
    };
    await using store = await openStore({ ...options, adapter: gated.adapter, resolver });
    gated.shut("commit");
    const large = { text: "x".repeat(3 << 20) };
    const puts = [1, 2, 3].map((n) => store.put({ url: `${X}large${n}`, ...large }));
    // Waits for room itself, so that the answer to it comes after.
    puts.push(store.put({ url: A, mine: true }));
    const [put, deleted] = [store.get<{ mine?: boolean }>(A), store.get(`${X}deleted`)];
    await until(() => asked === 2, "both questions");
    await turn();
    await store.delete(`${X}deleted`);
    gated.open("commit");
    await Promise.all(puts);
    assert.equal((await put)?.mine, true);
    assert.equal(await deleted, undefined);
    assert.equal(await store.has(`${X}deleted`), false);
  }
});

test("what another process has converted meanwhile is not converted again", async (t) => {
  const diskCacheDir = mkdtempSync(join(tmpdir(), "fss-resolver-"));
  t.after(() => rmSync(diskCacheDir, { recursive: true }));
  const { given, converter } = counting();
  await using other = await openSchemaStore({ diskCacheDir, converter });
  const source = JSON.stringify(definition(A, "both", "1"));
  const resolver = async () => {
    await other.convert(source, { durable: true });
    return source;
  };
  await using store = await openSchemaStore({ diskCacheDir, converter, resolver });
  assert.deepEqual(await store.get(A), { url: A, converted: "both" });
  assert.equal(given.length, 1);
});

test("closing the store ends a conversion with CLOSED, and nothing is stored", async () => {
  const place = new MemoryPlace();
  const { converter } = counting();
  let closing: Promise<void> | undefined;
  const during: Converter = {
    ...converter,
    convert(source, text, bytes) {
      closing = store.close();
      return converter.convert(source, text, bytes);
    },
  };
  const resolver = async () => definition(A, "resolved");
  const store = await openStore({ adapter: memoryAdapter(place), converter: during, resolver });
  await assert.rejects(store.get(A), { code: "CLOSED" });
  await closing;
  await using again = await openStore({ adapter: memoryAdapter(place) });
  assert.equal(await again.size(), 0);
});

test("what cannot be converted any more is answered stale within its grace", async () => {
  let [time, works] = [0, true];
  const { given, converter } = counting();
  const failing: Converter = {
    ...converter,
    convert(source, text, bytes) {
      if (!works) throw new Error("broken");
      return converter.convert(source, text, bytes);
    },
  };
  await using store = await openStore({
    converter: failing,
    resolver: async () => definition(A, "resolved"),
    ttlHours: 1,
    graceHours: 1,
    now: () => time,
  });
  await store.get(A);
  time = 3_600_001;
  works = false;
  const entry = await store.entry(A);
  assert.deepEqual([entry?.stale, entry?.value], [true, { url: A, converted: "resolved" }]);
  works = true;
  assert.equal((await store.entry(A))?.stale, undefined, "what has expired is converted again");
  assert.equal(given.length, 2);
});
