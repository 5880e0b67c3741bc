/** Commands that could do nothing say so, and do not end as if they had. */

import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { archiveOf, tea } from "./archives.js";
import { cache, scratchFolder } from "./commands.js";

const usCore = fileURLToPath(new URL("../fixtures/us_core_311.tgz", import.meta.url));
const cwd = scratchFolder("cli-nothing");
const at = ["--dir", join(cwd, "store")];

test("a store in memory is refused wherever it would be the place, and the setting is named", async () => {
  const archive = join(cwd, "tea.fss");
  writeFileSync(archive, await archiveOf(tea("a")));
  const folder = join(cwd, "configured");
  mkdirSync(folder);
  const file = join(folder, "fhir-schema-store.toml");
  writeFileSync(file, '[storage]\nstrategy = "memory"\n');
  const commands = [
    ["save", usCore],
    ["import", archive],
    ["export", join(cwd, "out.fss")],
    ["clear", "--all", "--yes"],
    ["list"],
    ["get", "a"],
    ["stats"],
  ];
  for (const words of commands) {
    const settings: [string, Parameters<typeof cache>[1], string[]][] = [
      ["--strategy", { cwd }, ["--strategy", "memory"]],
      ["FSS_STRATEGY", { cwd, env: { FSS_STRATEGY: "memory" } }, []],
      [`strategy in ${file}`, { cwd: folder }, []],
      [`strategy in ${file}`, { cwd }, ["--config", file]],
    ];
    for (const [origin, around, flags] of settings) {
      const { code, out, err } = await cache([...words, ...flags, ...at], around);
      assert.deepEqual([code, out], [2, ""], words[0]);
      const said = `error: INVALID_CONFIG ${origin} is "memory", must be memory-disk or disk: a memory store ends with the command, so cache ${words[0]} would`;
      assert.ok(err.startsWith(said), err);
    }
  }
  assert.ok(!existsSync(join(cwd, "store")) && !existsSync(join(cwd, "out.fss")));
  const packed = await cache(["pack", usCore, "-o", "packed.fss"], {
    cwd,
    env: { FSS_STRATEGY: "memory" },
  });
  assert.equal(packed.code, 0, "what packs needs no place");
  const useless = await cache(["pack", usCore, ...at], { cwd });
  assert.equal(useless.code, 2);
  assert.match(useless.err, /^error: unknown option '--dir'\n/);
});

test("a package with nothing to save fails with what it has, and makes no archive", async () => {
  const resource = { resourceType: "ValueSet", url: "http://example.org/ValueSet/v" };
  writeFileSync(join(cwd, "v.json"), JSON.stringify(resource));
  const sentence =
    "error: NOT_FOUND v.json has no StructureDefinition where a package keeps them: it has 1 ValueSet\n";
  const text = await cache(["save", "v.json", ...at], { cwd });
  assert.deepEqual([text.code, text.out, text.err], [1, "", sentence]);
  const json = await cache(["save", "v.json", "--json", ...at], { cwd });
  assert.equal(json.code, 1);
  assert.deepEqual(JSON.parse(json.out).foundInstead.resources, { ValueSet: 1 });
  const packed = await cache(["pack", "v.json", "-o", "v.fss"], { cwd });
  assert.deepEqual([packed.code, packed.out, packed.err], [1, "", sentence]);
  assert.ok(!existsSync(join(cwd, "v.fss")));
});

test("a directory that was named and is not there is not made by looking at it", async () => {
  const missing = join(cwd, "missing");
  for (const words of [
    ["list"],
    ["get", "a"],
    ["stats"],
    ["export", "x"],
    ["clear", "--all", "-y"],
  ]) {
    const flag = await cache([...words, "--dir", missing], { cwd });
    const said = `error: NOT_FOUND there is no store at ${missing}, set by`;
    assert.deepEqual([flag.code, flag.out, flag.err], [1, "", `${said} --dir\n`]);
    const variable = await cache(words, { cwd, env: { FSS_DISK_CACHE_DIR: missing } });
    assert.equal(variable.err, `${said} FSS_DISK_CACHE_DIR\n`);
  }
  assert.ok(!existsSync(missing));
  const usual = join(cwd, "caches");
  // A relative one does not count.
  for (const XDG_CACHE_HOME of [usual, "relative"]) {
    const around = { cwd, env: { XDG_CACHE_HOME, HOME: join(cwd, "home") } };
    const { code, out, err } = await cache(["list"], around);
    const place = XDG_CACHE_HOME === usual ? usual : join(cwd, "home/.cache");
    const directory = join(place, "fhir-schema-store");
    assert.deepEqual([code, out], [1, ""]);
    assert.equal(
      err,
      `error: NOT_FOUND there is no store at ${directory}, the default directory\n`,
    );
  }
  for (const name of ["caches", "relative", "home"]) assert.ok(!existsSync(join(cwd, name)), name);
});

test("an export of nothing writes nothing, an archive of nothing is told", async () => {
  const some = ["--dir", join(cwd, "some")];
  writeFileSync(join(cwd, "kept.fss"), "as it was");
  assert.equal((await cache(["import", "-", ...some], { cwd }, await archiveOf(tea("a")))).code, 0);
  for (const target of ["kept.fss", "-"]) {
    const none = await cache(["export", target, "--package", "typo", ...some], { cwd });
    const said = "error: NOT_FOUND there is no entry to export: no archive was written\n";
    assert.deepEqual([none.code, none.out, none.err], [1, "", said]);
  }
  assert.equal(readFileSync(join(cwd, "kept.fss"), "utf8"), "as it was");

  const empty = await cache(["import", "-", ...some], { cwd }, await archiveOf());
  assert.deepEqual(
    [empty.code, empty.err],
    [1, "error: NOT_FOUND - is an archive without entries: nothing was imported\n"],
  );
});

test("clearing what is not there: an entry that was named is missed, a kind may be empty", async () => {
  const some = ["--dir", join(cwd, "cleared")];
  await cache(["import", "-", ...some], { cwd }, await archiveOf(tea("a")));
  const named = await cache(["clear", "--yes", "--url", "b", "--json", ...some], { cwd });
  assert.deepEqual([named.code, JSON.parse(named.out)], [1, { removed: 0 }]);
  const message = "nothing is stored under b";
  const error = { code: "NOT_FOUND", message, key: "b", retryable: false };
  assert.deepEqual(JSON.parse(named.err), { exitCode: 1, errors: [error], notes: [] });
  for (const filter of [
    ["--type", "Typo"],
    ["--package", "typo"],
  ]) {
    const { code, out, err } = await cache(["clear", "--yes", ...filter, ...some], { cwd });
    assert.deepEqual([code, out, err], [0, "nothing matches: removed 0 entries\n", ""]);
  }
});
