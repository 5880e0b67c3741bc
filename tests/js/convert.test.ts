/** The default converter, on every definition of FHIR R4B and on what it must refuse. */

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import {
  fhirSchemaConverter,
  noConverter,
  savePackage,
  schemaDependencies,
} from "../../dist/convert/index.js";
import type { SchemaStoreError } from "../../dist/errors.js";
import type { Conversion, Dependency, JsonObject } from "../../dist/types.js";
import { KINDS, WARNINGS } from "../../js/core/wall.js";
import { openStore } from "./kit.js";
import { packageOf } from "./made-packages.js";

const modules = new URL("../../node_modules/", import.meta.url);
const r4b = new URL("hl7.fhir.r4b.core/", modules);
const core = "http://hl7.org/fhir/StructureDefinition/";
const converter = fhirSchemaConverter();

function definition(name: string): JsonObject {
  return JSON.parse(readFileSync(new URL(`StructureDefinition-${name}.json`, r4b), "utf8"));
}

function targets({ dependencies }: Conversion, kind: string): string[] {
  return dependencies.filter((one) => one.kind === kind).map(({ target }) => target);
}

/** Edges by kind, in the order of the kinds, and by target. */
function inOrder(edges: readonly Dependency[]): Dependency[] {
  const place = ({ kind }: Dependency) => KINDS.indexOf(kind);
  return [...edges].sort(
    (one, other) => place(one) - place(other) || (one.target < other.target ? -1 : 1),
  );
}

test("says who it is", () => {
  assert.deepEqual([converter.id, converter.version], ["fhir-schema-store", "1"]);
  assert.throws(() => fhirSchemaConverter("x" as never), { code: "INVALID_CONFIG" });
});

test("converts all of R4B, with its edges in a fixed order and each once", async () => {
  const names = readdirSync(r4b).filter((name) => name.startsWith("StructureDefinition-"));
  assert.equal(names.length, 651);
  let edges = 0;
  for (const name of names) {
    const text = readFileSync(new URL(name, r4b), "utf8");
    const source = JSON.parse(text);
    const { schema, dependencies, warnings } = await converter.convert(source, text);
    assert.deepEqual(source, JSON.parse(text), `${name} was changed`);
    assert.equal(JSON.parse(schema).url, source.url);
    assert.deepEqual(dependencies, await schemaDependencies(schema));
    assert.deepEqual(dependencies, await schemaDependencies(JSON.parse(schema)));
    assert.deepEqual(dependencies, inOrder(dependencies), name);
    const seen = dependencies.map(({ kind, target }) => `${kind} ${target}`);
    assert.equal(new Set(seen).size, seen.length, name);
    assert.ok(!dependencies.some(({ target }) => target === source.url), `${name} needs itself`);
    assert.ok(
      dependencies.every(({ target }) => target.includes(":")),
      name,
    );
    assert.ok(warnings.every(({ kind }) => WARNINGS.includes(kind)));
    edges += dependencies.length;
  }
  assert.ok(edges > 5000, `${edges}`);
});

test("knows what Patient needs", async () => {
  const patient = await converter.convert(definition("Patient"));
  assert.deepEqual(targets(patient, "base"), [`${core}DomainResource`]);
  assert.deepEqual(
    targets(patient, "reference"),
    ["Organization", "Practitioner", "PractitionerRole", "RelatedPerson"].map(
      (name) => core + name,
    ),
  );
  assert.ok(targets(patient, "type").includes(`${core}HumanName`));
  assert.ok(
    targets(patient, "binding").includes(
      "http://hl7.org/fhir/ValueSet/administrative-gender|4.3.0",
    ),
  );
});

test("converts a definition that comes with its snapshot only", async () => {
  const source = definition("FiveWs");
  assert.equal(source.differential, undefined);
  const { schema } = await converter.convert(source);
  assert.ok(Object.keys(JSON.parse(schema).elements).includes("what"));
});

test("converts a definition without version and snapshot", async () => {
  const { schema } = await converter.convert(definition("example-composition"));
  assert.equal(JSON.parse(schema).url, `${core}example-composition`);
  assert.equal("version" in JSON.parse(schema), false);
});

test("numbers keep the digits of the text", async () => {
  const text =
    '{"resourceType":"StructureDefinition","url":"http://x.org/D","type":"Observation","differential":' +
    '{"element":[{"path":"Observation"},{"path":"Observation.value[x]","type":[{"code":"decimal"}],"fixedDecimal":1.500}]}}';
  const { schema } = await converter.convert(JSON.parse(text), text);
  assert.match(schema, /"value":1\.500\b/);
  const { schema: without } = await converter.convert(JSON.parse(text));
  assert.match(without, /"value":1\.5\b/);
  for (const source of [text, Buffer.from(text), `\ufeff${text}`]) {
    await using store = await openStore({ converter });
    await store.convert(source);
    assert.match(`${await store.getText("http://x.org/D")}`, /"value":1\.500\b/);
  }
  // What a resolver's answer does not say of itself is added to its text.
  const nameless = text.replace('"url":"http://x.org/D",', "");
  await using store = await openStore({ converter, resolver: async () => nameless });
  assert.match(`${await store.getText("http://x.org/D|2")}`, /"value":1\.500\b/);
  // Of a package, from the bytes of its files.
  await using saved = await openStore({ strategy: "memory" });
  const inBundle = text.replace("x.org/D", "x.org/E");
  const deeper = text.replace("x.org/D", "x.org/F");
  const inner = `{"entry":[{"resource":${deeper}}],"resourceType":"Bundle"}`;
  const { failed } = await savePackage(
    saved,
    await packageOf("digits", {
      "b.json": `{"resourceType":"Bundle","entry":[{"resource":${inner}},{"resource":${inBundle}}]}`,
      "d.json": text,
    }),
  );
  assert.deepEqual(failed, []);
  for (const name of ["D", "E", "F"]) {
    assert.match(`${await saved.getText(`http://x.org/${name}`)}`, /"value":1\.500\b/);
  }
});

test("collects every kind of edge", async () => {
  const schema = {
    url: "http://example.org/Own",
    base: "Base",
    elements: {
      own: { type: "http://example.org/Own" },
      system: { type: "http://hl7.org/fhirpath/System.String" },
      inner: { type: "BackboneElement", elements: { deep: { type: "http://example.org/Type" } } },
      subject: { refers: ["http://example.org/B", "http://example.org/A", "http://example.org/B"] },
      ratio: { type: "Ratio", profiles: ["http://example.org/Profile"] },
      code: { binding: { valueSet: "http://example.org/ValueSet|1" } },
      sliced: {
        slicing: {
          slices: {
            named: { schema: "http://example.org/Slice" },
            inline: { schema: { type: "Quantity" } },
          },
        },
      },
    },
    extensions: {
      race: { type: "Extension", url: "http://example.org/Extension" },
      relative: { url: "ombCategory" },
    },
  };
  assert.deepEqual(await schemaDependencies(schema), [
    { kind: "base", target: `${core}Base` },
    { kind: "type", target: "http://example.org/Type" },
    { kind: "type", target: `${core}BackboneElement` },
    { kind: "type", target: `${core}Extension` },
    { kind: "type", target: `${core}Quantity` },
    { kind: "type", target: `${core}Ratio` },
    { kind: "reference", target: "http://example.org/A" },
    { kind: "reference", target: "http://example.org/B" },
    { kind: "extension", target: "http://example.org/Extension" },
    { kind: "binding", target: "http://example.org/ValueSet|1" },
    { kind: "slice", target: "http://example.org/Slice" },
    { kind: "profile", target: "http://example.org/Profile" },
  ]);
});

test("a schema that is none is refused", async () => {
  const schemas = [undefined, null, [], 1, "", "no JSON", "[1]", { n: 1n }, { at: new Date(0) }];
  for (const schema of schemas) {
    await assert.rejects(
      schemaDependencies(schema as never),
      { code: "INVALID_VALUE" },
      `${schema}`,
    );
  }
});

test("names the definition it cannot convert", async () => {
  const url = "http://example.org/StructureDefinition/broken";
  const broken: JsonObject[] = [
    { resourceType: "StructureDefinition", url, differential: { element: [{ id: "no path" }] } },
    { resourceType: "StructureDefinition", url, differential: { element: "none" } },
    { resourceType: "StructureDefinition", url, differential: { element: [null] } },
    { resourceType: "StructureDefinition", url },
    { resourceType: "ValueSet", url },
    { url },
    { resourceType: "StructureDefinition", url, n: 1n },
  ];
  for (const source of broken) {
    await assert.rejects(converter.convert(source), (error: SchemaStoreError) => {
      assert.deepEqual([error.code, error.key], ["CONVERSION", url]);
      assert.match(
        error.message,
        /example\.org\/StructureDefinition\/broken cannot be converted: ./,
      );
      return true;
    });
  }
  const nameless = { resourceType: "StructureDefinition", id: "a", differential: { element: 1 } };
  await assert.rejects(converter.convert(nameless), { message: /\/a cannot/ });
  for (const none of [undefined, null, [], "text", 1]) {
    await assert.rejects(converter.convert(none as never), { code: "CONVERSION" });
  }
});

test("its kinds of warning are those of the guide and of the types", async () => {
  const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
  const guide = read("docs/guides/fhir-schema.md");
  const table = guide.slice(guide.indexOf("## Warnings"));
  const types = read("js/types/convert.ts");
  const union = types.split("\n\n").find((part) => part.includes("type WarningKind")) ?? "";
  const found = (text: string, kind: RegExp) => Array.from(text.matchAll(kind), ([, name]) => name);
  assert.deepEqual(found(table, /^\| `([\w-]+)` \|/gm), [...WARNINGS]);
  assert.deepEqual(found(union, /^ {2}\| "([\w-]+)"/gm), [...WARNINGS]);
});

test("a converter that keeps definitions stores them byte for byte", async () => {
  const text =
    '{ "resourceType": "StructureDefinition", "url": "http://x.org/K", "fixedDecimal": 1.500 }';
  const keeping = noConverter();
  assert.deepEqual([keeping.id, keeping.version], ["none", "1"]);
  assert.throws(() => noConverter("x" as never), { code: "INVALID_CONFIG" });
  await using store = await openStore({ converter: keeping });
  const source = text.replace("1.500", '1.500, "baseDefinition": "http://x.org/B", "name": "K"');
  const { metadata, converted } = await store.convert(source);
  assert.deepEqual([converted, await store.getText("http://x.org/K")], [true, source]);
  assert.deepEqual(metadata.dependencies, [{ kind: "base", target: "http://x.org/B" }]);
  assert.deepEqual([metadata.name, metadata.converter], ["K", "none@1"]);
  assert.equal((await store.convert(source)).converted, false);
  for (const base of ["", 5, "\ud800"]) {
    const odd = JSON.stringify({ ...JSON.parse(text), baseDefinition: base });
    assert.deepEqual((await store.convert(odd)).metadata.dependencies, []);
  }
});
