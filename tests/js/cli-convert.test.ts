/** What `cache save` and `cache pack` say of conversions: warnings, and another converter. */

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { openSchemaStore } from "../../dist/index.node.js";
import { cache, scratchFolder } from "./commands.js";
import { definition, packageOf } from "./made-packages.js";

const cwd = scratchFolder("cli-convert");
const X = "http://example.org/";

/** A definition with a min above its max, and a default value. */
function contradictory(url: string): object {
  const element = [
    { path: "Patient" },
    { path: "Patient.contact", min: 2, max: "1" },
    { path: "Patient.active", defaultValueBoolean: true },
  ];
  return { ...definition(url, "warned of"), differential: { element } };
}

const files = { "a.json": definition(`${X}a`, "a"), "b.json": contradictory(`${X}b`) };
const path = join(cwd, "warned.tgz");
writeFileSync(path, await packageOf("warned", files));
const fresh = (name: string) => ["--dir", join(cwd, name)];

test("warnings are counted by kind in one line, and listed with --verbose", async () => {
  const { code, out } = await cache(["save", path, ...fresh("counted")], { cwd });
  const [, counts, ...more] = out.trimEnd().split("\n");
  assert.deepEqual([code, more], [0, []]);
  assert.match(`${counts}`, /^not said by the schemas, 2 warnings: (1 \S+, 1 \S+)$/);
  assert.ok(counts?.includes("1 cardinality") && counts.includes("1 default-value"), counts);
  const again = await cache(["save", path, ...fresh("counted")], { cwd });
  assert.equal(again.out.trimEnd().split("\n").length, 1, "nothing was converted");

  const verbose = await cache(["save", path, "--verbose", ...fresh("verbose")], { cwd });
  const listed = verbose.out.trimEnd().split("\n").slice(2);
  assert.equal(listed.length, 2);
  assert.ok(
    listed.some((line) => line.startsWith(`  ${X}b Patient.contact: cardinality: `)),
    verbose.out,
  );
  const quiet = await cache(["save", path, "--verbose", "-q", ...fresh("quiet")], { cwd });
  assert.deepEqual([quiet.code, quiet.out, quiet.err], [0, "", ""]);
});

test("--json has all warnings", async () => {
  const { out } = await cache(["save", path, "--json", ...fresh("json")], { cwd });
  const { warnings } = JSON.parse(out);
  assert.deepEqual(Object.keys(warnings[0]), ["canonical", "kind", "element", "message"]);
  assert.deepEqual(warnings.map(({ kind }: { kind: string }) => kind).sort(), [
    "cardinality",
    "default-value",
  ]);
  const packed = await cache(["pack", path, "--json", "-o", join(cwd, "a.fss")], { cwd });
  assert.deepEqual(JSON.parse(packed.out).warnings, warnings);
  const text = await cache(["pack", path, "-o", join(cwd, "b.fss")], { cwd });
  assert.match(text.out, /\nnot said by the schemas, 2 warnings: /);
  const piped = await cache(["pack", path, "-o", "-"], { cwd });
  assert.match(piped.err, /\nnot said by the schemas, 2 warnings: /);
});

test("--converter none keeps StructureDefinitions as they are", async () => {
  const fixture = fileURLToPath(new URL("../fixtures/us_core_311.tgz", import.meta.url));
  const dir = join(cwd, "kept");
  const saved = await cache(["save", fixture, "--converter", "none", "--dir", dir, "--json"], {
    cwd,
  });
  const report = JSON.parse(saved.out);
  assert.deepEqual([saved.code, report.converted, report.warnings], [0, 30, []]);
  {
    await using store = await openSchemaStore({ diskCacheDir: dir });
    for (const { canonical, converter } of await store.list()) {
      assert.equal(converter, "none@1");
      const { resourceType, differential } = (await store.get(canonical)) ?? {};
      assert.ok(resourceType === "StructureDefinition" && differential, canonical);
    }
  }
  const again = ["save", fixture, "--dir", dir, "--json"];
  const same = await cache([...again, "--converter", "none"], { cwd });
  assert.equal(JSON.parse(same.out).unchanged.length, 30);
  const converted = await cache([...again, "--converter", "fhir-schema"], { cwd });
  assert.equal(JSON.parse(converted.out).changed.length, 30);
  const byDefault = await cache(again, { cwd });
  assert.equal(JSON.parse(byDefault.out).unchanged.length, 30);
});

test("any other converter is refused before anything is read", async () => {
  for (const name of ["None", "atomic", "fhir-schema-store", "none,none"]) {
    for (const command of ["save", "pack"]) {
      const words = [command, "nowhere.tgz", "--converter", name];
      const { code, out, err } = await cache(words, { cwd });
      assert.deepEqual([code, out], [2, ""]);
      assert.match(err, /--converter is ".+", must be fhir-schema or none/);
    }
  }
});
