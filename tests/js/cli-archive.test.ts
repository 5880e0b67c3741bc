/** The commands for archives, through processes of their own. */

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { archiveOf, tea } from "./archives.js";

const program = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const usCore = fileURLToPath(new URL("../fixtures/us_core_311.tgz", import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), "fss-cli-archive-"));
after(() => rmSync(scratch, { recursive: true, force: true }));

interface Ended {
  readonly code: number | null;
  readonly out: Buffer;
  readonly err: string;
}

/** `cache <words>` on a store of that name, in a folder that is left to this test. */
function cache(
  store: string,
  words: string[],
  input: Uint8Array | string = "",
  { cwd = scratch, ...more }: { readonly cwd?: string; readonly TZ?: string } = {},
): Promise<Ended> {
  const { PATH } = process.env;
  const env = { PATH, HOME: scratch, FSS_DISK_CACHE_DIR: store, ...more };
  const child = spawn(process.execPath, [program, "cache", ...words], { cwd, env });
  const out: Buffer[] = [];
  let err = "";
  child.stdout.on("data", (bytes) => out.push(bytes));
  child.stderr.setEncoding("utf8").on("data", (text) => {
    err += text;
  });
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  return new Promise((resolve) =>
    child.on("close", (code) => resolve({ code, out: Buffer.concat(out), err })),
  );
}

async function report(store: string, words: string[], input?: Uint8Array): Promise<object> {
  const { code, out, err } = await cache(store, [...words, "--json"], input);
  assert.equal(code, 0, err);
  return JSON.parse(String(out));
}

test("a package goes into an archive, the archive into a store and out again", async () => {
  const packed = await report("unused", ["pack", usCore]);
  const file = join(scratch, "hl7.fhir.us.core-3.1.1.fss");
  const archive = readFileSync(file);
  const name = "hl7.fhir.us.core-3.1.1.fss";
  const { warnings, ...counts } = packed as { warnings: { kind: string }[] };
  assert.deepEqual(counts, { file: name, entries: 30, bytes: archive.length, failed: 0 });
  assert.deepEqual([...new Set(warnings.map(({ kind }) => kind))], ["additional-binding"]);
  assert.ok(!readdirSync(scratch).includes("unused"));

  const none = { added: 0, skipped: 0, replaced: 0, conflicting: 0 };
  assert.deepEqual(await report("one", ["import", name]), { ...none, added: 30 });
  assert.deepEqual(await report("one", ["import", "-"], archive), { ...none, skipped: 30 });
  const saved = await report("one", ["save", usCore]);
  assert.equal((saved as { unchanged: string[] }).unchanged.length, 30);

  const exported = await report("one", ["export", "out.fss"]);
  assert.deepEqual(exported, { file: "out.fss", entries: 30, bytes: archive.length });
  assert.ok(readFileSync(join(scratch, "out.fss")).equals(archive));
  const piped = await cache("one", ["export", "-"]);
  assert.ok(piped.out.equals(archive));
  assert.match(piped.err, /^exported 30 entries, \d+(\.\d)? kB\n$/);
  const patients = await cache("one", ["export", "-", "--type", "Patient"]);
  const two = await report("two", ["import", "-"], patients.out);
  assert.deepEqual(two, { ...none, added: 1 });
  assert.deepEqual(
    readdirSync(scratch).filter((name) => name.endsWith(".tmp")),
    [],
  );
});

test("a package makes one archive, packed or saved, wherever it lies and whatever the clock shows", async () => {
  const pack = (source: string, input?: Uint8Array | string, more?: object) =>
    cache("unused", ["pack", source, "--output", "-"], input, more).then(({ out }) => out);
  const archive = await pack(usCore);
  assert.ok(archive.length > 10_000);
  const other = join(scratch, "other place");
  const folder = join(other, "unpacked");
  const installed = join(scratch, ".fhir", "packages", "hl7.fhir.us.core#3.1.1");
  for (const place of [folder, installed]) {
    mkdirSync(place, { recursive: true });
    execFileSync("tar", ["-xzf", usCore, "-C", place]);
  }
  const there = { cwd: other, TZ: "Pacific/Kiritimati" };
  assert.ok((await pack(usCore, "", there)).equals(archive), "elsewhere");
  assert.ok((await pack("unpacked", "", there)).equals(archive), "a folder");
  assert.ok((await pack("-", readFileSync(usCore))).equals(archive), "standard input");
  assert.ok((await pack("hl7.fhir.us.core#3.1.1")).equals(archive), "the package cache");
  for (const store of ["early", "late"]) {
    await report(store, ["save", usCore]);
    const exported = await cache(store, ["export", "-"]);
    assert.ok(exported.out.equals(archive), `the store filled ${store}`);
  }
});

test("what differs is kept, and replaced when that is wanted", async () => {
  await cache("tea", ["import", "-"], await archiveOf(tea("a", 1), tea("b", 1)));
  const archive = await archiveOf(tea("a", 2), tea("b", 1), tea("c", 1));
  const kept = await cache("tea", ["import", "-"], archive);
  assert.match(String(kept.out), /^1 added, 0 replaced, 1 already there, 1 kept\n.*--replace\n$/);
  const replaced = await cache("tea", ["import", "-", "--replace"], archive);
  assert.equal(String(replaced.out), "0 added, 1 replaced, 2 already there, 0 kept\n");
});

test("a damaged archive is told and changes nothing", async () => {
  const archive = await archiveOf(tea("a"), tea("b"));
  for (const bad of [archive.subarray(0, -1), archive.subarray(1), Buffer.alloc(0)]) {
    const { code, err } = await cache("damaged", ["import", "-"], bad);
    assert.equal(code, 3);
    assert.match(err, /^error: CORRUPT the archive is damaged: /);
  }
  assert.equal(String((await cache("damaged", ["list"])).out), "no entries\n");
});

test("what is not there, or cannot be written, is told", async () => {
  for (const words of [
    ["import", "missing.fss"],
    ["pack", "missing.tgz"],
  ]) {
    const { code, err } = await cache("none", words);
    assert.equal(code, 1);
    assert.match(err, /^error: NOT_FOUND .*missing/);
  }
  await cache("some", ["import", "-"], await archiveOf(tea("a")));
  const { code, err } = await cache("some", ["export", join("nowhere", "out.fss")]);
  assert.equal(code, 3);
  assert.match(err, /^error: DISK_ERROR .*out\.fss cannot be written/);
  assert.equal((await cache("none", ["export"])).code, 2);
  const nameless = join(scratch, "definition.json");
  writeFileSync(nameless, JSON.stringify({ resourceType: "Bundle", entry: [] }));
  const packed = await cache("none", ["pack", nameless]);
  assert.equal(packed.code, 2);
  assert.match(packed.err, /pass --output/);
});

test("an export that fails leaves the file that was there", async () => {
  const { code } = await cache("broken", ["import", "-"], await archiveOf(tea("a", 1)));
  assert.equal(code, 0);
  writeFileSync(join(scratch, "kept.fss"), "as it was");
  const directory = join(scratch, "broken");
  const [segment = ""] = readdirSync(directory).filter((name) => name.endsWith(".log"));
  const bytes = readFileSync(join(directory, segment));
  const at = bytes.indexOf('{ "url":"a"');
  assert.ok(at > 0);
  bytes[at + 3] = 0;
  writeFileSync(join(directory, segment), bytes);
  for (const known of [false, true]) {
    const { code: failed, err } = await cache("broken", ["export", "kept.fss"]);
    assert.equal(failed, 3);
    assert.match(
      err,
      /^error: CORRUPT a\|1\.0\.0 is damaged.*\n$/,
      known ? "known by now" : "found",
    );
  }
  assert.equal(readFileSync(join(scratch, "kept.fss"), "utf8"), "as it was");
});

test("a pipe is written to, a link stays one, and what may not be written is not replaced", async () => {
  const { code } = await cache("targets", ["import", "-"], await archiveOf(tea("a", 1)));
  assert.equal(code, 0);
  const plain = join(scratch, "plain.fss");
  assert.equal((await cache("targets", ["export", plain])).code, 0);
  const expected = readFileSync(plain);

  const link = join(scratch, "link.fss");
  symlinkSync(plain, link);
  assert.equal((await cache("targets", ["export", link])).code, 0);
  assert.ok(lstatSync(link).isSymbolicLink() && lstatSync(plain).isFile());
  assert.deepEqual(readFileSync(plain), expected);

  const folder = await cache("targets", ["export", scratch]);
  assert.equal(folder.code, 3);
  assert.match(folder.err, /^error: DISK_ERROR .* cannot be written: EISDIR/);
  if (process.platform === "win32") return;
  const pipe = join(scratch, "pipe");
  execFileSync("mkfifo", [pipe]);
  const reading = readFile(pipe);
  assert.equal((await cache("targets", ["export", pipe])).code, 0);
  assert.deepEqual(await reading, expected);
  assert.ok(lstatSync(pipe).isFIFO());
});
