/** Packages as they come: gzip and tar that not every platform takes, aliases, labels, what has no definitions. */

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import {
  openPackage,
  openPackagePath,
  savePackage,
  savePackages,
} from "../../dist/convert/node.js";
import { openSchemaStore } from "../../dist/index.node.js";
import { openStore } from "./kit.js";
import { packageOf } from "./made-packages.js";
import { bad, crowded, files, good, whole } from "./unusual-archives.js";

const X = "http://example.org/";
const home = mkdtempSync(join(tmpdir(), "unusual-packages-"));
after(() => rmSync(home, { recursive: true }));

for (const [what, bytes] of Object.entries(good)) {
  test(`${what}: every definition is read`, async () => {
    await using store = await openSchemaStore({ strategy: "memory" });
    const report = await savePackage(store, bytes);
    assert.deepEqual([report.added, report.failed], [[`${X}a`, `${X}b`], []]);
    assert.equal(report.package, "p#1");
  });
}

for (const [what, bytes] of Object.entries(bad)) {
  test(`${what}: CORRUPT, and nothing is stored`, async () => {
    await using store = await openSchemaStore({ strategy: "memory" });
    await assert.rejects(savePackage(store, bytes), { code: "CORRUPT", key: "the package" });
    assert.equal(await store.size(), 0);
  });
}

test("others have their turn while an archive of many files is read", async () => {
  for (const [what, bytes] of Object.entries(await crowded(20_000))) {
    let [turns, longest, last] = [0, 0, performance.now()];
    const clock = setInterval(() => {
      turns += 1;
      longest = Math.max(longest, performance.now() - last);
      last = performance.now();
    }, 1);
    const start = performance.now();
    const { fileCount } = await openPackage(bytes);
    longest = Math.max(longest, performance.now() - last);
    clearInterval(clock);
    assert.equal(fileCount, 2, what);
    const whole = performance.now() - start;
    assert.ok(
      turns >= 5 && longest < whole / 2,
      `${what}: ${turns} turns, ${longest} of ${whole} ms`,
    );
  }
});

test("a byte order mark in a string is passed over, as in bytes", async () => {
  await using store = await openSchemaStore({ strategy: "memory" });
  const text = `\ufeff${JSON.stringify(files["a.json"])}`;
  assert.equal((await store.convert(text)).converted, true);
  assert.equal((await store.convert(new TextEncoder().encode(text))).converted, false);
  assert.deepEqual((await savePackage(store, text)).failed, []);
});

test("JSON that is no resource is passed over, broken JSON is told of", async () => {
  const others = { "n.json": "1", "l.json": "[1, 2]", "z.json": "null", "t.json": '"x"' };
  await using store = await openSchemaStore({ strategy: "memory" });
  const report = await savePackage(store, await packageOf("p", { ...files, ...others }));
  assert.deepEqual([report.added.length, report.failed], [2, []]);
  const broken = await savePackage(store, await packageOf("q", { ...files, "x.json": "[1," }));
  assert.deepEqual(
    broken.failed.map(({ file, error }) => [file, error.code]),
    [["x.json", "SERIALIZATION"]],
  );
});

const needs = (dependencies: object) =>
  packageOf("user", { ...files, "package.json": { name: "user", version: "1", dependencies } });

test("dependencies by npm aliases are missing only if their packages are", async () => {
  await using store = await openStore();
  const dependencies = {
    "v1@npm:base": "1",
    "base-old": "npm:base@2",
    "@scope/x": "1",
    scoped: "npm:@scope/y@3",
    Base: "1",
    b: "current$main",
  };
  const before = await savePackage(store, await needs(dependencies));
  const all = ["@scope/x#1", "@scope/y#3", "Base#1", "b#current$main", "base#1", "base#2"];
  assert.deepEqual(before.missingDependencies, all);
  await savePackage(store, await packageOf("base", files));
  await savePackage(store, await packageOf("b", files));
  const { missingDependencies } = await savePackage(store, await needs(dependencies));
  assert.deepEqual(missingDependencies, ["@scope/x#1", "@scope/y#3", "base#2"]);
});

test("a package without definitions is not missing once it was saved, and no schema is", async () => {
  await using store = await openStore();
  const valueSets = await packageOf("vs", { "v.json": { resourceType: "ValueSet", url: "v" } });
  const nested = await packageOf("deep", {
    "v.json": { resourceType: "ValueSet" },
    "sub/a.json": files["a.json"],
  });
  for (const source of [valueSets, nested]) {
    const report = await savePackage(store, source);
    assert.deepEqual([report.structureDefinitions, report.added], [0, []]);
    assert.ok(report.foundInstead);
  }
  const dependencies = { vs: "1", deep: "1" };
  const first = await savePackage(store, await needs(dependencies));
  assert.deepEqual(first.missingDependencies, ["deep#1"], "whose definitions lie elsewhere");
  // Built again, it has one.
  const later = await savePackage(store, await packageOf("vs", files));
  assert.deepEqual([later.added.length, later.removed], [2, []]);
  const entries = await store.list({ package: "vs" });
  assert.deepEqual(
    entries.map(({ url }) => url),
    [`${X}a`, `${X}b`],
  );
});

test("several packages in one call: what one brings is not missing for another", async () => {
  await using store = await openStore();
  const sources = [await needs({ base: "1", other: "1" }), await packageOf("base", files)];
  const names: (string | undefined)[] = [];
  const reports = await savePackages(store, sources, {
    onProgress: ({ package: name }) => names.push(name),
  });
  assert.deepEqual(
    reports.map(({ package: name, missingDependencies }) => [name, missingDependencies]),
    [
      ["user#1", ["other#1"]],
      ["base#1", []],
    ],
  );
  assert.deepEqual(names, ["user#1", "user#1", "base#1", "base#1"]);
});

test("loose definitions are stored under the package they are said to be of", async () => {
  await using store = await openStore();
  const loose = JSON.stringify(files["a.json"]);
  const report = await savePackage(store, loose, { source: "hl7.fhir.r4.core#4.0.1" });
  assert.equal(report.package, "hl7.fhir.r4.core#4.0.1");
  assert.equal((await store.list({ package: "HL7.FHIR.R4.Core" })).length, 1);
  assert.equal((await store.list({ package: "hl7.fhir.r4.core#4.0.2" })).length, 0);
  const relabelled = await savePackage(store, whole, { source: "q#2" });
  assert.deepEqual([relabelled.package, relabelled.added.length], ["q#2", 2]);
  for (const source of ["", "q", "q#", "#1", "a b#1", 7 as unknown as string]) {
    await assert.rejects(savePackage(store, loose, { source }), {
      code: "INVALID_VALUE",
      key: "source",
    });
  }
});

test("the package cache is looked through by name, case, version, label and range", async (t) => {
  const before = process.env.HOME;
  process.env.HOME = home;
  t.after(() => {
    process.env.HOME = before;
  });
  const versions = ["6.1.0", "6.1.10", "6.1.9", "6.2.0-ballot", "6.0.0", "current", "current$main"];
  for (const version of [...versions, "4.0.0+cibuild"]) {
    const folder = join(home, ".fhir/packages", `Example.IG#${version}`, "package");
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "example.ig", version }));
    writeFileSync(join(folder, "a.json"), JSON.stringify(files["a.json"]));
  }
  const meant = {
    "example.ig#6.1.0": "6.1.0",
    "EXAMPLE.IG@6.1.9": "6.1.9",
    "example.ig#6.1.x": "6.1.10",
    "example.ig#6.x": "6.1.10",
    "example.ig#6.2.x": "6.2.0-ballot",
    "example.ig#latest": "6.1.10",
    "example.ig": "6.1.10",
    "example.ig#current": "current",
    "example.ig#current$main": "current$main",
    "example.ig#4.0.0+cibuild": "4.0.0+cibuild",
  };
  for (const [name, version] of Object.entries(meant)) {
    assert.equal((await openPackagePath(name)).version, version, name);
  }
  const place = join(home, ".fhir/packages").replaceAll(".", "\\.");
  for (const name of ["example.ig#7.0.x", "example.ig#current$other", "example.ig#6.1"]) {
    await assert.rejects(openPackagePath(name), (error: { code: string; message: string }) => {
      assert.equal(error.code, "NOT_FOUND");
      assert.match(
        error.message,
        new RegExp(`in ${place} there is only 6\\.2\\.0-ballot, 6\\.1\\.10`),
      );
      return true;
    });
  }
  await assert.rejects(openPackagePath("other.ig#1.0.0"), {
    code: "NOT_FOUND",
    message: /other\.ig#1\.0\.0; in .* there is no package of that name$/,
  });
  await assert.rejects(openPackagePath("no/such/path.json"), {
    message: "no such file or directory: no/such/path.json",
  });
});
