/** Commands that get a signal: real processes, real signals, a real package of 651 definitions. */

import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { incompletePackages, openPackagePath } from "../../dist/convert/node.js";
import { openSchemaStore } from "../../dist/index.node.js";
import { archiveOf, tea } from "./archives.js";
import { cache, type Ended, type Signalled, scratchFolder, start } from "./commands.js";

const usCore = fileURLToPath(new URL("../fixtures/us_core_311.tgz", import.meta.url));
const r4b = fileURLToPath(new URL("../../node_modules/hl7.fhir.r4b.core", import.meta.url));
const R4B = "hl7.fhir.r4b.core#4.3.0";
const DEFINITIONS = 651;
const SIGNALS = [
  ["SIGINT", 130],
  ["SIGTERM", 143],
  ["SIGHUP", 129],
] as const;

const cwd = scratchFolder("cli-signals");
const at = (dir: string) => ["--dir", join(cwd, dir)];

/** How many of the first files of R4B are definitions. */
async function definitionsAmong(files: number): Promise<number> {
  let count = 0;
  const source = await openPackagePath(r4b);
  for await (const { position } of source.resources("StructureDefinition")) {
    if (position <= files) count += 1;
  }
  return count;
}

/** What a new process finds: every definition whole, the packages that are incomplete, no leavings. */
async function found(dir: string): Promise<{ saved: number; incomplete: readonly string[] }> {
  const directory = join(cwd, dir);
  await using store = await openSchemaStore({ diskCacheDir: directory });
  const entries = (await store.list()).filter(({ origin }) => origin === "converted");
  const values = await store.getMany(entries.map(({ canonical }) => canonical));
  assert.ok(values.every((value) => value !== undefined));
  assert.deepEqual(store.health().damage, []);
  assert.deepEqual(
    readdirSync(directory).filter((name) => /^(tmp|lock)-|\.tmp$/.test(name)),
    [],
  );
  return { saved: entries.length, incomplete: await incompletePackages(store) };
}

async function completes(dir: string, saved: number): Promise<void> {
  const again = await cache(["save", r4b, "--json", ...at(dir)], { cwd });
  assert.equal(again.code, 0, again.err);
  const { converted, unchanged } = JSON.parse(again.out);
  assert.deepEqual([converted, unchanged.length], [DEFINITIONS - saved, saved]);
  assert.deepEqual(await found(dir), { saved: DEFINITIONS, incomplete: [] });
}

for (const [name, code] of SIGNALS) {
  test(`${name} in the middle: what was converted is kept, marked, and completed later`, async () => {
    const signal: Signalled = { name, at: "commit", nth: 2 };
    const ended = await cache(["save", r4b, ...at(name)], { cwd, signal });
    assert.deepEqual([ended.code, ended.by, ended.out], [code, null, ""]);
    const said =
      /^hl7\.fhir\.r4b\.core#4\.3\.0: (\d+) of (\d+) files done and stored; save it again to finish\nerror: interrupted by (\w+)\n$/;
    const [, done, , by] = said.exec(ended.err) ?? assert.fail(ended.err);
    assert.equal(by, name);
    const { saved, incomplete } = await found(name);
    assert.equal(saved, await definitionsAmong(Number(done)));
    assert.ok(saved > 0 && saved < DEFINITIONS, `${saved}`);
    assert.deepEqual(incomplete, [R4B]);

    const listed = await cache(["list", ...at(name)], { cwd });
    assert.match(
      listed.out,
      new RegExp(`\n${saved} entries, .*\nincomplete: ${R4B}; save it again\n$`),
    );
    const entries = JSON.parse((await cache(["list", "--json", ...at(name)], { cwd })).out);
    assert.equal(entries.length, saved);
    assert.ok(entries.every((entry: { incomplete?: true }) => entry.incomplete));
    const stats = JSON.parse((await cache(["stats", "--json", ...at(name)], { cwd })).out);
    assert.deepEqual([stats.entries, stats.incomplete], [saved, [R4B]]);
    assert.match(
      (await cache(["stats", ...at(name)], { cwd })).out,
      /^incomplete +hl7\.fhir\.r4b/m,
    );

    await completes(name, saved);
    const after = JSON.parse((await cache(["stats", "--json", ...at(name)], { cwd })).out);
    assert.deepEqual([after.entries, after.incomplete], [DEFINITIONS, []]);
  });

  test(`${name} before anything is read ends the command with nothing stored`, async () => {
    for (const words of [["save", usCore], ["pack", usCore], ["list"], ["stats"], ["get", "x"]]) {
      const dir = words[0] === "pack" ? [] : at("early");
      mkdirSync(join(cwd, "early"), { recursive: true });
      const ended = await cache([...words, ...dir], { cwd, signal: { name, at: "start" } });
      assert.deepEqual([ended.code, ended.by, ended.out], [code, null, ""], words.join(" "));
      assert.equal(ended.err, `error: interrupted by ${name}\n`);
    }
    assert.deepEqual(await found("early"), { saved: 0, incomplete: [] });
  });
}

test("a signal in the last commit loses nothing", async () => {
  const signal: Signalled = { name: "SIGTERM", at: "last-commit" };
  const { code, by, err } = await cache(["save", r4b, ...at("last")], { cwd, signal });
  assert.deepEqual([code, by], [143, null], err);
  const { saved, incomplete } = await found("last");
  assert.ok(saved > 0);
  // Stored whole and stopped before the mark went, it is marked until it is saved again.
  const isMarked = incomplete.length > 0;
  assert.deepEqual(incomplete, isMarked ? [R4B] : []);
  assert.ok(isMarked || saved === DEFINITIONS, `${saved} saved, and no mark`);
  await completes("last", saved);
});

test("killed in any commit, a package is whole, marked or not there", async () => {
  const seen = new Set<string>();
  for (let nth = 1; nth <= 4; nth += 1) {
    const dir = `killed-${nth}`;
    const ended = await cache(["save", r4b, ...at(dir)], {
      cwd,
      signal: { name: "SIGKILL", at: "commit", nth },
    });
    const { saved, incomplete } = await found(dir);
    if (ended.by === null) continue;
    seen.add(`${saved > 0} ${incomplete.length}`);
    assert.deepEqual(incomplete, saved === 0 ? incomplete : [R4B], dir);
  }
  assert.ok(seen.has("true 1"), [...seen].join());
  await completes("killed-2", (await found("killed-2")).saved);
});

test("one key that comes as two signals lets the command wind up", async () => {
  const signal: Signalled = { name: "SIGINT", at: "commit", nth: 2, times: 2 };
  const { code, by } = await cache(["save", r4b, ...at("twice")], { cwd, signal });
  assert.deepEqual([code, by], [130, null]);
  const { saved, incomplete } = await found("twice");
  assert.ok(saved > 0);
  assert.deepEqual(incomplete, [R4B]);
});

test("a second signal ends a command at once that cannot wind up", async () => {
  const signal: Signalled = { name: "SIGTERM", at: "commit", stuck: true };
  const { child, signalled, ended } = start(["save", r4b, ...at("stuck")], { cwd, signal });
  await signalled;
  // Again until it counts as another one.
  const again = setInterval(() => child.kill("SIGTERM"), 500);
  const { code, by } = await ended;
  clearInterval(again);
  assert.deepEqual([code, by], [143, "SIGTERM"]);
});

test("what waits for standard input ends at the first signal", async () => {
  const archive = await archiveOf(tea("a"), tea("b"));
  const cases: [string[], Uint8Array, NodeJS.Signals, number][] = [
    [["save", "-"], readFileSync(usCore).subarray(0, 1000), "SIGINT", 130],
    [["import", "-"], archive.subarray(0, -10), "SIGTERM", 143],
  ];
  for (const [words, input, name, code] of cases) {
    const signal: Signalled = { name, at: "outside" };
    const { child, signalled, ended } = start([...words, ...at("waiting")], { cwd, signal });
    child.stdin?.write(input);
    await signalled;
    const again = setInterval(() => child.kill(name), 500);
    const { code: actual, by, err } = await ended;
    clearInterval(again);
    assert.deepEqual([actual, by, err], [code, null, `error: interrupted by ${name}\n`], words[0]);
    child.stdin?.destroy();
  }
  assert.deepEqual((await cache(["list", ...at("waiting")], { cwd })).out, "no entries\n");
});

test("an interrupted import brings in nothing, an interrupted export leaves no file", async () => {
  const archive = await archiveOf(...Array.from({ length: 50 }, (_, index) => tea(`t${index}`)));
  const file = join(cwd, "in.fss");
  writeFileSync(file, archive);
  const interrupted = (words: string[], point: Signalled["at"]): Promise<Ended> =>
    cache([...words, ...at("moved")], { cwd, signal: { name: "SIGTERM", at: point } });
  const reading = await interrupted(["import", file], "reading");
  assert.deepEqual([reading.code, reading.out], [143, ""]);
  assert.equal((await cache(["list", ...at("moved")], { cwd })).out, "no entries\n");

  // The commit is one step: it was done, and the exit code says that a signal came.
  const committing = await interrupted(["import", file], "commit");
  assert.equal(committing.code, 143);
  assert.match(committing.out, /^50 added/);

  const target = join(cwd, "out.fss");
  const writing = await interrupted(["export", target], "write");
  assert.deepEqual([writing.code, writing.out], [143, ""]);
  assert.equal(writing.err, "error: interrupted by SIGTERM\n");
  assert.deepEqual(
    readdirSync(cwd).filter((name) => name.startsWith("out.fss")),
    [],
  );

  const clearing = await interrupted(["clear", "--all", "--yes"], "commit");
  assert.deepEqual([clearing.code, clearing.out], [143, "removed 50 entries\n"]);
  assert.equal((await cache(["list", ...at("moved")], { cwd })).out, "no entries\n");
});

test("two processes that save one package at once, one of them stopped, leave it whole", async () => {
  const both = [
    cache(["save", r4b, ...at("both")], { cwd, signal: { name: "SIGTERM", at: "commit", nth: 2 } }),
    cache(["save", r4b, ...at("both")], { cwd }),
  ];
  const [stopped, whole] = await Promise.all(both);
  assert.deepEqual([stopped?.code, whole?.code], [143, 0], `${stopped?.err} ${whole?.err}`);
  const { saved, incomplete } = await found("both");
  assert.equal(saved, DEFINITIONS);
  // Whichever came last says what holds: the stopped one may have marked it after the other was done.
  assert.ok(incomplete.length <= 1);
  await cache(["save", r4b, ...at("both")], { cwd });
  assert.deepEqual(await found("both"), { saved: DEFINITIONS, incomplete: [] });
});
