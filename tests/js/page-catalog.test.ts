/** What the page takes a canonical for is what the store answers to it. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { openStore } from "./kit.js";

// Of the page, which is plain JavaScript.
const { catalogOf } = await import(new URL("../../www/catalog.js", import.meta.url).href);

test("of several versions and sources the page means the one the store means", async () => {
  const store = await openStore();
  const rows = [
    ["http://x/two", "9.0.0", "p#1.0.0"],
    ["http://x/two", "10.0.0", "p#1.0.0"],
    ["http://x/two", "10.0.0-ballot", "p#1.0.0"],
    ["http://x/sources", "1.0.0", "p#2.0.0"],
    ["http://x/sources", "1.0.0", "p#10.0.0"],
    ["http://x/mine", "1.0.0", "p#1.0.0"],
    ["http://x/mine", "1.0.0", ""],
    ["http://x/none", "", ""],
    ["http://x/none", "1.0.0", "p#1.0.0"],
    ["http://x/one", "1.0.0", "p#1.0.0"],
  ] as const;
  for (const [url, version, source] of rows) {
    await store.put({ url, name: `${version} ${source}` }, { source, version });
  }
  const catalog = await catalogOf(store);
  assert.equal(catalog.entries.length, rows.length);
  for (const { url, canonical } of await store.list()) {
    for (const request of [url, canonical, `${canonical}#part`]) {
      assert.deepEqual(catalog.resolve(request)?.metadata, await store.metadata(request), request);
    }
  }
  assert.equal(catalog.resolve("http://x/two").metadata.version, "10.0.0");
  assert.equal(catalog.resolve("http://x/mine|1.0.0").metadata.source, undefined);
  assert.equal(catalog.resolve("http://x/absent"), undefined);
});
