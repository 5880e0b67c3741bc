/** Every method of the store, for every strategy. */

import assert from "node:assert/strict";
import type { Metadata } from "../../dist/types.js";
import { turn } from "./kit.js";
import { a1, a2, b, each } from "./settings.js";

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
  // How often it was used is not of the entry itself.
  const still = (found: Metadata | undefined) => found && { ...found, accessCount: 0 };
  for (const request of [
    "http://x/A",
    "http://x/A|1.0",
    " http://x/A ",
    "http://x/A#frag",
    "http://x/A|",
  ]) {
    assert.deepEqual(await store.get(request), a1, request);
    assert.equal(await store.getText(request), JSON.stringify(a1), request);
    assert.deepEqual(still(await store.metadata(request)), metadata, request);
    assert.equal(await store.has(request), true, request);
    const entry = await store.entry(request);
    assert.deepEqual(entry?.value, a1);
    assert.deepEqual(still(entry?.metadata), metadata);
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
  const calls: Promise<unknown>[] = [
    store.get("none", must),
    store.getText("none", must),
    store.entry("none", must),
  ];
  const refused = { code: "NOT_FOUND", key: "none" };
  await Promise.all(calls.map((call) => assert.rejects(call, refused)));
});

each("the tier tells where a value came from", async (open) => {
  const first = await open();
  await first.put(a1, { durable: true });
  assert.equal((await first.entry("http://x/A"))?.tier, "memory");
  // What is required is never undefined, for the compiler too.
  const required = { require: true } as const;
  assert.equal((await first.entry("http://x/A", required)).tier, "memory");
  assert.equal((await first.get<{ url: string }>("http://x/A", required)).url, "http://x/A");
  assert.equal((await first.getText("http://x/A", required)).at(0), "{");
  assert.equal(
    (await first.getMany<{ url: string }>(["http://x/A"], required))[0]?.url,
    "http://x/A",
  );
  const second = await open({ resolver: async () => b });
  const durable = (await second.stats()).adapter !== undefined;
  if (durable) assert.equal((await second.entry("http://x/A"))?.tier, "disk");
  assert.equal((await second.entry("http://y/B"))?.tier, "network");
  assert.equal((await second.entry("http://y/B"))?.tier, "memory");
  assert.equal((await second.metadata("http://y/B"))?.origin, "resolver");
});

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
  assert.equal(stats.tiers.memory.hits + stats.tiers.disk.hits, 2);
  assert.equal(stats.tiers.network.hits, 0);
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
