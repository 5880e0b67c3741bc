/** Damage in a real directory: it is told until it is healed, and every write heals it. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { savePackage } from "../../dist/convert/node.js";
import { openSchemaStore } from "../../dist/index.node.js";
import type { SchemaStore } from "../../dist/store.js";
import { type DamageKit, healed, MEETINGS, WRITINGS } from "./heal-matrix.js";

const usCore = fileURLToPath(new URL("../fixtures/us_core_311.tgz", import.meta.url));
const program = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), "fss-damage-"));
after(() => rmSync(scratch, { recursive: true, force: true }));

let directories = 0;
function directory(): string {
  directories += 1;
  return join(scratch, String(directories));
}

const open = (diskCacheDir: string): Promise<SchemaStore> =>
  openSchemaStore({ diskCacheDir, strategy: "disk" });

const segments = (path: string) => readdirSync(path).filter((name) => name.startsWith("seg-"));

/** Flips a bit where `find` says in the segments. */
function flip(path: string, find: (bytes: Buffer) => number): void {
  let hits = 0;
  for (const name of segments(path)) {
    const bytes = readFileSync(join(path, name));
    const at = find(bytes);
    if (at < 0) continue;
    bytes[at] = (bytes[at] as number) ^ 1;
    writeFileSync(join(path, name), bytes);
    hits += 1;
  }
  assert.ok(hits > 0, "nothing was hit");
}

/** Where the last ROW record of a URL begins. */
function rowOf(url: string): (bytes: Buffer) => number {
  return (bytes) => {
    for (
      let at = bytes.lastIndexOf("FSR1\x02");
      at >= 0;
      at = bytes.lastIndexOf("FSR1\x02", at - 1)
    ) {
      if (bytes.subarray(at, at + 400).includes(url)) return at;
    }
    return -1;
  };
}

const hitBody = async (path: string, text: string): Promise<void> =>
  flip(path, (bytes) => {
    const at = bytes.indexOf(text);
    return at < 0 ? at : at + (text.length >> 1);
  });

async function hitRow(path: string, url: string): Promise<void> {
  // The snapshot knows the row, and would be believed.
  for (const name of readdirSync(path)) if (name.endsWith(".idx")) unlinkSync(join(path, name));
  flip(path, (bytes) => {
    const at = rowOf(url)(bytes);
    return at < 0 ? at : at + 45;
  });
}

function kit(hit: (path: string, text: string, url: string) => Promise<void>): DamageKit {
  return {
    newPlace: async () => {
      const path = directory();
      return { open: () => open(path), hit: (text, url) => hit(path, text, url) };
    },
    memoryStore: () => openSchemaStore({ strategy: "memory" }),
    savePackage: (store) => savePackage(store, readFileSync(usCore)),
  };
}

for (const name of Object.keys(WRITINGS)) {
  test(`a damaged body is healed: ${name}`, async () => {
    for (const meeting of MEETINGS) {
      assert.deepEqual(await healed(kit(hitBody), name, meeting), []);
    }
  });
  test(`a damaged row is healed: ${name}`, async () => {
    const row = kit((path, _text, url) => hitRow(path, url));
    for (const meeting of MEETINGS) assert.deepEqual(await healed(row, name, meeting), []);
  });
}

test("cache save writes again what is damaged, also after cache clear", async () => {
  const path = directory();
  const run = (...words: string[]) =>
    execFileSync(process.execPath, [program, "cache", ...words, "--dir", path], {
      encoding: "utf8",
      stdio: "pipe",
    });
  const canonical = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient";
  run("save", usCore);
  const text = run("get", canonical);
  for (const clear of [false, true]) {
    await hitBody(path, text.trim());
    assert.throws(() => run("get", canonical), /CORRUPT/);
    assert.match(run("stats"), /damaged/);
    if (clear) run("clear", "--all", "--yes");
    run("save", usCore);
    assert.equal(run("get", canonical), text);
    assert.doesNotMatch(run("stats"), /damaged/);
  }
});

const value = { url: "http://example.org/hit", text: "as it was put" };
const isSnapshot = (name: string) => name.endsWith(".idx");
const snapshots = (path: string) => readdirSync(path).filter(isSnapshot);

async function putIn(path: string, ...values: object[]): Promise<void> {
  const store = await open(path);
  for (const one of values) await store.put(one, { durable: true });
  await store.close();
}

async function readIn(path: string): Promise<unknown> {
  const store = await open(path);
  try {
    return await store.get(value.url);
  } finally {
    await store.close();
  }
}

for (const known of ["the last", "the damaged copy's", "no"]) {
  test(`what a store with an older segment heals is found with ${known} snapshot`, async () => {
    const path = directory();
    const older = await open(path);
    await older.put({ url: "http://example.org/first" }, { durable: true });
    await putIn(path, value);
    const before = snapshots(path).map((name) => [name, readFileSync(join(path, name))] as const);
    assert.equal(before.length, 1);
    const reader = await open(path);
    await hitBody(path, value.text);
    await older.put(value, { durable: true });
    assert.deepEqual(await reader.get(value.url), value);
    await reader.close();
    await older.close();
    if (known !== "the last") for (const name of snapshots(path)) unlinkSync(join(path, name));
    if (known === "the damaged copy's") {
      for (const [name, bytes] of before) writeFileSync(join(path, name), bytes);
    }
    assert.deepEqual(await readIn(path), value);
    for (let n = 0; n < 18; n += 1) await putIn(path, { url: `http://example.org/${n}`, n });
    assert.ok(segments(path).length < 5, "all is merged, the healed segment too");
    assert.deepEqual(await readIn(path), value);
  });
}

test("a segment with something damaged is tried once, and merged when that is healed", async () => {
  const path = directory();
  const large = (n: number) => ({ url: "http://example.org/large", text: `${n}`.repeat(20_000) });
  await putIn(path, value, large(1));
  const [damaged] = segments(path) as [string];
  await hitBody(path, value.text);
  // Most of the segment is dead by then: closing finds the damage.
  await putIn(path, large(2));
  assert.ok(segments(path).includes(damaged));
  await assert.rejects(readIn(path), { code: "CORRUPT" });
  for (let n = 0; n < 3; n += 1) {
    const others = segments(path).length;
    await putIn(path, { url: `http://example.org/${n}`, n });
    assert.equal(segments(path).length, others + 1, "nothing but what the session wrote");
    assert.ok(segments(path).includes(damaged));
  }
  await putIn(path, value);
  await putIn(path, { url: "http://example.org/last" });
  assert.ok(!segments(path).includes(damaged), "what was healed is merged");
  assert.deepEqual(await readIn(path), value);
});
