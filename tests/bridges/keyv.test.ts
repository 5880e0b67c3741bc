/** The bridge to Keyv: keys, values, times and namespaces, with the real Keyv of both versions. */

import assert from "node:assert/strict";
import { test } from "node:test";
import Keyv5 from "keyv";
import { Keyv as Keyv6 } from "keyv6";
import { keyvAdapter } from "../../dist/bridges/keyv.js";
import { SchemaStoreError } from "../../dist/errors.js";
import { openSchemaStore } from "../../dist/index.node.js";
import type { SchemaStore } from "../../dist/store.js";
import type { StoreOptions } from "../../dist/types.js";

const KEYS = [
  "plain",
  "",
  " spaced\tkey\n",
  "http://hl7.org/fhir/Patient|4.0.1#frag?q=1&b=2",
  "100%25",
  "\u0000\u0085\u3000\ufeff",
  "\u00e9 and e\u0301",
  "__proto__",
  "\u{1f600}",
];

async function withStore(
  use: (store: SchemaStore) => Promise<void>,
  options: StoreOptions = {},
): Promise<void> {
  const store = await openSchemaStore({ strategy: "memory", ...options });
  try {
    await use(store);
  } finally {
    await store.close();
  }
}

test("keys of any kind stay apart, and come back as they were", async () => {
  await withStore(async (store) => {
    const adapter = keyvAdapter(store);
    for (const key of KEYS) await adapter.set(key, `value of ${key}`);
    assert.equal(await store.size(), KEYS.length);
    for (const key of KEYS) assert.equal(await adapter.get(key), `value of ${key}`);
    const listed: string[] = [];
    for await (const [key] of adapter.iterator()) listed.push(key);
    assert.deepEqual(listed.sort(), [...KEYS].sort());
    const values = await adapter.getMany(["absent", ...KEYS, "absent"]);
    assert.deepEqual(
      values.slice(1, -1),
      KEYS.map((key) => `value of ${key}`),
    );
    assert.deepEqual([values.at(0), values.at(-1)], [undefined, undefined]);
  });
});

test("values of any kind come back; what is no JSON is refused", async () => {
  await withStore(async (store) => {
    const adapter = keyvAdapter(store);
    const values = [null, false, 0, "", "text", [1, [2]], { url: "x", version: "1", value: {} }];
    for (const value of values) {
      await adapter.set("key", value);
      assert.deepEqual(await adapter.get("key"), value);
    }
    assert.equal(await store.size(), 1, "a member `version` of a value makes no other entry");
    for (const value of [undefined, 1n, new Map(), Number.NaN]) {
      await assert.rejects(adapter.set("key", value), { code: "INVALID_VALUE" });
    }
    assert.deepEqual(await adapter.get("key"), values.at(-1));
    await assert.rejects(adapter.get("\ud800"), { code: "INVALID_KEY" });
  });
});

test("the time to live is exact to the millisecond, in the store as well", async () => {
  let now = 1_800_000_000_000;
  await withStore(
    async (store) => {
      const adapter = keyvAdapter(store);
      await adapter.set("short", 1, 1001);
      await adapter.set("none", 1);
      assert.equal((await store.metadata("urn:keyv:short"))?.expiresAt, now + 1001);
      now += 1000;
      assert.equal(await adapter.has("short"), true);
      now += 1;
      assert.equal(await adapter.has("short"), false);
      assert.deepEqual(await adapter.getMany(["short", "none"]), [undefined, 1]);
    },
    { now: () => now },
  );
});

test("no time to live is what Keyv takes for none", async () => {
  await withStore(async (store) => {
    const keyv = new Keyv5({ store: keyvAdapter(store), throwOnErrors: true });
    const adapter = keyvAdapter(store);
    for (const ttl of [0, Number.POSITIVE_INFINITY]) {
      await adapter.set("own", 1, ttl);
      assert.equal(await adapter.get("own"), 1);
      await keyv.set("key", "value", ttl);
      assert.equal(await keyv.get("key"), "value");
      assert.equal((await store.metadata("urn:keyv:keyv:key"))?.expiresAt, undefined);
    }
    for (const ttl of [-1, Number.NaN]) {
      await assert.rejects(adapter.set("own", 1, ttl), { code: "INVALID_VALUE" });
    }
  });
});

test("clear and the iterator find what comes without its namespace, and nothing else", async () => {
  const all = async (keyv: Keyv5) => {
    const found: string[] = [];
    for await (const [key] of keyv.iterator?.({}) ?? []) found.push(key);
    return found.sort();
  };
  for (const namespace of [undefined, "own", "own x%|#"]) {
    await withStore(async (store) => {
      const options = { ...(namespace !== undefined && { namespace }), throwOnErrors: true };
      const bare = new Keyv5({ ...options, store: keyvAdapter(store), useKeyPrefix: false });
      const named = new Keyv5({ store: keyvAdapter(store), namespace: "named" });
      const other = new Keyv5({ ...options, store: keyvAdapter(store), useKeyPrefix: false });
      other.namespace = "other";
      const prefix = "http://example.org/";
      const elsewhere = new Keyv5({ ...options, store: keyvAdapter(store, { prefix }) });
      await store.put({ url: "http://example.org/Tea" }, { tags: ["keyv namespace own"] });
      await Promise.all([named, other, elsewhere].map((keyv) => keyv.set("key of another", 1)));
      await bare.set("key", "value");
      await bare.set(`${bare.namespace}:key`, "value");
      await bare.set("again", 1);
      await bare.set("again", 2, 60_000);
      assert.deepEqual(await all(bare), ["again", "key", `${bare.namespace}:key`].sort());
      // Not by what was seen, but by what is stored.
      const fresh = new Keyv5({ ...options, store: keyvAdapter(store), useKeyPrefix: false });
      await fresh.clear();
      assert.deepEqual(await bare.get(["again", "key"]), [undefined, undefined]);
      assert.deepEqual(await all(bare), []);
      for (const keyv of [named, other, elsewhere]) {
        assert.deepEqual(
          [await keyv.get("key of another"), await all(keyv)],
          [1, ["key of another"]],
        );
      }
      assert.equal(await store.has("http://example.org/Tea"), true);
    });
  }
});

test("an entry that came without its namespace is of the one that set it last", async () => {
  await withStore(async (store) => {
    const [one, two] = ["one", "two"].map(
      (namespace) => new Keyv5({ store: keyvAdapter(store), namespace, useKeyPrefix: false }),
    ) as [Keyv5, Keyv5];
    await one.set("key", 1);
    await two.set("key", 2);
    await one.clear();
    assert.equal(await one.get("key"), 2);
    await two.clear();
    assert.equal(await one.get("key"), undefined);
  });
});

test("a key of another namespace that begins like one of this namespace is the other's", async () => {
  await withStore(async (store) => {
    const [a, b] = ["a", "b"].map(
      (namespace) => new Keyv5({ store: keyvAdapter(store), namespace, useKeyPrefix: false }),
    ) as [Keyv5, Keyv5];
    await a.set("k", 1);
    await a.set("a:k", 1);
    await b.set("a:z", 2);
    await b.set("k2", 2);
    const keysOf = async (keyv: Keyv5) => {
      const found: string[] = [];
      for await (const [key] of keyv.iterator?.({}) ?? []) found.push(key);
      return found.sort();
    };
    assert.deepEqual(await keysOf(a), ["a:k", "k"]);
    assert.deepEqual(await keysOf(b), ["a:z", "k2"]);
    await a.clear();
    assert.deepEqual([await keysOf(a), await keysOf(b)], [[], ["a:z", "k2"]]);
    await b.clear();
    assert.equal(await store.size(), 0);
  });
});

test("without a namespace, clear deletes all that has the prefix", async () => {
  await withStore(async (store) => {
    const prefixed = new Keyv5({ store: keyvAdapter(store) });
    const adapter = keyvAdapter(store);
    const bare = new Keyv5({ store: adapter, useKeyPrefix: false });
    // As Keyv's own documentation turns namespaces off.
    adapter.namespace = undefined;
    const plain = new Keyv5({ store: keyvAdapter(store), namespace: "" });
    for (const keyv of [bare, plain]) {
      await store.put({ url: "http://example.org/Tea" });
      await Promise.all([prefixed, bare, plain].map((one) => one.set("key", "value")));
      await keyv.clear();
      assert.equal(await store.size(), 1);
    }
  });
});

test("what is deleted while an iterator runs is left out", async () => {
  await withStore(async (store) => {
    const adapter = keyvAdapter(store);
    const keys = Array.from({ length: 250 }, (_, n) => `key${String(n).padStart(3, "0")}`);
    for (const key of keys) await adapter.set(key, key);
    const entries = adapter.iterator();
    const found = [(await entries.next()).value];
    // None of them is read yet.
    const gone = keys.filter((_, n) => n >= 150 && n % 2 === 0);
    for (const key of gone) await adapter.delete(key);
    for await (const entry of entries) found.push(entry);
    const left = keys.filter((key) => !gone.includes(key));
    const expected = left.map((key) => [key, key]);
    assert.deepEqual(found, expected);
  });
});

test("the resolver is not asked for keys, and other entries are left alone", async () => {
  const asked: string[] = [];
  const resolver = async (url: string) => {
    asked.push(url);
    return undefined;
  };
  await withStore(
    async (store) => {
      await store.put({ url: "http://example.org/Tea" });
      await store.put({ url: "urn:keyv:100%" });
      const keyv = new Keyv5({ store: keyvAdapter(store) });
      assert.equal(await keyv.get("absent"), undefined);
      assert.deepEqual(await keyv.get(["absent", "too"]), [undefined, undefined]);
      const other = keyvAdapter(store, { prefix: "http://example.org/keyv/" });
      await other.set("key", "other");
      await keyv.set("key", "own");
      await other.clear();
      assert.equal(await keyv.get("key"), "own");
      // Keyv 5 has a namespace of its own, "keyv".
      for await (const [key] of keyvAdapter(store).iterator()) assert.equal(key, "keyv:key");
      await keyv.clear();
      assert.deepEqual(
        (await store.list()).map(({ url }) => url),
        ["http://example.org/Tea", "urn:keyv:100%"],
      );
    },
    { resolver },
  );
  assert.deepEqual(asked, []);
});

test("a prefix that cannot begin a URL is refused", async () => {
  await withStore(async (store) => {
    for (const prefix of ["", "a b", "a|b", "a#", "a%20", "\ud800", 1 as unknown as string]) {
      assert.throws(
        () => keyvAdapter(store, { prefix }),
        (error) => error instanceof SchemaStoreError && error.code === "INVALID_CONFIG",
      );
    }
  });
});

test("disconnect makes what was set durable and leaves the store open", async () => {
  await withStore(async (store) => {
    const keyv = new Keyv5({ store: keyvAdapter(store) });
    await keyv.set("key", "value");
    await keyv.disconnect();
    assert.equal(await keyv.get("key"), "value");
  });
});

test("Keyv 6: values, times and namespaces on one adapter", async () => {
  await withStore(async (store) => {
    const adapter = keyvAdapter(store);
    const [one, two] = ["one", "two"].map((namespace) => new Keyv6({ store: adapter, namespace }));
    assert.ok(one && two);
    const errors: unknown[] = [];
    for (const keyv of [one, two]) keyv.on("error", (error: unknown) => errors.push(error));
    const value = { name: "Tea", parts: [1, null, ":x"], bytes: Buffer.from("tea") };
    assert.equal(await one.set("a key", value), true);
    assert.deepEqual(await one.get("a key"), value);
    assert.equal(await two.get("a key"), undefined);
    assert.deepEqual(
      await two.setMany([
        { key: "1", value: 1 },
        { key: "2", value: 2, ttl: 20 },
      ]),
      [true, true],
    );
    assert.deepEqual(await two.hasMany(["1", "3"]), [true, false]);
    await new Promise((resolve) => setTimeout(resolve, 30));
    assert.deepEqual(await two.getMany(["1", "2"]), [1, undefined]);
    const listed: unknown[] = [];
    for await (const entry of one.iterator()) listed.push(entry);
    assert.deepEqual(listed, [["a key", value]]);
    await two.clear();
    assert.deepEqual(await one.get("a key"), value);
    assert.equal(await two.has("1"), false);
    assert.deepEqual(await one.deleteMany(["a key", "absent"]), [true, false]);
    assert.deepEqual(errors, []);
  });
});
