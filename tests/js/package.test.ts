/** The FHIR package reader: real packages, the quirks of real ones, and damage. */

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { gunzipSync, gzipSync } from "node:zlib";
import { packTar } from "modern-tar";
import {
  type FhirPackage,
  openPackage,
  openPackagePath,
  type PackageResource,
} from "../../dist/convert/node.js";

const fixture = fileURLToPath(new URL("../fixtures/us_core_311.tgz", import.meta.url));
const usCore = readFileSync(fixture);
const scratch = mkdtempSync(join(tmpdir(), "fss-package-"));
after(() => rmSync(scratch, { recursive: true, force: true }));

const manifest = { name: "example.fhir", version: "1.0.0" };

function definition(name: string, more: object = {}): object {
  const url = `http://example.org/StructureDefinition/${name}`;
  return { resourceType: "StructureDefinition", url, name, kind: "resource", ...more };
}

/** A .tgz of JSON values, or of text as it is. */
async function tgz(files: Record<string, unknown>): Promise<Uint8Array> {
  const entries = Object.entries(files).map(([name, value]) => {
    const body = Buffer.from(typeof value === "string" ? value : JSON.stringify(value));
    return { header: { name, size: body.length }, body };
  });
  return gzipSync(await packTar(entries));
}

/** The same files in a directory of their own. */
function directory(name: string, files: Record<string, unknown>): string {
  const root = join(scratch, name);
  for (const [path, value] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    const text = typeof value === "string" ? value : JSON.stringify(value);
    writeFileSync(join(root, path), text);
  }
  return root;
}

async function all(fhirPackage: FhirPackage, type?: string): Promise<PackageResource[]> {
  const found: PackageResource[] = [];
  for await (const one of fhirPackage.resources(type)) found.push(one);
  return found;
}

async function names(fhirPackage: FhirPackage, type = "StructureDefinition"): Promise<unknown[]> {
  return (await all(fhirPackage, type)).map(({ resource }) => resource.name);
}

test("reads US Core from every kind of source alike", async () => {
  const copy = (): Uint8Array<ArrayBuffer> => Uint8Array.from(usCore);
  const unpacked = await all(await openPackage(usCore));
  const sources = [copy().buffer, new Blob([copy()]), new Blob([copy()]).stream()];
  for (const source of sources) {
    const fhirPackage = await openPackage(source);
    assert.equal(fhirPackage.source, "hl7.fhir.us.core#3.1.1");
    assert.deepEqual(fhirPackage.fhirVersions, ["4.0.1"]);
    assert.deepEqual(fhirPackage.dependencies, { "hl7.fhir.r4.core": "4.0.1" });
    assert.deepEqual(await all(fhirPackage), unpacked);
  }
  const profiles = await all(await openPackagePath(fixture), "StructureDefinition");
  assert.equal(profiles.length, 30);
  assert.deepEqual(
    profiles.map(({ resource }) => resource),
    unpacked
      .map(({ resource }) => resource)
      .filter((r) => r.resourceType === "StructureDefinition"),
  );
});

test("gives resources by file name, with the bytes as they came", async () => {
  const resources = await all(await openPackage(usCore));
  const files = resources.map(({ file }) => file);
  assert.deepEqual(files, [...files].sort());
  for (const { bytes, resource } of resources) {
    assert.deepEqual(JSON.parse(Buffer.from(bytes).toString()), resource);
  }
});

test("reads the flat layout of npm", async () => {
  const path = fileURLToPath(new URL("../../node_modules/hl7.fhir.r4b.core", import.meta.url));
  const fhirPackage = await openPackagePath(path);
  assert.equal(fhirPackage.source, "hl7.fhir.r4b.core#4.3.0");
  assert.deepEqual(fhirPackage.fhirVersions, ["4.3.0"]);
  assert.equal((await all(fhirPackage, "StructureDefinition")).length, 651);
  assert.deepEqual(fhirPackage.problems, []);
});

test("reads the layout of FHIR, and takes only what lies beside the manifest", async () => {
  const files = {
    "package/package.json": manifest,
    "package/.index.json": { "index-version": 1, files: [{ filename: null, id: null }] },
    "package/a.json": definition("A"),
    "package/example/b.json": definition("B"),
    "package/other/c.json": definition("C"),
    "package/notes.txt": "no JSON",
  };
  for (const fhirPackage of [
    await openPackage(await tgz(files)),
    await openPackagePath(directory("layout", files)),
  ]) {
    assert.equal(fhirPackage.source, "example.fhir#1.0.0");
    assert.deepEqual(await names(fhirPackage), ["A"]);
    assert.deepEqual(fhirPackage.problems, []);
  }
});

test("takes another root folder, a ./ before names, and the last of two files of one name", async () => {
  const other = await openPackage(
    await tgz({ "./npm/package.json": manifest, "./npm/a.json": definition("A") }),
  );
  assert.deepEqual([other.source, await names(other)], ["example.fhir#1.0.0", ["A"]]);

  const twice = await packTar(
    ["First", "Second"].map((name) => {
      const body = Buffer.from(JSON.stringify(definition(name)));
      return { header: { name: "package/a.json", size: body.length }, body };
    }),
  );
  assert.deepEqual(await names(await openPackage(gzipSync(twice))), ["Second"]);
});

test("knows a package of the FHIR cache by its folder when its manifest does not say", async () => {
  const path = directory("example.cached#2.0.0", {
    "package/package.json": { description: "neither name nor version" },
    "package/a.json": definition("A"),
  });
  assert.equal((await openPackagePath(path)).source, "example.cached#2.0.0");
});

test("understands the manifests there are", async () => {
  const cases: [object, string[], object][] = [
    [{ fhirVersions: ["4.0.1", "4.3.0"] }, ["4.0.1", "4.3.0"], {}],
    [{ "fhir-version-list": ["3.0.2"] }, ["3.0.2"], {}],
    [{ fhirVersion: "5.0.0", dependencies: null }, ["5.0.0"], {}],
    [{ fhirVersions: [], dependencies: { a: "1.x", b: 2 } }, [], { a: "1.x" }],
    [{ fhirVersions: 4, dependencies: ["a"] }, [], {}],
  ];
  for (const [more, fhirVersions, dependencies] of cases) {
    const read = await openPackage(await tgz({ "package/package.json": { ...manifest, ...more } }));
    assert.deepEqual([read.fhirVersions, read.dependencies], [fhirVersions, dependencies]);
  }
  const nameless = await openPackage(await tgz({ "package/package.json": { name: "only" } }));
  assert.equal(nameless.source, undefined);
});

test("steps over damaged files and says which", async () => {
  const files = {
    "package/package.json": manifest,
    "package/1.json": definition("One"),
    "package/2.json": '{"resourceType":"StructureDefinition","name":',
    "package/3.json": "[]",
    "package/4.json": { notAResource: true },
    "package/5.json": `\ufeff${JSON.stringify(definition("WithMark"))}`,
    "package/6.json": definition("Six", { version: undefined, snapshot: undefined }),
  };
  const path = directory("damaged", files);
  writeFileSync(join(path, "package/7.json"), Buffer.from([0x7b, 0xff, 0x7d]));
  const fhirPackage = await openPackagePath(path);
  for (const round of [1, 2]) {
    assert.deepEqual(await names(fhirPackage), ["One", "WithMark", "Six"], `round ${round}`);
    const problems = fhirPackage.problems.map(({ file, error }) => [file, error.code]);
    assert.deepEqual(problems, [
      ["2.json", "SERIALIZATION"],
      ["7.json", "SERIALIZATION"],
    ]);
    for (const { file, error } of fhirPackage.problems)
      assert.match(error.message, new RegExp(file));
  }
});

test("takes a Bundle or a single resource, as text, bytes or object", async () => {
  const bundle = {
    resourceType: "Bundle",
    entry: [
      { resource: definition("A") },
      {},
      null,
      { resource: 1 },
      { resource: definition("B") },
    ],
  };
  const sources = [bundle, JSON.stringify(bundle), Buffer.from(JSON.stringify(bundle))];
  for (const source of sources) {
    const read = await openPackage(source, { fileName: "bundle.json" });
    assert.deepEqual([read.source, await names(read)], [undefined, ["A", "B"]]);
    assert.deepEqual(
      (await all(read)).map(({ file }) => file),
      ["bundle.json entry 0", "bundle.json entry 4"],
    );
  }
  assert.deepEqual(
    await names(await openPackage(definition("A") as { readonly [m: string]: unknown })),
    ["A"],
  );
  const text = ` ${JSON.stringify(definition("A"))}\n`;
  const [single] = await all(await openPackage(text));
  assert.equal(Buffer.from(single?.bytes ?? []).toString(), text);
});

test("takes Bundles apart for what is in them, and gives those of a package whole", async () => {
  const files = { "b.json": { resourceType: "Bundle", entry: [{ resource: definition("In") }] } };
  assert.deepEqual(await names(await openPackagePath(directory("loose", files))), ["In"]);
  const packaged = await openPackagePath(
    directory("packaged", { ...files, "package.json": manifest }),
  );
  assert.deepEqual(await names(packaged), ["In"]);
  assert.equal((await all(packaged, "Bundle")).length, 1);
  const whole = (await all(packaged)).map(({ resource }) => resource.resourceType);
  assert.deepEqual(whole, ["Bundle"]);
});

test("an archive cut anywhere or damaged is CORRUPT, and names the file", async () => {
  const { length } = usCore;
  for (const cut of [2, 10, 20, 1000, 100_000, length >> 1, length - 20, length - 8, length - 1]) {
    await assert.rejects(
      openPackage(usCore.subarray(0, cut), { fileName: "us.tgz" }),
      (error) => {
        const { code, key, message } = error as { code: string; key: string; message: string };
        return code === "CORRUPT" && key === "us.tgz" && message.includes("us.tgz");
      },
      `cut at ${cut}`,
    );
  }
  const tar = gunzipSync(usCore);
  for (const cut of [100, 512 * 7, 1_000_000, tar.length - 1025]) {
    const archive = gzipSync(tar.subarray(0, cut));
    await assert.rejects(openPackage(archive), { code: "CORRUPT" }, `tar cut at ${cut}`);
  }
  for (const at of [50_000, length >> 1, length - 6]) {
    const flipped = Buffer.from(usCore);
    flipped[at] = (flipped[at] ?? 0) ^ 4;
    await assert.rejects(openPackage(flipped), { code: "CORRUPT" }, `bit flipped at ${at}`);
  }
  await assert.rejects(openPackage(gzipSync("not a tar".repeat(500))), { code: "CORRUPT" });
});

test("what is no package has its own code", async () => {
  const cases: [string | object, string][] = [
    ["", "INVALID_VALUE"],
    ["PK\u0003\u0004", "INVALID_VALUE"],
    ["[1]", "INVALID_VALUE"],
    ["{}", "INVALID_VALUE"],
    ['{"resourceType":', "SERIALIZATION"],
    [{ resourceType: "Bundle", entry: [1n] }, "INVALID_VALUE"],
  ];
  for (const [source, code] of cases) {
    await assert.rejects(openPackage(source as string), { code }, JSON.stringify(code));
  }
  await assert.rejects(openPackage(await tgz({ "package/package.json": "{" })), {
    code: "SERIALIZATION",
  });
  await assert.rejects(openPackagePath(join(scratch, "absent")), { code: "NOT_FOUND" });
  await assert.rejects(openPackagePath(directory("empty", { "a.txt": "" })), {
    code: "INVALID_VALUE",
  });
});
