/** Every method of the store, for every strategy and every way of handing out values. */

import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { fsAdapter } from "../../dist/adapters/fs.js";
import type { HostAdapter } from "../../dist/host.js";
import type { SchemaStore } from "../../dist/store.js";
import type { JsonObject, StoreOptions } from "../../dist/types.js";
import { MemoryPlace, memoryAdapter, openStore, permutations, turn } from "./kit.js";

const strategies = ["memory", "memory-disk", "disk"] as const;
const modes = ["frozen", "shared", "cloned"] as const;

interface Setting {
  readonly name: string;
  readonly strategy: (typeof strategies)[number];
  /** Makes a place; what it returns makes adapters on that one place. */
  place(): () => HostAdapter;
}

const parent = mkdtempSync(join(tmpdir(), "fss-store-"));
after(() => rmSync(parent, { recursive: true, force: true }));

function inMemory(): () => HostAdapter {
  const place = new MemoryPlace();
  return () => memoryAdapter(place);
}

function inDirectory(): () => HostAdapter {
  const directory = mkdtempSync(join(parent, "place-"));
  return () => fsAdapter(directory);
}

const settings: readonly Setting[] = [
  ...strategies.map((strategy) => ({ name: strategy, strategy, place: inMemory })),
  ...strategies
    .slice(1)
    .map((strategy) => ({ name: `${strategy} over fs`, strategy, place: inDirectory })),
];

/** Registers a test for each setting; `open` opens further stores on the same place. */
function each(
  title: string,
  run: (open: (more?: StoreOptions) => Promise<SchemaStore>) => Promise<void>,
) {
  for (const { name, strategy, place } of settings) {
    test(`${name}: ${title}`, async () => {
      const adapter = place();
      const stores: SchemaStore[] = [];
      await run(async (more = {}) => {
        const store = await openStore({ strategy, adapter: adapter(), ...more });
        stores.push(store);
        return store;
      });
      for (const store of stores) await store.close();
    });
  }
}

const a1 = { url: "http://x/A", version: "1.0", name: "A", type: "Patient", status: "active" };
const a2 = { url: "http://x/A", version: "2.0", name: "A2" };
const list: unknown[] = [1, { deep: [true, null] }];
const b = { url: "http://y/B", name: "B", nested: { list } };

each("put, get and the rest agree on an entry", async (open) => {
  const store = await open({ now: () => 1234 });
  const metadata = await store.put(a1, { tags: ["t"], durable: true });
  assert.equal(metadata.canonical, "http://x/A|1.0");
  assert.equal(metadata.name, "A");
  assert.equal(metadata.type, "Patient");
  assert.equal(metadata.status, "active");
  assert.deepEqual(metadata.tags, ["t"]);
  assert.equal(metadata.createdAt, 1234);
  assert.equal(metadata.size, JSON.stringify(a1).length);
  assert.equal(metadata.origin, "user");
  for (const request of [
    "http://x/A",
    "http://x/A|1.0",
    " http://x/A ",
    "http://x/A#frag",
    "http://x/A|",
  ]) {
    assert.deepEqual(await store.get(request), a1, request);
    assert.equal(await store.getText(request), JSON.stringify(a1), request);
    assert.deepEqual(await store.metadata(request), metadata, request);
    assert.equal(await store.has(request), true, request);
    const entry = await store.entry(request);
    assert.deepEqual(entry?.value, a1);
    assert.deepEqual(entry?.metadata, metadata);
  }
  assert.deepEqual(await store.getMany(["http://x/A", "none", "http://x/A|1.0"]), [
    a1,
    undefined,
    a1,
  ]);
  assert.equal(await store.size(), 1);
  assert.equal(await store.delete("http://x/A|9"), false);
  assert.equal(await store.delete("http://x/A|1.0"), true);
  assert.equal(await store.get("http://x/A"), undefined);
  assert.equal(store.getSync("http://x/A|1.0"), undefined);
  assert.equal(await store.getText("http://x/A"), undefined);
  assert.equal(await store.metadata("http://x/A"), undefined);
  assert.equal(await store.entry("http://x/A"), undefined);
  assert.equal(await store.size(), 0);
  const must = { require: true };
  for (const missed of [
    store.get("none", must),
    store.getText("none", must),
    store.entry("none", must),
  ]) {
    await assert.rejects(missed as Promise<unknown>, { code: "NOT_FOUND", key: "none" });
  }
});

each("the tier tells where a value came from", async (open) => {
  const first = await open();
  await first.put(a1, { durable: true });
  assert.equal((await first.entry("http://x/A"))?.tier, "memory");
  const second = await open({ resolver: async () => b });
  const durable = (await second.stats()).adapter !== undefined;
  if (durable) assert.equal((await second.entry("http://x/A"))?.tier, "disk");
  assert.equal((await second.entry("http://y/B"))?.tier, "network");
  assert.equal((await second.entry("http://y/B"))?.tier, "memory");
  assert.equal((await second.metadata("http://y/B"))?.origin, "resolver");
});

each("what was put survives a reopening", async (open) => {
  const first = await open();
  await first.putMany([
    { value: a1 },
    { text: JSON.stringify(a2) },
    { bytes: Buffer.from(JSON.stringify(b)) },
  ]);
  const list = await first.list();
  await first.close();
  const second = await open();
  if ((await second.stats()).adapter === undefined) return;
  assert.deepEqual(await second.list(), list);
  assert.deepEqual(await second.get("http://x/A"), a2);
  assert.deepEqual(await second.get("http://x/A|1.0"), a1);
  assert.deepEqual(await second.get("http://y/B"), b);
});

each("texts come back byte for byte", async (open) => {
  const texts = [
    '{"url":"t0","n":1.10,"e":1E+2,"big":123456789012345678901234567890}',
    '{ "url" : "t1" ,\n\t"b": 1, "a": 2, "1": 3 }\n',
    '{"url":"t2","escaped":"\\u0041\\/\\ud83d\\ude00\\ud800","plain":"\u{1f600}\u00e9\u2028"}',
    '{"url":"t3","__proto__":{"polluted":true},"constructor":1}',
    '{"url":"t4","a":1,"a":2}',
    `{"url":"t5","long":"${"\u00e9".repeat(70_000)}"}`,
  ];
  const first = await open();
  for (const text of texts.slice(0, 3)) await first.putText(text);
  for (const text of texts.slice(3)) await first.putBytes(Buffer.from(text));
  const check = async (store: SchemaStore) => {
    for (const [n, text] of texts.entries()) {
      assert.equal(await store.getText(`t${n}`), text);
      assert.deepEqual(await store.get(`t${n}`), JSON.parse(text));
      assert.equal(await store.getText(`t${n}`), text);
    }
    assert.equal(({} as { polluted?: boolean }).polluted, undefined);
  };
  await check(first);
  await first.flush();
  await check(first);
  await first.close();
  const second = await open();
  if ((await second.stats()).adapter !== undefined) await check(second);
});

each("putBytes copies, and refuses what is not UTF-8", async (open) => {
  const store = await open();
  const bytes = Buffer.from(JSON.stringify(b));
  const put = store.putBytes(bytes);
  bytes.fill(0);
  await put;
  assert.deepEqual(await store.get("http://y/B"), b);
  await assert.rejects(store.putBytes(Uint8Array.of(0x7b, 0xff, 0x7d)), { code: "SERIALIZATION" });
});

each("a put value is neither kept nor frozen", async (open) => {
  const store = await open();
  const value = structuredClone(b);
  const put = store.put(value);
  value.nested.list.push("late");
  await put;
  assert.deepEqual(await store.get("http://y/B"), b);
  value.name = "changed";
  assert.deepEqual(await store.get("http://y/B"), b);
  assert.equal(Object.isFrozen(value), false);
  assert.equal(Object.isFrozen(value.nested), false);
});

for (const values of modes) {
  each(`values ${values}`, async (open) => {
    const store = await open({ values });
    await store.put(b, { durable: true });
    const reads: [string, () => Promise<typeof b | undefined>][] = [
      ["get", () => store.get<typeof b>("http://y/B")],
      ["get again", () => store.get<typeof b>("http://y/B")],
      ["getSync", async () => store.getSync<typeof b>("http://y/B") ?? structuredClone(b)],
      ["entry", async () => (await store.entry<typeof b>("http://y/B"))?.value],
      ["getMany", async () => (await store.getMany<typeof b>(["http://y/B"]))[0]],
      ["with a signal", () => store.get("http://y/B", { signal: new AbortController().signal })],
    ];
    for (const [name, read] of reads) {
      const value = await read();
      assert.ok(value, name);
      assert.deepEqual(value, b, name);
      if (values === "cloned") value.nested.list.push("mine");
      if (values === "frozen" && name !== "getSync") {
        for (const part of [value, value.nested, value.nested.list, value.nested.list[1]]) {
          assert.ok(Object.isFrozen(part), name);
        }
      }
      if (values === "shared") assert.equal(Object.isFrozen(value.nested), false, name);
    }
    assert.deepEqual(await store.get("http://y/B"), b);
    await store.update<typeof b>("http://y/B", (current) => {
      assert.ok(current);
      current.nested.list.length = 0;
      return current;
    });
    assert.deepEqual((await store.get<typeof b>("http://y/B"))?.nested.list, []);
  });
}

each("list and clear take what their filter says", async (open) => {
  let time = 1000;
  const store = await open({ now: () => time });
  await store.put(a1, { tags: ["red"] });
  time = 2000;
  await store.put(a2, { source: "pkg#1.0.0" });
  await store.put(b, { source: "pkg#2.0.0", tags: ["red", "blue"], type: "Patient" });
  await store.put({ url: "http://y/C" }, { source: "pkgs#1.0.0" });
  const cases: [object, string[]][] = [
    [{}, ["http://x/A|1.0", "http://x/A|2.0", "http://y/B", "http://y/C"]],
    [{ urlPrefix: "http://y/" }, ["http://y/B", "http://y/C"]],
    [{ urlPrefix: "" }, ["http://x/A|1.0", "http://x/A|2.0", "http://y/B", "http://y/C"]],
    [{ package: "pkg" }, ["http://x/A|2.0", "http://y/B"]],
    [{ package: "pkg#1.0.0" }, ["http://x/A|2.0"]],
    [{ package: "nothing" }, []],
    [{ type: "Patient" }, ["http://x/A|1.0", "http://y/B"]],
    [{ tag: "red" }, ["http://x/A|1.0", "http://y/B"]],
    [{ tag: "red", package: "pkg" }, ["http://y/B"]],
    [{ olderThanMs: 1000 }, ["http://x/A|1.0"]],
    [{ olderThanMs: 1001 }, []],
    [{ olderThanMs: 0, type: "Patient" }, ["http://x/A|1.0", "http://y/B"]],
  ];
  for (const [filter, expected] of cases) {
    const listed = (await store.list(filter)).map(({ canonical }) => canonical);
    assert.deepEqual(listed, expected, JSON.stringify(filter));
  }
  assert.equal(await store.clear({ tag: "none" }), 0);
  assert.equal(await store.clear({ package: "pkg", tag: "red" }), 1);
  assert.equal(await store.size(), 3);
  assert.equal(await store.get("http://y/B"), undefined);
  assert.equal(await store.clear({ olderThanMs: 1000 }), 1);
  assert.deepEqual(await store.get("http://x/A"), a2);
  assert.equal(await store.clear(), 2);
  assert.equal(await store.size(), 0);
  for (const wrong of [
    { urlPrefx: "http" },
    { olderThanMs: Number.NaN },
    { olderThanMs: -1 },
    { tag: 5 },
  ]) {
    await store.put(a1);
    await assert.rejects(store.clear(wrong as object), { code: "INVALID_VALUE" });
    assert.equal(await store.size(), 1);
  }
});

each("a converted schema keeps its origin, and is not converted again", async (open) => {
  let runs = 0;
  const converter = {
    id: "test",
    version: "1",
    convert(definition: JsonObject) {
      runs += 1;
      if (definition["bad"]) throw new Error("no");
      const dependencies = [{ kind: "base", target: "http://x/Base|1.0" } as const];
      return { schema: { url: definition["url"], converted: true }, dependencies };
    },
  };
  const store = await open({ converter, now: () => 77 });
  const definition = {
    resourceType: "StructureDefinition",
    url: "http://x/S",
    version: "3",
    name: "S",
  };
  for (const source of [
    definition,
    JSON.stringify(definition),
    Buffer.from(JSON.stringify(definition)),
  ]) {
    const { metadata, converted } = await store.convert(source);
    assert.equal(converted, runs === 1 && source === definition);
    assert.equal(metadata.canonical, "http://x/S|3");
    assert.equal(metadata.origin, "converted");
    assert.equal(metadata.converter, "test@1");
    assert.equal(metadata.convertedAt, 77);
    assert.match(metadata.sourceHash ?? "", /^[0-9a-f]{64}$/);
    assert.deepEqual(metadata.dependencies, [{ kind: "base", target: "http://x/Base|1.0" }]);
  }
  assert.equal(runs, 1);
  assert.equal((await store.convert({ ...definition, name: "T" })).converted, true);
  assert.equal((await store.convert(definition, { source: "p#1" })).converted, true);
  assert.deepEqual(await store.get("http://x/S"), { url: "http://x/S", converted: true });
  const stats = await store.stats();
  assert.equal(stats.conversions, 3);
  assert.equal(stats.conversionsSkipped, 2);
});

each("update makes, changes and leaves an entry", async (open) => {
  const store = await open();
  assert.equal(await store.update("http://y/B", () => undefined), undefined);
  assert.equal((await store.update("http://y/B", () => b))?.canonical, "http://y/B");
  assert.deepEqual(await store.get("http://y/B"), b);
  await store.update<typeof b>("http://y/B", async (current) => ({ ...current, name: "new" }));
  assert.deepEqual(store.getSync("http://y/B") ?? (await store.get("http://y/B")), {
    ...b,
    name: "new",
  });
  assert.equal(await store.update("http://y/B", () => undefined), undefined);
  await assert.rejects(
    store.update("http://y/B", () => Promise.reject(new Error("mine"))),
    /mine/,
  );
  for (const wrong of [null, 5, "text", [], { url: "http://y/B", n: Number.NaN }]) {
    await assert.rejects(
      store.update("http://y/B", () => wrong as object),
      { code: "INVALID_VALUE" },
    );
  }
  assert.deepEqual(await store.get("http://y/B"), { ...b, name: "new" });
});

each("counts and sizes", async (open) => {
  const store = await open();
  assert.equal(store.health().ok, true);
  await store.put(a1);
  await store.put(b);
  await store.flush();
  await store.get("http://x/A");
  await store.get("http://x/A");
  await store.get("none");
  await store.delete("http://y/B");
  const stats = await store.stats();
  assert.equal(stats.entries, 1);
  assert.equal(stats.totalBytes, JSON.stringify(a1).length);
  assert.equal(stats.puts, 2);
  assert.equal(stats.deletes, 1);
  assert.equal(stats.misses, 1);
  assert.equal(stats.hits.memory + stats.hits.disk, 2);
  assert.equal(stats.hits.network, 0);
  assert.ok(stats.memory.usedBytes <= stats.memory.limitBytes);
  assert.ok(stats.memory.wasmBytes >= 1024 * 1024);
  assert.ok(stats.memory.catalogBytes > 0);
  await store.flush();
  assert.equal((await store.stats()).memory.pendingBytes, 0);
  assert.equal(store.health().pendingWrites, 0);
});

each("events and watchers tell what happened, and can be stopped", async (open) => {
  const store = await open();
  const told: string[] = [];
  const stops = (["put", "delete", "flush"] as const).map((name) =>
    store.on(name, (event) =>
      told.push(`${name} ${"canonical" in event ? event.canonical : event.entries}`),
    ),
  );
  stops.push(
    store.on("put", () => {
      throw new Error("a bad listener");
    }),
  );
  const watched: string[] = [];
  const seen = (event: { canonical: string; metadata?: { version?: string } | undefined }) =>
    void watched.push(`${event.canonical}=${event.metadata?.version}`);
  stops.push(store.watch("http://x/A", seen), store.watch("http://x/A|1.0", seen));
  const { error } = console;
  console.error = () => {};
  await store.put(a1, { durable: true });
  await turn();
  console.error = error;
  await store.put(a2);
  await turn();
  await store.put(a2);
  await turn();
  await store.delete("http://x/A|2.0");
  await turn();
  const flushed = (await store.stats()).adapter === undefined ? [] : ["flush 1"];
  const expected = [
    "put http://x/A|1.0",
    ...flushed,
    "put http://x/A|2.0",
    "put http://x/A|2.0",
    "delete http://x/A|2.0",
  ];
  assert.deepEqual(told, expected);
  assert.deepEqual(watched, [
    "http://x/A=1.0",
    "http://x/A|1.0=1.0",
    "http://x/A=2.0",
    "http://x/A=1.0",
  ]);
  for (const stop of stops) stop();
  await store.put(b);
  await store.clear();
  await turn();
  assert.equal(told.length, expected.length);
  assert.equal(watched.length, 4);
});

each("after close every call fails with CLOSED", async (open) => {
  const store = await open();
  await store.put(a1);
  await store.get("http://x/A");
  await store[Symbol.asyncDispose]();
  await store.close();
  const calls: Record<string, () => unknown> = {
    get: () => store.get("http://x/A"),
    getSync: () => store.getSync("http://x/A"),
    getText: () => store.getText("http://x/A"),
    getMany: () => store.getMany(["http://x/A"]),
    entry: () => store.entry("http://x/A"),
    metadata: () => store.metadata("http://x/A"),
    has: () => store.has("http://x/A"),
    put: () => store.put(b),
    putText: () => store.putText(JSON.stringify(b)),
    putBytes: () => store.putBytes(Buffer.from(JSON.stringify(b))),
    putMany: () => store.putMany([{ value: b }]),
    update: () => store.update("http://x/A", () => b),
    convert: () => store.convert({}),
    delete: () => store.delete("http://x/A"),
    list: () => store.list(),
    clear: () => store.clear(),
    size: () => store.size(),
    flush: () => store.flush(),
    refresh: () => store.refresh(),
    stats: () => store.stats(),
    on: () => store.on("put", () => {}),
    watch: () => store.watch("http://x/A", () => {}),
  };
  for (const [name, call] of Object.entries(calls)) {
    await assert.rejects(async () => call(), { code: "CLOSED" }, name);
  }
  assert.equal(store.health().ok, false);
});

test("the newest version does not depend on the order of insertion", async () => {
  const rows: [string | undefined, string | undefined][] = [
    ["1.0.0", undefined],
    ["1.0.0", "pkg#9.0.0"],
    ["2.0.0-ballot", undefined],
    ["1.9.0", "pkg#1.0.0"],
    [undefined, undefined],
  ];
  const expected: [string[], string][] = [
    [["u"], "1.9.0 pkg#1.0.0"],
    [["u|1.0.0"], "1.0.0 undefined"],
    [["u|2.0.0-ballot"], "2.0.0-ballot undefined"],
  ];
  // A prerelease of a higher version is newer than a lower release; of the same version it is not.
  expected[0] = [["u"], "2.0.0-ballot undefined"];
  for (const order of permutations(rows)) {
    const store = await openStore({ strategy: "memory" });
    for (const [version, source] of order) await put(store, version, source);
    for (const [[request = ""], id] of expected) {
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

test("all of R4B: converted, and byte for byte the same in a new store", async () => {
  const folder = fileURLToPath(new URL("../../node_modules/hl7.fhir.r4b.core/", import.meta.url));
  const files = readdirSync(folder).filter((name) => name.startsWith("StructureDefinition-"));
  const place = new MemoryPlace();
  const first = await openStore({ adapter: memoryAdapter(place) });
  const texts = new Map<string, string | undefined>();
  for (const file of files) {
    const { metadata, converted } = await first.convert(readFileSync(folder + file));
    assert.ok(converted);
    texts.set(metadata.canonical, await first.getText(metadata.canonical));
  }
  assert.equal(files.length, 651);
  await first.close();
  const second = await openStore({ adapter: memoryAdapter(place) });
  const canonicals = [...texts.keys()];
  const values = await second.getMany(canonicals);
  for (const [index, canonical] of canonicals.entries()) {
    const text = texts.get(canonical);
    assert.ok(text);
    assert.equal(await second.getText(canonical), text);
    assert.deepEqual(values[index], JSON.parse(text));
    assert.equal(JSON.stringify(values[index]), text);
  }
  for (const file of files.slice(0, 20)) {
    assert.equal((await second.convert(readFileSync(folder + file))).converted, false);
  }
  await second.close();
});

function put(store: SchemaStore, version: string | undefined, source: string | undefined) {
  const value = { url: "u", ...(version && { version }), id: `${version} ${source}` };
  return store.put(value, source === undefined ? {} : { source });
}

function idOf(store: SchemaStore): string | undefined {
  return store.getSync<{ id: string }>("u")?.id;
}
