/** What becomes of the strings that callers have as keys: `tests/browser/key-strings.test.ts` says why. */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { savePackage } from "../../dist/convert/index.js";
import { openSchemaStore } from "../../dist/index.node.js";
import { keysFor, MARK, type Uses, useKeys } from "./key-calls.js";
import { definition, packageOf } from "./made-packages.js";

const parent = mkdtempSync(join(tmpdir(), "fhir-schema-store-keys-"));
after(() => rmSync(parent, { recursive: true, force: true }));

test("no call hands a key to a text encoder", async (context) => {
  const keys = keysFor("put", "putMany", "update", "asked", "listed") as Uses;
  const archive = await packageOf("p", { "a.json": definition(`${MARK}packed`, "one", "1.0.0") });
  const encoded: string[] = [];
  for (const name of ["encode", "encodeInto"] as const) {
    const original = TextEncoder.prototype[name] as (...given: unknown[]) => unknown;
    context.mock.method(TextEncoder.prototype, name, function (this: unknown, ...given: unknown[]) {
      encoded.push(String(given[0]));
      return Reflect.apply(original, this, given);
    });
  }
  const open = () => openSchemaStore({ diskCacheDir: join(parent, "store"), maxEntries: 18 });
  const given = await useKeys(keys, { open, savePackage, archive });
  assert.ok(encoded.length > 0, "what an encoder gets is seen");
  const isKey = (text: string) => text.startsWith(MARK) && !text.endsWith("\0");
  assert.deepEqual(encoded.filter(isKey), []);
  assert.ok(given.includes(`${MARK}packed|1.0.0`), "the package was saved");
});

test("keys of every alphabet are told apart, whatever their length", async () => {
  const store = await openSchemaStore({ strategy: "memory" });
  const letters = ["a", "\u007f", "\u0080", "\u00e9", "\u07ff", "\u0800", "\u65e5", "\uffff"];
  const astral = ["\u{10000}", "\u{1f600}", "\u{10ffff}"];
  // Around the lengths from which strings are passed another way.
  const lengths = [1, 2, 12, 13, 127, 128, 129, 200];
  const keys = lengths.flatMap((length) =>
    [...letters, ...astral].flatMap((letter) => {
      const rest = "x".repeat(length - 1);
      return [`u:${letter}${rest}`, `u:${rest}${letter}`, `${letter}${rest}`].map(
        (url) => `${url}${length}`,
      );
    }),
  );
  const urls = [...new Set(keys)];
  await store.putMany(urls.map((url) => ({ value: { url } })));
  assert.equal(await store.size(), urls.length);
  for (const url of urls) {
    assert.deepEqual(await store.get(url), { url });
    assert.equal((await store.metadata(url))?.canonical, url);
    assert.equal((await store.list({ urlPrefix: url })).at(0)?.url, url);
  }
  assert.deepEqual(
    (await store.list()).map(({ url }) => url).sort(),
    [...urls].sort(),
    "as they were put",
  );
  for (const lone of ["\ud800", "\udfff", "\ude00\ud83d"]) {
    for (const key of [`u:${lone}`, `${"x".repeat(200)}${lone}`]) {
      await assert.rejects(store.get(key), { code: "INVALID_KEY" });
      await assert.rejects(store.put({ url: key }), { code: "INVALID_KEY" });
    }
  }
  await store.close();
});
