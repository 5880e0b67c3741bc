/** Packages whose definitions lie in Bundles, or where nothing can be saved, and what is said of those. */

import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { packTar } from "modern-tar";
import {
  EMPTY_URL,
  type FhirPackage,
  openPackage,
  openPackagePath,
  type SaveReport,
  savePackage,
} from "../../dist/convert/node.js";
import { openSchemaStore } from "../../dist/index.node.js";
import type { JsonObject } from "../../dist/types.js";
import { scratchFolder } from "./commands.js";

const scratch = scratchFolder("contents");
const manifest = { name: "example.ig", version: "1.0.0" };

function definition(name: string, more: object = {}): JsonObject {
  const url = `http://example.org/StructureDefinition/${name}`;
  const differential = { element: [{ path: "Patient" }] };
  const common = {
    resourceType: "StructureDefinition",
    kind: "resource",
    type: "Patient",
    differential,
  };
  return { ...common, url, version: "1", name, ...more };
}

function bundle(type: string, ...resources: unknown[]): JsonObject {
  return { resourceType: "Bundle", type, entry: resources.map((resource) => ({ resource })) };
}

const valueSet = { resourceType: "ValueSet", url: "http://example.org/ValueSet/v" };

type Files = Record<string, unknown>;

const textOf = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));

async function asArchive(files: Files): Promise<FhirPackage> {
  const entries = Object.entries(files).map(([name, value]) => {
    const body = Buffer.from(textOf(value));
    return { header: { name, size: body.length }, body };
  });
  return openPackage(gzipSync(await packTar(entries)), { fileName: "some.tgz" });
}

let folders = 0;
async function asDirectory(files: Files): Promise<FhirPackage> {
  folders += 1;
  const root = join(scratch, String(folders));
  for (const [path, value] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), textOf(value));
  }
  return openPackagePath(root);
}

async function saved(source: FhirPackage): Promise<SaveReport & { readonly urls: string[] }> {
  await using store = await openSchemaStore({ strategy: "memory" });
  const report = await savePackage(store, source);
  const entries = await store.list();
  return { ...report, urls: entries.map(({ url }) => url.replace(/.*\//, "")) };
}

test("definitions in the Bundles of a package are saved, of whatever type and as deep as Bundles go", async () => {
  for (const open of [asArchive, asDirectory]) {
    for (const type of ["collection", "batch", "transaction", "searchset", "history"]) {
      const inner = bundle("collection", definition("Inner"), valueSet);
      const files = {
        "package/package.json": manifest,
        "package/definitions.json": bundle(type, definition("A"), inner, null, {}, definition("B")),
        "package/alone.json": definition("Alone"),
      };
      const report = await saved(await open(files));
      assert.deepEqual(report.urls, ["A", "Alone", "B", "Inner"]);
      assert.deepEqual([report.converted, report.failed, report.foundInstead], [4, [], undefined]);
      assert.equal(report.package, "example.ig#1.0.0");
    }
  }
});

test("messages name the file and the entry, and a file of its own beats a Bundle", async () => {
  const broken = definition("Broken", { differential: { element: [{ min: 1 }] } });
  const report = await saved(
    await asArchive({
      "package/package.json": manifest,
      "package/a.json": bundle(
        "collection",
        valueSet,
        definition("Twice"),
        bundle("batch", broken),
      ),
      "package/b.json": { resourceType: "Bundle", entry: "none" },
      "package/z.json": definition("Twice", { description: "alone" }),
    }),
  );
  assert.deepEqual(report.urls, ["Twice"]);
  assert.deepEqual(
    report.duplicates.map(({ file }) => file),
    ["a.json entry 1"],
  );
  assert.deepEqual(
    report.failed.map(({ file, error }) => [file, error.code]),
    [
      ["b.json", "INVALID_VALUE"],
      ["a.json entry 2 entry 0", "CONVERSION"],
    ],
  );
});

test("Bundles nested without end are told, not followed", async () => {
  let nested: JsonObject = definition("Deep");
  for (let depth = 0; depth < 8; depth += 1) nested = bundle("collection", nested);
  assert.deepEqual((await saved(await openPackage(nested))).urls, ["Deep"]);
  const { urls, failed } = await saved(await openPackage(bundle("collection", nested)));
  assert.deepEqual(urls, []);
  assert.match(`${failed[0]?.error.message}`, /entry 0 is nested in more than 8 others$/);
});

test("a package with nothing to save says what it has instead", async () => {
  const top = "has no StructureDefinition where a package keeps them: ";
  const lies = ", outside the package itself: unpack it and save those folders";
  const cases: [Files, object, string][] = [
    [
      {
        "package/package.json": manifest,
        "package/v.json": valueSet,
        "package/w.json": bundle("collection", valueSet, { resourceType: "CodeSystem" }),
      },
      { resources: { ValueSet: 2, CodeSystem: 1 }, otherForms: {}, elsewhere: {} },
      "it has 2 ValueSet, 1 CodeSystem",
    ],
    [
      {
        "package/package.json": manifest,
        "package/a.xml": "<StructureDefinition/>",
        "package/xml/b.XML": "<StructureDefinition/>",
        "package/c.ttl": "",
      },
      { resources: {}, otherForms: { xml: 2, ttl: 1 }, elsewhere: {} },
      "2 files in .xml, 1 file in .ttl, but only JSON is read",
    ],
    [
      {
        "package/package.json": manifest,
        "package/profiles/a.json": definition("A"),
        "package/profiles/b.json": bundle("collection", definition("B")),
        "package/example/v.json": valueSet,
        "other/c.json": definition("C"),
      },
      { resources: {}, otherForms: {}, elsewhere: { "package/profiles": 2, other: 1 } },
      `there are StructureDefinitions in package/profiles/ (2 files), other/ (1 file)${lies}`,
    ],
    [
      { "package/package.json": manifest, "package/list.json": { a: 1 } },
      { resources: {}, otherForms: {}, elsewhere: {} },
      "it has no JSON resources",
    ],
  ];
  for (const [files, contents, sentence] of cases) {
    for (const open of [asArchive, asDirectory]) {
      const report = await saved(await open(files));
      // What may have definitions where nobody looked is not taken for a package without any.
      const [here, ...elsewhere] = Object.values(contents).map(
        (found) => Object.keys(found).length,
      );
      const urls = here !== 0 && elsewhere.every((found) => found === 0) ? [EMPTY_URL] : [];
      assert.deepEqual([report.structureDefinitions, report.converted, report.urls], [0, 0, urls]);
      const name = open === asArchive ? "some.tgz" : join(scratch, String(folders));
      assert.deepEqual(report.foundInstead, { ...contents, sentence: `${name} ${top}${sentence}` });
    }
  }
});

test("a package that lies too deep is said to, and opened where it is whole", async () => {
  const files = {
    "repo-main/package/package.json": manifest,
    "repo-main/package/a.json": definition("A"),
  };
  const { foundInstead } = await saved(await asArchive(files));
  assert.equal(foundInstead?.manifestIn, "repo-main/package");
  assert.deepEqual(foundInstead?.elsewhere, { "repo-main/package": 1 });
  assert.match(
    foundInstead?.sentence ?? "",
    /its package\.json is nested too deep, in repo-main\/package\/;/,
  );

  await assert.rejects(asDirectory(files), (error) => {
    const { code, message } = error as { code: string; message: string };
    return code === "INVALID_VALUE" && message.includes("too deep, in repo-main/package/;");
  });
  const inner = await openPackagePath(join(scratch, String(folders), "repo-main"));
  assert.equal((await saved(inner)).package, "example.ig#1.0.0");
});
