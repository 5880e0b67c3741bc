/** The default converter, on every definition of FHIR R4B and on what it must refuse. */

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { fhirSchemaConverter, schemaDependencies } from "../../dist/convert/index.js";
import type { Conversion, JsonObject } from "../../dist/types.js";

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

function codeOf(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    const { code, key, message } = error as { code: string; key: string; message: string };
    return { code, key, message };
  }
  return undefined;
}

test("names the bundled library, its version and ours", () => {
  const library = new URL("@atomic-ehr/fhirschema/package.json", modules);
  const { name, version } = JSON.parse(readFileSync(library, "utf8"));
  assert.deepEqual([converter.id, converter.version], [name, `${version}+1`]);
});

test("converts all of R4B, with its edges in a fixed order and each once", () => {
  const names = readdirSync(r4b).filter((name) => name.startsWith("StructureDefinition-"));
  assert.equal(names.length, 651);
  let edges = 0;
  for (const name of names) {
    const source = JSON.parse(readFileSync(new URL(name, r4b), "utf8"));
    const before = JSON.stringify(source);
    const { schema, dependencies } = converter.convert(source);
    assert.equal(JSON.stringify(source), before, `${name} was changed`);
    assert.equal(schema.url, source.url);
    assert.ok(!JSON.stringify(schema).includes("Circular"), `${name} lost what it has twice`);
    assert.deepEqual(JSON.parse(JSON.stringify(schema)), schema, `${name} is not plain JSON`);
    const seen = dependencies.map(({ kind, target }) => `${kind} ${target}`);
    assert.equal(new Set(seen).size, seen.length, name);
    assert.ok(!dependencies.some(({ target }) => target === source.url), `${name} needs itself`);
    assert.ok(
      dependencies.every(({ target }) => target.includes(":")),
      name,
    );
    edges += dependencies.length;
  }
  assert.equal(edges, 5672);
});

test("knows what Patient needs", () => {
  const patient = converter.convert(definition("Patient"));
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

test("converts a definition that comes with its snapshot only", () => {
  const source = definition("FiveWs");
  assert.equal(source.differential, undefined);
  const { schema } = converter.convert(source);
  assert.ok(Object.keys(schema.elements as object).includes("what"));
});

test("converts a definition without version and snapshot", () => {
  const { schema } = converter.convert(definition("example-composition"));
  assert.equal(schema.url, `${core}example-composition`);
  assert.equal("version" in schema, false);
});

test("collects every kind of edge", () => {
  const schema = {
    url: "http://example.org/Own",
    base: "Base",
    elements: {
      own: { type: "http://example.org/Own" },
      system: { type: "http://hl7.org/fhirpath/System.String" },
      inner: { type: "BackboneElement", elements: { deep: { type: "http://example.org/Type" } } },
      subject: { refers: ["http://example.org/B", "http://example.org/A", "http://example.org/B"] },
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
  assert.deepEqual(schemaDependencies(schema), [
    { kind: "base", target: `${core}Base` },
    { kind: "type", target: "http://example.org/Type" },
    { kind: "type", target: `${core}BackboneElement` },
    { kind: "type", target: `${core}Extension` },
    { kind: "type", target: `${core}Quantity` },
    { kind: "reference", target: "http://example.org/A" },
    { kind: "reference", target: "http://example.org/B" },
    { kind: "extension", target: "http://example.org/Extension" },
    { kind: "binding", target: "http://example.org/ValueSet|1" },
    { kind: "slice", target: "http://example.org/Slice" },
  ]);
});

test("names the definition it cannot convert", () => {
  const url = "http://example.org/StructureDefinition/broken";
  const broken: JsonObject[] = [
    { resourceType: "StructureDefinition", url, differential: { element: [{ id: "no path" }] } },
    { resourceType: "StructureDefinition", url, differential: { element: "none" } },
    { resourceType: "StructureDefinition", url, differential: { element: [null] } },
    { resourceType: "ValueSet", url },
    { url },
  ];
  for (const source of broken) {
    const error = codeOf(() => converter.convert(source)) as { message: string } | undefined;
    assert.ok(error, JSON.stringify(source));
    assert.deepEqual({ ...error, message: "" }, { code: "CONVERSION", key: url, message: "" });
    assert.match(error.message, /example\.org\/StructureDefinition\/broken/);
  }
  const nameless = { resourceType: "StructureDefinition", id: "a", differential: { element: 1 } };
  assert.match(String((codeOf(() => converter.convert(nameless)) as Error).message), /\/a cannot/);
});
