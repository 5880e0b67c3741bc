/** Values, texts and bytes that are no entry; and strange ones that are. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { SchemaStore } from "../../dist/store.js";
import { cycle, kept, table } from "./bad-table.js";
import { openStore } from "./kit.js";

function nested(depth: number): object {
  let value: object = {};
  for (let level = 1; level < depth; level += 1)
    value = level % 2 ? { in: value } : { in: [value] }.in;
  return value;
}

class Patient {
  url = "u";
}

const sparse = [1, 2];
sparse.length = 4;

table("texts that are no entry", {
  "not JSON": [(store) => store.putText('{"url": "u"'), "SERIALIZATION", /text is not JSON/],
  empty: [(store) => store.putText(""), "SERIALIZATION", /not JSON/],
  "a trailing comma": [(store) => store.putText('{"url":"u",}'), "SERIALIZATION", /not JSON/],
  "a byte order mark": [(store) => store.putText('\ufeff{"url":"u"}'), "SERIALIZATION", /not JSON/],
  "an array": [
    (store) => store.putText('[{"url":"u"}]'),
    "INVALID_VALUE",
    /JSON but not an object/,
  ],
  "a number": [(store) => store.putText("5"), "INVALID_VALUE", /JSON but not an object/],
  "a string": [(store) => store.putText('"url"'), "INVALID_VALUE", /JSON but not an object/],
  null: [(store) => store.putText("null"), "INVALID_VALUE", /JSON but not an object/],
  "a raw lone surrogate": [
    (store) => store.putText('{"url":"u","x":"\ud800"}'),
    "INVALID_VALUE",
    /well-formed/,
  ],
  "no text at all": [
    (store) => store.putText(undefined as unknown as string),
    "INVALID_VALUE",
    /string/,
  ],
  "10,000 deep": [
    (store) => store.putText(`{"url":"u","x":${"[".repeat(10_000)}${"]".repeat(10_000)}}`),
    "INVALID_VALUE",
    /deeper than 512/,
  ],
  "bytes that are not UTF-8": [
    (store) => store.putBytes(Uint8Array.of(0x7b, 0xc3, 0x28)),
    "SERIALIZATION",
    /UTF-8/,
  ],
  "bytes that are none": [
    (store) => store.putBytes("{}" as unknown as Uint8Array),
    "SERIALIZATION",
    /bytes/,
  ],
  "too large": [
    (store) => store.putText(JSON.stringify({ url: "u", x: "x".repeat(8192) })),
    "ENTRY_TOO_LARGE",
    /maxEntryBytes of 8192/,
  ],
  "an item without anything": [
    (store) => store.putMany([{}]),
    "INVALID_VALUE",
    /no value, text or bytes/,
  ],
});

table("values that JSON cannot hold", {
  undefined: [
    (store) => store.put(undefined as unknown as object),
    "INVALID_VALUE",
    /undefined, not an object/,
  ],
  null: [(store) => store.put(null as unknown as object), "INVALID_VALUE", /null, not an object/],
  "a text": [(store) => store.put("u" as unknown as object), "INVALID_VALUE", /not an object/],
  "an array": [(store) => store.put([{ url: "u" }]), "INVALID_VALUE", /array/],
  "a function": [
    (store) => store.put((() => {}) as unknown as object),
    "INVALID_VALUE",
    /not an object/,
  ],
  "an undefined member": [
    (store) => store.put({ url: "u", a: { b: undefined } }),
    "INVALID_VALUE",
    /value\.a\.b is undefined/,
  ],
  NaN: [(store) => store.put({ url: "u", n: Number.NaN }), "INVALID_VALUE", /value\.n is NaN/],
  Infinity: [
    (store) => store.put({ url: "u", n: [Number.POSITIVE_INFINITY] }),
    "INVALID_VALUE",
    /value\.n\.0 is Infinity/,
  ],
  "-0": [(store) => store.put({ url: "u", n: -0 }), "INVALID_VALUE", /-0/],
  BigInt: [(store) => store.put({ url: "u", n: 1n }), "INVALID_VALUE", /BigInt/],
  "a Date": [
    (store) => store.put({ url: "u", d: new Date(0) }),
    "INVALID_VALUE",
    /value\.d is a Date/,
  ],
  "a Map": [(store) => store.put({ url: "u", m: new Map() }), "INVALID_VALUE", /value\.m is a Map/],
  bytes: [(store) => store.put({ url: "u", m: new Uint8Array(1) }), "INVALID_VALUE", /Uint8Array/],
  "a class instance": [(store) => store.put(new Patient()), "INVALID_VALUE", /value is a Patient/],
  "a function inside": [
    (store) => store.put({ url: "u", f() {} }),
    "INVALID_VALUE",
    /value\.f is a function/,
  ],
  "a symbol": [
    (store) => store.put({ url: "u", s: Symbol("s") }),
    "INVALID_VALUE",
    /value\.s is a symbol/,
  ],
  "a symbol as a key": [
    (store) => store.put({ url: "u", [Symbol("s")]: 1 }),
    "INVALID_VALUE",
    /symbol as a key/,
  ],
  "a sparse array": [
    (store) => store.put({ url: "u", a: sparse }),
    "INVALID_VALUE",
    /value\.a\.2 is undefined/,
  ],
  "an array with a member": [
    (store) => store.put({ url: "u", a: Object.assign([1], { more: 2 }) }),
    "INVALID_VALUE",
    /value\.a has a member more/,
  ],
  "a cycle": [(store) => store.put(cycle()), "INVALID_VALUE", /contains itself/],
  "10,000 deep": [
    (store) => store.put({ url: "u", x: nested(10_000) }),
    "INVALID_VALUE",
    /deeper than 512/,
  ],
  "too large": [(store) => store.put({ url: "u", x: "x".repeat(8192) }), "ENTRY_TOO_LARGE", /8192/],
  "from an update": [
    (store) => store.update("kept", () => cycle()),
    "INVALID_VALUE",
    /contains itself/,
  ],
  "an update to another url": [
    (store) => store.update("kept", () => ({ url: "other" })),
    "INVALID_KEY",
    /other/,
  ],
});

const TEXTS = "name title description type kind derivation base status fhirVersion converter etag";
const lone = /lone surrogates/;
const alone = (refused: (store: SchemaStore) => unknown) =>
  [refused, "INVALID_VALUE", lone] as const;

table("texts beside an entry that UTF-8 cannot hold", {
  ...Object.fromEntries(
    TEXTS.split(" ").map((option) => [
      option,
      alone((store) => store.put({ url: "u" }, { [option]: "a\ud800" })),
    ]),
  ),
  "of an item": alone((store) => store.putMany([{ value: { url: "u" }, title: "\udc00" }])),
  "of an update": alone((store) => store.update("kept", () => kept, { name: "\udfffx" })),
  "a tag": alone((store) => store.put({ url: "u" }, { tags: ["a", "t\udfff"] })),
  "a tag of a conversion": alone((store) => store.convert({ url: "u" }, { tags: ["\ud800"] })),
  "a dependency": [
    (store) => store.put({ url: "u" }, { dependencies: [{ kind: "base", target: "b\ud800" }] }),
    "INVALID_VALUE",
    /dependencies/,
  ],
  ...Object.fromEntries(
    ["urlPrefix", "package", "type", "tag"].flatMap((member) => [
      [`list by ${member}`, alone((store) => store.list({ [member]: "kept\ud800" }))],
      [`clear by ${member}`, alone((store) => store.clear({ [member]: "kept\ud800" }))],
    ]),
  ),
});

test("a lone surrogate that JSON escapes is told of as it is stored", async () => {
  for (const strategy of ["memory", "disk"] as const) {
    await using store = await openStore({ strategy });
    const value = { url: "u", name: "a\ud800" };
    assert.equal((await store.put(value)).name, "a\ufffd");
    assert.equal((await store.metadata("u"))?.name, "a\ufffd");
    assert.deepEqual(await store.get("u"), value);
    const definition = {
      resourceType: "StructureDefinition",
      url: "d",
      kind: "logical",
      type: "T",
      differential: { element: [{ path: "T" }] },
    };
    const { metadata } = await store.convert({ ...definition, title: "\udc00x" });
    assert.equal(metadata.title, "\ufffdx");
  }
});

test("members called __proto__ are data like any other", async () => {
  const store = await openStore({ strategy: "memory" });
  const text =
    '{"url":"u","__proto__":{"polluted":1},"a":{"__proto__":[]},"constructor":{"prototype":{}}}';
  await store.put(JSON.parse(text));
  assert.equal(await store.getText("u"), text);
  const value = await store.get("u");
  assert.equal(JSON.stringify(value), text);
  assert.equal(Object.getPrototypeOf(value), Object.prototype);
  assert.equal(({} as { polluted?: number }).polluted, undefined);
  await store.update("u", (current) => current);
  assert.equal(await store.getText("u"), text);
  await store.close();
});

test("depth 512 and 4096 bytes of key are allowed", async () => {
  const store = await openStore({ strategy: "memory" });
  const url = "x".repeat(4096);
  const deep = { url, in: nested(511) };
  await store.put(deep);
  assert.deepEqual(await store.get(url), deep);
  await assert.rejects(store.put({ url: "u", in: nested(512) }), { code: "INVALID_VALUE" });
  await store.close();
});

test("a refusal names the entry it is about, wherever that can be made out", async () => {
  const [url, key] = ["http://x/T", "http://x/T|1"];
  const T = { url, version: "1" };
  const text = new TextEncoder();
  const throwing = {
    ...T,
    get a() {
      throw new Error("no");
    },
  };
  const cases: Record<string, readonly [(store: SchemaStore) => unknown, string]> = {
    "a member": [(store) => store.put({ ...T, a: Number.NaN }), key],
    "a member of an item": [(store) => store.putMany([{ value: { ...T, a: Number.NaN } }]), key],
    depth: [(store) => store.put({ ...T, deep: nested(600) }), key],
    "depth of a text": [(store) => store.putText(JSON.stringify({ ...T, deep: nested(600) })), key],
    "a getter": [(store) => store.put(throwing), key],
    "a text": [(store) => store.putText("[]", { url }), url],
    "a surrogate": [(store) => store.putText("\ud800", { url }), url],
    bytes: [(store) => store.putBytes(text.encode("[]"), { url }), url],
    "bytes that are no text": [(store) => store.putBytes(Uint8Array.of(0xff), { url }), url],
    "an item without anything": [(store) => store.putMany([{ url }]), url],
    "an update": [(store) => store.update(url, () => 5 as unknown as object), url],
    "an update of a member": [(store) => store.update(url, () => ({ ...T, a: 1n })), key],
    "a definition": [(store) => store.convert({ resourceType: "Patient", url }), url],
  };
  await using store = await openStore();
  for (const [what, [call, named]] of Object.entries(cases)) {
    await assert.rejects(async () => call(store), { name: "SchemaStoreError", key: named }, what);
  }
});
