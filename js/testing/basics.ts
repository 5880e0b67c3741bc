/** What goes in comes out: rows, bodies, and how they are asked for. */

import type { HostPut, HostRow } from "../host.js";
import {
  body,
  type Case,
  commit,
  equal,
  holds,
  noise,
  ok,
  put,
  row,
  rowOf,
  sameBytes,
  store,
  utf8,
} from "./kit.js";

export const basics: Record<string, Case> = {
  "a fresh place is empty": async (place) => {
    const { adapter, opened } = await place.opened();
    ok(opened.storeId.length > 0, "the place has no storeId");
    equal(opened.damage, [], "damage of a fresh place");
    equal(await adapter.rows([utf8("a")]), [undefined], "rows");
    equal(await adapter.bodies([new Uint8Array(32)]), [undefined], "bodies");
    equal(await adapter.byUrl(["http://example.org/a"]), [], "byUrl");
    equal((await adapter.allRows()).rows, [], "allRows");
    const changes = await adapter.changes(opened.token);
    ok(changes === "reset" || changes.rows.length === 0, "there are changes already");
  },

  "asking for nothing returns nothing": async (place) => {
    const adapter = await place.open();
    equal(await adapter.rows([]), [], "rows");
    equal(await adapter.bodies([]), [], "bodies");
    equal(await adapter.byUrl([]), [], "byUrl");
  },

  "rows and bodies come back by position, misses and repetitions included": async (place) => {
    const adapter = await place.open();
    const [a, b] = [await put({ key: "a" }), await put({ key: "b" })];
    await commit(adapter, { put: [a, b] });
    const absent = utf8("absent");
    const rows = await adapter.rows([b.key, absent, a.key, b.key]);
    const answer = rows.map((found) => found && new TextDecoder().decode(found.key));
    equal(answer, ["b", undefined, "a", "b"], "rows");
    const bodies = await adapter.bodies([new Uint8Array(32), b.hash, a.hash, b.hash]);
    equal(bodies[0], undefined, "a body that is not there");
    [b, a, b].forEach((wanted, i) => {
      sameBytes(bodies[i + 1], wanted.body, `body ${i + 1}`);
    });
  },

  "byUrl gives all rows of each URL and no others": async (place) => {
    const adapter = await place.open();
    const put3 = await Promise.all([
      put({ key: "1", url: "http://example.org/x" }),
      put({ key: "2", url: "http://example.org/x" }),
      put({ key: "3", url: "http://example.org/xy" }),
    ]);
    await commit(adapter, { put: put3 });
    const keys = (rows: readonly HostRow[]): string[] =>
      rows.map(({ key }) => new TextDecoder().decode(key)).sort();
    equal(keys(await adapter.byUrl(["http://example.org/x"])), ["1", "2"], "one URL");
    equal(keys(await adapter.byUrl(["http://example.org/"])), [], "a prefix is no URL");
    const both = await adapter.byUrl(["http://example.org/xy", "none", "http://example.org/x"]);
    equal(keys(both), ["1", "2", "3"], "two URLs and a miss");
  },

  "bodies come back byte for byte, from nothing to 2 MB": async (place) => {
    const adapter = await place.open();
    const everyByte = Uint8Array.from({ length: 256 }, (_, i) => i);
    const bodies = [new Uint8Array(0), new Uint8Array(1), everyByte, noise(1, 2 * 1024 * 1024)];
    const puts = await Promise.all(bodies.map((body, i) => put({ key: `body ${i}`, body })));
    await commit(adapter, { put: puts });
    await holds(adapter, puts, "all sizes");
  },

  "metadata comes back byte for byte, from nothing to 64 KB": async (place) => {
    const adapter = await place.open();
    const metas = [new Uint8Array(0), Uint8Array.of(0, 255, 0), noise(2, 64 * 1024)];
    const puts = await Promise.all(metas.map((meta, i) => put({ key: `meta ${i}`, meta })));
    await commit(adapter, { put: puts });
    await holds(adapter, puts, "all sizes");
  },

  "keys are any bytes": async (place) => {
    const adapter = await place.open();
    const keys = [
      Uint8Array.of(0),
      Uint8Array.of(0, 0),
      Uint8Array.of(255),
      Uint8Array.of(255, 0),
      Uint8Array.of(0xc3, 0x28),
      utf8("../../etc/passwd"),
      utf8("__proto__"),
      utf8("e\u0301"),
      utf8("\u00e9"),
      noise(3, 4096),
      new Uint8Array(4096).fill(255),
      noise(4, 8192),
    ];
    const puts = await Promise.all(keys.map((key) => put({ key })));
    await commit(adapter, { put: puts });
    await holds(adapter, puts, "all keys");
  },

  "URLs are any text": async (place) => {
    const adapter = await place.open();
    const urls = [
      "__proto__",
      "constructor",
      "toString",
      "a\u0000b",
      "http://example.org/\u00e9",
      "http://example.org/e\u0301",
      "urn:oid:1.2.3",
      `http://example.org/${"x".repeat(4000)}`,
    ];
    const puts = await Promise.all(urls.map((url, i) => put({ key: `url ${i}`, url })));
    await commit(adapter, { put: puts });
    await holds(adapter, puts, "all URLs");
    equal(await adapter.byUrl(["hasOwnProperty", "prototype"]), [], "names nobody stored");
  },

  "a put replaces the row of its key": async (place) => {
    const adapter = await place.open();
    const first = await store(adapter, { key: "k", url: "http://example.org/1", body: "one" });
    const before = await rowOf(adapter, "k");
    const second = await store(adapter, { key: "k", url: "http://example.org/2", body: "two" });
    ok((await rowOf(adapter, "k")).revision > before.revision, "the revision has not grown");
    equal(await adapter.byUrl([first.url]), [], "rows of the old URL");
    await holds(adapter, [second], "after the second put");
  },

  "a delete takes the row out of every view, and may be repeated": async (place) => {
    const adapter = await place.open();
    const [gone, kept] = [
      await store(adapter, { key: "gone" }),
      await store(adapter, { key: "k" }),
    ];
    for (const _ of [1, 2]) {
      await commit(adapter, { delete: [gone.key, utf8("never there")] });
      equal(await row(adapter, gone.key), undefined, "the deleted row");
      equal(await adapter.byUrl([gone.url]), [], "rows of its URL");
      await holds(adapter, [kept], "after the delete");
    }
  },

  "a deleted key can be put again, with a higher revision": async (place) => {
    const adapter = await place.open();
    const entry = await store(adapter, { key: "k" });
    const { revision } = await rowOf(adapter, "k");
    await commit(adapter, { delete: [entry.key] });
    await commit(adapter, { put: [entry] });
    await holds(adapter, [entry], "after the second put");
    ok((await rowOf(adapter, "k")).revision > revision, "the revision has not grown");
  },

  "the same body is stored once": async (place) => {
    const adapter = await place.open();
    const megabyte = noise(5, 1024 * 1024);
    const puts: HostPut[] = [];
    for (let i = 0; i < 8; i += 1) puts.push(await put({ key: `copy ${i}`, body: megabyte }));
    for (const one of puts.slice(0, 4)) await commit(adapter, { put: [one] });
    await commit(adapter, { put: puts.slice(4) });
    await holds(adapter, puts, "eight copies");
    const { bytes } = await adapter.usage();
    ok(bytes < 2 * megabyte.byteLength, `eight entries of one 1 MB body take ${bytes} bytes`);
  },

  "a body stays as long as one row names it": async (place) => {
    const adapter = await place.open();
    const [a, b] = [await put({ key: "a", body: "same" }), await put({ key: "b", body: "same" })];
    await commit(adapter, { put: [a, b] });
    await commit(adapter, { delete: [a.key] });
    await holds(adapter, [b], "one of two is deleted");
    await store(adapter, { key: "b", body: "other" });
    const left = await body(adapter, a.hash);
    if (left) sameBytes(left, a.body, "a body without rows");
    await commit(adapter, { put: [a] });
    sameBytes(await body(adapter, a.hash), a.body, "put again after the last row went");
  },
};
