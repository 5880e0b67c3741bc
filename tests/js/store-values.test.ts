/** What is put comes back the same, in every way of handing out values, and after a reopening. */

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import type { SchemaStore } from "../../dist/store.js";
import type { JsonObject } from "../../dist/types.js";
import { MemoryPlace, memoryAdapter, openStore } from "./kit.js";
import { a1, a2, b, each } from "./settings.js";

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

for (const values of ["frozen", "shared", "cloned"] as const) {
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
  assert.equal((await store.convert(definition, { source: "p#1" })).converted, true);
  assert.equal((await store.convert({ ...definition, name: "T" })).converted, true);
  assert.deepEqual(await store.get("http://x/S"), { url: "http://x/S", converted: true });
  const stats = await store.stats();
  assert.equal(stats.conversions, 3);
  assert.equal(stats.conversionsSkipped, 2);
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
  }
  for (const file of files.slice(0, 20)) {
    assert.equal((await second.convert(readFileSync(folder + file))).converted, false);
  }
  await second.close();
});
