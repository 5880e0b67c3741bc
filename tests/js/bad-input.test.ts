/**
 * Bad input, one table per place it can come in by. Each case must fail with exactly its code, name
 * what was wrong, and leave the store usable with everything that was in it.
 */

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { openPackage } from "../../dist/convert/index.js";
import { openSchemaStore } from "../../dist/index.node.js";
import type { SchemaStore } from "../../dist/store.js";
import type { StoreOptions } from "../../dist/types.js";
import { openStore } from "./kit.js";

/** Code, and what the message must tell. */
type Refusal = readonly [code: string, message: RegExp];

const kept = { url: "kept", version: "1", n: 1 };

/** Runs a table on a store with one entry in it, which must survive every case. */
function table(
  title: string,
  cases: Record<string, readonly [(store: SchemaStore) => unknown, ...Refusal]>,
) {
  for (const strategy of ["memory", "memory-disk", "disk"] as const) {
    test(`${strategy}: ${title}`, async () => {
      const store = await openStore({ strategy, maxEntryBytes: 8192 });
      await store.put(kept);
      for (const [name, [call, code, message]] of Object.entries(cases)) {
        await assert.rejects(async () => call(store), refusal(name, [code, message]), name);
        assert.deepEqual(await store.get("kept"), kept, name);
        assert.equal(await store.size(), 1, name);
      }
      await store.put({ url: "new" });
      await store.flush();
      assert.equal(await store.size(), 2);
      assert.equal(store.health().ok, true);
      await store.close();
    });
  }
}

function refusal(name: string, [code, message]: Refusal) {
  return (error: Error & { code?: string }) => {
    assert.equal(error.name, "SchemaStoreError", `${name}: ${error.stack}`);
    assert.equal(error.code, code, `${name}: ${error.message}`);
    assert.match(error.message, message, name);
    return true;
  };
}

function nested(depth: number): object {
  let value: object = {};
  for (let level = 1; level < depth; level += 1)
    value = level % 2 ? { in: value } : { in: [value] }.in;
  return value;
}

function cycle(): object {
  const value: { url: string; list: unknown[] } = { url: "u", list: [] };
  value.list.push({ back: value });
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
  "an array": [(store) => store.putText('[{"url":"u"}]'), "INVALID_VALUE", /no object/],
  "a number": [(store) => store.putText("5"), "INVALID_VALUE", /no object/],
  "a string": [(store) => store.putText('"url"'), "INVALID_VALUE", /no object/],
  null: [(store) => store.putText("null"), "INVALID_VALUE", /no object/],
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
  "a cycle": [(store) => store.put(cycle()), "INVALID_VALUE", /holds itself/],
  "10,000 deep": [
    (store) => store.put({ url: "u", x: nested(10_000) }),
    "INVALID_VALUE",
    /deeper than 512/,
  ],
  "too large": [(store) => store.put({ url: "u", x: "x".repeat(8192) }), "ENTRY_TOO_LARGE", /8192/],
  "from an update": [
    (store) => store.update("kept", () => cycle()),
    "INVALID_VALUE",
    /holds itself/,
  ],
  "an update to another url": [
    (store) => store.update("kept", () => ({ url: "other" })),
    "INVALID_KEY",
    /other/,
  ],
});

const badUrls: Record<string, readonly [unknown, RegExp]> = {
  "no url": [undefined, /no url/],
  "a number": [5, /url 5 is no string/],
  null: [null, /url|canonical/],
  "an object": [{ a: 1 }, /no string/],
  empty: ["", /empty/],
  "white space inside": ["a b", /white space/],
  "white space around": [" a", /white space/],
  "a line break": ["a\nb", /white space/],
  "a lone surrogate": ["a\ud800", /lone surrogate/],
  "a bar": ["a|1", /\| or #/],
  "a hash": ["a#b", /\| or #/],
  "over 4 KB": ["x".repeat(4097), /4096 bytes/],
  "over 4 KB of UTF-8": ["\u00e9".repeat(2049), /4096 bytes/],
};

table(
  "urls that name nothing",
  Object.fromEntries(
    Object.entries(badUrls).flatMap(([name, [url, message]]) => [
      [
        `put, ${name}`,
        [
          (store: SchemaStore) => store.put({ ...(url !== undefined && { url }) }),
          "INVALID_KEY",
          message,
        ],
      ],
      [
        `putText, ${name}`,
        [
          (store: SchemaStore) =>
            store.putText(JSON.stringify({ url }).replaceAll("\\ud800", "\\uD800")),
          "INVALID_KEY",
          message,
        ],
      ],
      ...(typeof url === "string"
        ? [
            [
              `option, ${name}`,
              [(store: SchemaStore) => store.put({}, { url }), "INVALID_KEY", message] as const,
            ] as const,
          ]
        : []),
    ]),
  ),
);

table("versions, sources and metadata of the wrong kind", {
  "version, a number": [
    (store) => store.put({ url: "u", version: 1 }),
    "INVALID_KEY",
    /version 1 is no string/,
  ],
  "version with white space": [
    (store) => store.put({ url: "u", version: "1 0" }),
    "INVALID_KEY",
    /white space/,
  ],
  "version with a bar": [
    (store) => store.put({ url: "u", version: "1|0" }),
    "INVALID_KEY",
    /\| or #/,
  ],
  "source, a number": [
    (store) => store.put({ url: "u" }, { source: 5 as unknown as string }),
    "INVALID_KEY",
    /source 5/,
  ],
  "source, far too long": [
    (store) => store.put({ url: "u" }, { source: "s".repeat(5000) }),
    "INVALID_KEY",
    /source/,
  ],
  "tags, a text": [
    (store) => store.put({ url: "u" }, { tags: "t" as unknown as string[] }),
    "INVALID_VALUE",
    /tags/,
  ],
  "tags, numbers": [
    (store) => store.put({ url: "u" }, { tags: [5] as unknown as string[] }),
    "INVALID_VALUE",
    /tags/,
  ],
  "an unknown origin": [
    (store) => store.put({ url: "u" }, { origin: "space" as "user" }),
    "INVALID_VALUE",
    /origin/,
  ],
  "a short source hash": [
    (store) => store.put({ url: "u" }, { sourceHash: "abc" }),
    "INVALID_VALUE",
    /sourceHash|hash/,
  ],
  "a dependency without target": [
    (store) => store.put({ url: "u" }, { dependencies: [{ kind: "base" }] as never }),
    "INVALID_VALUE",
    /dependencies/,
  ],
  "ttlHours 0": [
    (store) => store.put({ url: "u" }, { ttlHours: 0 }),
    "INVALID_VALUE",
    /ttlHours is 0/,
  ],
  "a hash nobody has": [(store) => store.put(kept, { ifHash: "00" }), "CONCURRENCY", /not 00/],
  "convert, no JSON": [
    (store) => store.convert("{"),
    "SERIALIZATION",
    /StructureDefinition is not JSON/,
  ],
  "convert, another resource": [
    (store) => store.convert({ resourceType: "Patient", id: "p" }),
    "INVALID_VALUE",
    /p is a Patient/,
  ],
  "convert, no url": [
    (store) => store.convert({ resourceType: "StructureDefinition", id: "sd" }),
    "INVALID_KEY",
    /sd has no url/,
  ],
  "convert, a cycle": [(store) => store.convert(cycle()), "INVALID_VALUE", /no plain data/],
  "convert, null": [
    (store) => store.convert(null as unknown as object),
    "INVALID_VALUE",
    /StructureDefinition/,
  ],
});

const badKeys: Record<string, unknown> = {
  empty: "",
  blank: "  ",
  "a bar alone": "|1",
  "a fragment alone": "#x",
  "white space inside": "a b",
  "white space in the version": "a|1 0",
  "a lone surrogate": "a\udfff",
  "over 4 KB": "x".repeat(5000),
  "a number": 5,
  undefined: undefined,
  null: null,
  "an object": {},
};

const keyed: Record<string, (store: SchemaStore, key: string) => unknown> = {
  get: (store, key) => store.get(key),
  "get with a signal": (store, key) => store.get(key, { signal: new AbortController().signal }),
  getSync: (store, key) => store.getSync(key),
  getText: (store, key) => store.getText(key),
  getMany: (store, key) => store.getMany(["kept", key]),
  entry: (store, key) => store.entry(key),
  metadata: (store, key) => store.metadata(key),
  has: (store, key) => store.has(key),
  update: (store, key) => store.update(key, () => kept),
  delete: (store, key) => store.delete(key),
  watch: (store, key) => store.watch(key, () => {}),
};

for (const [method, call] of Object.entries(keyed)) {
  table(
    `${method} with a bad key`,
    Object.fromEntries(
      Object.entries(badKeys).map(([name, key]) => [
        name,
        [(store: SchemaStore) => call(store, key as string), "INVALID_KEY", /canonical/],
      ]),
    ),
  );
}

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

const badOptions: Record<string, readonly unknown[]> = {
  strategy: ["Memory", "", 1, null, ["memory"]],
  memoryLimitMb: [0, -1, 4001, 1.5, Number.NaN, "256", null, 256n],
  maxEntries: [0, 1_000_001, 2.5, Number.POSITIVE_INFINITY, "1"],
  maxEntryBytes: [1023, 268_435_457, "4096", Number.NaN],
  maxCatalogMb: [0, 1025, {}],
  diskCacheDir: ["", 5, null],
  databaseName: ["", 5, null],
  ttlHours: [0, -1, Number.NaN, Number.POSITIVE_INFINITY, "1"],
  evictionPolicy: ["clock", "LRU", 1, null],
  values: ["freeze", true],
  durability: ["sync", false],
  adapter: ["fs", null, {}, { commit: true }],
  resolver: ["http://x", {}, null],
  converter: [{}, () => {}, "default"],
  now: [0, new Date(0), null],
  memoryLimitMB: [1],
  toString: [1],
};

test("options out of their range name option, value and range", async () => {
  for (const [name, values] of Object.entries(badOptions)) {
    for (const value of values) {
      const options = { strategy: "memory", [name]: value } as StoreOptions;
      const shown = `${name} = ${String(value)}`;
      await assert.rejects(openStore(options), (error: Error & { code?: string; key?: string }) => {
        assert.equal(error.code, "INVALID_CONFIG", `${shown}: ${error.stack}`);
        assert.equal(error.key, name, shown);
        assert.match(error.message, new RegExp(`option ${name}\\b`), shown);
        return true;
      });
    }
  }
  await assert.rejects(openStore({ memoryLimitMb: 0 }), {
    message: "option memoryLimitMb is 0, must be a whole number from 1 to 4000",
  });
  const bare = Object.create(null) as object;
  for (const value of [
    bare,
    {
      toString: () => {
        throw new Error("no");
      },
    },
  ]) {
    await assert.rejects(openStore({ values: value as never }), { code: "INVALID_CONFIG" });
  }
  for (const options of [null, 5, "memory", []]) {
    await assert.rejects(openStore(options as never), { code: "INVALID_CONFIG" });
  }
});

test("options at the ends of their ranges are taken", async () => {
  const ends: StoreOptions[] = [
    { memoryLimitMb: 1, maxEntries: 1, maxEntryBytes: 1024, maxCatalogMb: 1, ttlHours: 0.001 },
    { memoryLimitMb: 4000, maxEntries: 1_000_000, maxEntryBytes: 268_435_456, maxCatalogMb: 1024 },
  ];
  for (const options of ends) {
    const store = await openStore({ strategy: "memory", ...options });
    await store.put(kept);
    assert.deepEqual(await store.get("kept"), kept);
    await store.close();
  }
});

test("directories that are not a store are refused, and nothing falls back to memory", async () => {
  const parent = mkdtempSync(join(tmpdir(), "fss-bad-"));
  try {
    const places: Record<string, readonly [(path: string) => void, string]> = {
      file: [(path) => writeFileSync(path, "mine"), "INVALID_CONFIG"],
      "not-ours": [
        (path) => {
          mkdirSync(path);
          writeFileSync(join(path, "thesis.txt"), "mine");
        },
        "INVALID_CONFIG",
      ],
      garbage: [
        (path) => {
          mkdirSync(path);
          writeFileSync(join(path, "FORMAT"), "garbage");
        },
        "CORRUPT",
      ],
    };
    for (const [name, [make, code]] of Object.entries(places)) {
      const diskCacheDir = join(parent, name);
      make(diskCacheDir);
      await assert.rejects(
        openSchemaStore({ diskCacheDir }),
        (error: Error & { code?: string; key?: string }) => {
          assert.equal(error.code, code);
          assert.ok(`${error.message} ${error.key}`.includes(diskCacheDir), error.message);
          return true;
        },
      );
    }
    assert.equal(readFileSync(join(parent, "not-ours", "thesis.txt"), "utf8"), "mine");
  } finally {
    rmSync(parent, { recursive: true, force: true });
  }
});

test("on a full disk the write is told, the entry stays readable, and space heals it", async (context) => {
  const directory = mkdtempSync(join(tmpdir(), "fss-full-"));
  context.after(() => rmSync(directory, { recursive: true, force: true }));
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=256k", "tmpfs", directory]);
  if (mounted.status !== 0) {
    assert.notEqual(process.env["CI"], "true", `no tmpfs: ${mounted.stderr}`);
    return context.skip(`no tmpfs can be mounted: ${mounted.stderr}`);
  }
  try {
    const diskCacheDir = join(directory, "store");
    const store = await openSchemaStore({ diskCacheDir });
    await store.put(kept, { durable: true });
    const big = { url: "big", filler: "x".repeat(400_000) };
    await assert.rejects(store.put(big, { durable: true }), { code: "STORAGE_FULL" });
    assert.deepEqual(await store.get("big"), big);
    assert.deepEqual(await store.get("kept"), kept);
    assert.equal(store.health().writeError?.code, "STORAGE_FULL");
    await store.delete("big");
    await store.put({ url: "small" }, { durable: true });
    assert.equal(store.health().ok, true);
    await store.close();
    const next = await openSchemaStore({ diskCacheDir });
    assert.deepEqual(
      (await next.list()).map(({ url }) => url),
      ["kept", "small"],
    );
    assert.deepEqual(await next.get("kept"), kept);
    await next.close();
  } finally {
    execFileSync("umount", ["-l", directory]);
  }
});

test("a truncated package is refused and names itself", async () => {
  const fixture = fileURLToPath(new URL("../fixtures/us_core_311.tgz", import.meta.url));
  const bytes = readFileSync(fixture);
  for (const length of [20, bytes.length >> 1, bytes.length - 1]) {
    const name = `cut-${length}.tgz`;
    const read = async () => {
      const opened = await openPackage(bytes.subarray(0, length), { fileName: name });
      for await (const _resource of opened.resources()) void _resource;
    };
    await assert.rejects(read, (error: Error & { code?: string }) => {
      assert.ok(
        ["CORRUPT", "SERIALIZATION"].includes(error.code ?? ""),
        `${length}: ${error.stack}`,
      );
      return true;
    });
  }
});
