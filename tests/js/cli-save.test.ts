/** `cache save` of a package that is there: what it prints, and what is there when it is told to stop. */

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { openSchemaStore } from "../../dist/index.node.js";
import { cache, type Signalled, scratchFolder } from "./commands.js";
import { definition, packageOf } from "./made-packages.js";

const cwd = scratchFolder("cli-save");
const X = "http://example.org/";

/** A package with definitions of these numbers, each of which says `text`. */
async function made(file: string, text: string, from: number, to: number): Promise<string> {
  const files: Record<string, object> = {};
  for (let at = from; at < to; at += 1) files[`${at}.json`] = definition(`${X}${at}`, text);
  const path = join(cwd, file);
  writeFileSync(path, await packageOf("p", files));
  return path;
}

async function texts(dir: string): Promise<(string | undefined)[]> {
  await using store = await openSchemaStore({ diskCacheDir: join(cwd, dir) });
  return (await store.list()).map(({ description }) => description);
}

test("saved again, a package is replaced, and the command says what went", async () => {
  const at = ["--dir", join(cwd, "again")];
  const first = await cache(["save", await made("1.tgz", "one", 0, 20), ...at], { cwd });
  assert.match(
    first.out,
    /^p#1: 20 StructureDefinitions: 20 added, 0 changed, 0 removed, 0 unchanged, 0 failed, in .* s\n$/,
  );
  const second = await cache(["save", await made("2.tgz", "two", 15, 21), ...at], { cwd });
  const [counts, removed] = second.out.split("\n");
  assert.match(
    `${counts}`,
    /^p#1: 6 StructureDefinitions: 1 added, 5 changed, 15 removed, 0 unchanged, 0 failed,/,
  );
  assert.match(`${removed}`, /^removed, as the package has them no more: http:.*, and 5 more$/);
  assert.deepEqual(await texts("again"), Array(6).fill("two"));
});

test("a source that is named twice is saved once", async () => {
  const at = ["--dir", join(cwd, "twice")];
  const path = await made("twice.tgz", "one", 0, 3);
  const { code, out, err } = await cache(["save", path, path, ...at], { cwd });
  assert.deepEqual([code, err], [0, ""]);
  assert.match(out, /^p#1: 3 StructureDefinitions: 3 added.*\n$/);
});

test("told to stop, it changes nothing, and says so", async () => {
  const at = ["--dir", join(cwd, "stopped")];
  await cache(["save", await made("1.tgz", "one", 0, 4), ...at], { cwd });
  const signal: Signalled = { name: "SIGINT", at: "commit", nth: 1 };
  const path = await made("2.tgz", "two", 2, 6);
  const ended = await cache(["save", path, ...at], { cwd, signal });
  // The one commit holds all: a signal within it comes too late to stop anything.
  assert.deepEqual(new Set(await texts("stopped")).size, 1);
  assert.equal(ended.code, 130, ended.err);

  const early = ["--dir", join(cwd, "early")];
  await cache(["save", await made("1.tgz", "one", 0, 4), ...early], { cwd });
  const stopped = await cache(["save", path, ...early], {
    cwd,
    signal: { name: "SIGINT", at: "start" },
  });
  assert.equal(stopped.code, 130, stopped.err);
  assert.deepEqual(await texts("early"), Array(4).fill("one"));
});

test("several packages at a time, one after the other, and one label for what has none", async () => {
  const at = ["--dir", join(cwd, "several")];
  const one = await made("one.tgz", "one", 0, 2);
  const loose = join(cwd, "loose.json");
  writeFileSync(loose, JSON.stringify(definition(`${X}loose`, "one")));
  const absent = join(cwd, "absent.tgz");

  const both = await cache(["save", one, loose, "--json", ...at], { cwd });
  assert.equal(both.code, 0, both.err);
  const reports = JSON.parse(both.out) as { package: string | null; added: string[] }[];
  assert.deepEqual(
    reports.map((report) => [report.package, report.added.length]),
    [
      ["p#1", 2],
      [null, 1],
    ],
  );
  const partly = await cache(["save", absent, loose, ...at], { cwd });
  assert.equal(partly.code, 1);
  assert.match(partly.err, /NOT_FOUND no such file or directory: .*absent\.tgz/);
  assert.match(
    partly.out,
    /loose\.json: 1 StructureDefinition: 0 added, 0 changed, 0 removed, 1 un/,
  );

  const labelled = await cache(["save", loose, "--as", "mine#1.0.0", "--json", ...at], { cwd });
  assert.equal(JSON.parse(labelled.out).package, "mine#1.0.0");
  const listed = await cache(["list", "--package", "Mine", "--json", ...at], { cwd });
  assert.equal(JSON.parse(listed.out).length, 1);
  for (const words of [
    [one, loose, "--as", "a#1"],
    [loose, "--as", "a"],
  ]) {
    const refused = await cache(["save", ...words, ...at], { cwd });
    assert.deepEqual([refused.code, refused.out], [2, ""]);
    assert.match(refused.err, /^error: --as /);
  }
});
