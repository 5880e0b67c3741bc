/** Archives that were tampered with, or ask for too much: a code, and the store as it was. */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { inflateRawSync } from "node:zlib";
import { fsAdapter } from "../../dist/adapters/fs.js";
import type { SchemaStore } from "../../dist/store.js";
import { archiveOf, contents, exported, tea, teas } from "./archives.js";
import { openStore, random } from "./kit.js";

const directory = mkdtempSync(join(tmpdir(), "fss-hostile-"));
after(() => rmSync(directory, { recursive: true, force: true }));

/** A store over a directory with an entry of its own. */
async function used(): Promise<SchemaStore> {
  const store = await openStore({ adapter: fsAdapter(join(directory, "store")) });
  await store.put({ url: "mine" }, { durable: true });
  return store;
}

async function refuses(store: SchemaStore, archive: Uint8Array): Promise<string> {
  const code = await store.import(archive).then(
    () => "imported",
    ({ code }) => code,
  );
  assert.equal(await store.size(), 1);
  return code;
}

test("every prefix and every flipped bit is refused, and the store is as it was", async () => {
  const store = await used();
  const before = [await contents(store), await store.stats()];
  const archive = await archiveOf(teas[0] as object, teas[3] as object);
  for (let length = 0; length < archive.length; length += 1) {
    assert.equal(await refuses(store, archive.subarray(0, length)), "CORRUPT");
  }
  for (let bit = 0; bit < archive.length * 8; bit += 1) {
    const bad = Buffer.from(archive);
    bad[bit >> 3] = (bad[bit >> 3] as number) ^ (1 << (bit & 7));
    const code = await refuses(store, bad);
    assert.ok(["CORRUPT", "ENTRY_TOO_LARGE", "FORMAT_TOO_NEW", "INVALID_KEY"].includes(code), code);
  }
  const [entries, stats] = [await contents(store), await store.stats()];
  assert.deepEqual([entries, stats.disk], [before[0], (before[1] as typeof stats).disk]);
  assert.equal((await store.import(archive)).added, 2);
  await store.close();
});

test("what is no archive is refused", async () => {
  const store = await openStore();
  const next = random(1);
  const noise = Uint8Array.from({ length: 100_000 }, () => next(256));
  for (const bytes of [noise, new Uint8Array(1000), Buffer.from('{"resourceType":"Bundle"}')]) {
    await assert.rejects(store.import(bytes), { code: "CORRUPT", message: /is not an archive/ });
  }
  await assert.rejects(store.import(new Uint8Array()), { code: "CORRUPT" });
});

test("bodies no put would take are refused, though everything fits", async () => {
  const store = await openStore();
  const text = '{"url":"a","n":"0123456789"}';
  const archive = await archiveOf({ text });
  const bodies = ["[1,2,3]", "nonsense", '{"url":"a"', '"text"', "null", "\u00ff"];
  for (const body of bodies.map((body) => body.padEnd(text.length))) {
    const forged = withBody(archive, text, Buffer.from(body, "latin1"));
    await assert.rejects(store.import(forged), { code: "CORRUPT", message: /body of a cannot be/ });
  }
  const nested = `{"url":"a","n":${"[".repeat(600)}${"]".repeat(600)}}`;
  const flat = `{"url":"a","n":"${"-".repeat(nested.length - 18)}"}`;
  const forged = withBody(await archiveOf({ text: flat }), flat, Buffer.from(nested));
  await assert.rejects(store.import(forged), { code: "CORRUPT", message: /512/ });
  assert.equal(await store.size(), 0);
  const good = withBody(archive, text, Buffer.from(text.replace("0", "9")));
  assert.equal((await store.import(good)).added, 1);
});

/** The archive of one entry with another body of the same length, and the hash that fits. */
function withBody(archive: Buffer, text: string, body: Buffer): Buffer {
  const [codec, raw, packed] = [24, 25, 29].map((at) => archive.readUInt32LE(at)) as number[];
  const texts = archive.subarray(51, 51 + (packed as number));
  const unpacked = ((codec as number) & 255) === 0 ? Buffer.from(texts) : inflateRawSync(texts);
  body.copy(unpacked, unpacked.indexOf(text));
  const head = Buffer.from(archive.subarray(0, 51));
  head[24] = 0;
  head.writeUInt32LE(raw as number, 29);
  const rest = archive.subarray(51 + (packed as number), -32);
  const bytes = Buffer.concat([head, unpacked, rest]);
  return Buffer.concat([bytes, createHash("sha256").update(bytes).digest()]);
}

test("the limits of the store hold for what an archive brings", async () => {
  const noise = (n: number) => createHash("sha512").update(String(n)).digest("hex");
  const big = await archiveOf(tea("a", 1, { title: "t" }), {
    value: { url: "big", text: Array.from({ length: 20 }, (_, n) => noise(n)).join() },
  });
  const small = await openStore({ maxEntryBytes: 1024 });
  await assert.rejects(small.import(big), { code: "ENTRY_TOO_LARGE" });
  assert.equal(await small.size(), 0);

  const many = Array.from({ length: 3000 }, (_, n) => tea(`http://x/${n}`, n));
  const archive = await archiveOf(...many);
  for (const strategy of ["memory", "memory-disk", "disk"] as const) {
    const store = await openStore({ strategy, maxCatalogMb: 1 });
    await assert.rejects(store.import(archive), { code: "STORAGE_FULL" });
    assert.equal(await store.size(), 0);
  }
});

test("the catalog is full before it, not after it", async () => {
  const some = (from: number, length: number) =>
    Array.from({ length }, (_, n) => tea(`http://x/${from + n}`, n, { title: "t" }));
  const store = await openStore({ maxCatalogMb: 1 });
  await store.import(await archiveOf(...some(0, 1200)));
  await assert.rejects(store.import(await archiveOf(...some(5000, 1900))), {
    code: "STORAGE_FULL",
  });
  assert.equal(await store.size(), 1200);
});

test("a bomb is refused soon", async () => {
  const text = JSON.stringify({ url: "a", text: " ".repeat(3 << 20) });
  const bomb = await archiveOf(
    ...Array.from({ length: 30 }, (_, n) => ({ text: `${text.slice(0, -2)}${n}"}`, url: `u${n}` })),
  );
  assert.ok(bomb.length < 1 << 20);
  const store = await openStore({ memoryLimitMb: 1 });
  const piece = 1024;
  let taken = 0;
  async function* pieces() {
    for (; taken < bomb.length; taken += piece) yield bomb.subarray(taken, taken + piece);
  }
  await assert.rejects(store.import(pieces()), { code: "STORAGE_FULL" });
  assert.ok(taken < bomb.length - piece, `${taken} of ${bomb.length} bytes were read`);
  assert.equal(await store.size(), 0);
});

test("an archive that grew behind its end is refused", async () => {
  const store = await openStore();
  const archive = await archiveOf(...teas);
  async function* endless() {
    yield archive;
    for (;;) yield new Uint8Array(1000);
  }
  await assert.rejects(store.import(endless()), { code: "CORRUPT", message: /data after its end/ });
  await assert.rejects(store.import(Buffer.concat([archive, archive])), { code: "CORRUPT" });
  assert.equal((await exported(store)).length, 72);
});
