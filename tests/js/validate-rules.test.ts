/** Rules of the validator that US Core has no use for, over schemas written by hand; and hostile input. */

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { SchemaStoreError } from "../../dist/errors.js";
import { type FhirSchema, type SchemaElement, validate } from "../../dist/validate/index.js";
import { broken, CORE, type Example, examples, schemasOf, setOf } from "./validate-kit.js";

const RESOURCE = { kind: "resource", base: `${CORE}Resource` };

/** Issues of a tree with these elements. */
function issues(elements: FhirSchema["elements"], data: object, ...others: FhirSchema[]): string[] {
  const tree: FhirSchema = { name: "Tree", ...RESOURCE, elements: elements ?? {} };
  return broken(validate(setOf(tree, ...others), { resourceType: "Tree", ...data }));
}

test("constants, bare and with their type; of arrays, and of all items together", () => {
  const fixed = (constant: unknown): FhirSchema["elements"] => ({
    a: { type: "Coding", fixed: constant },
  });
  const coding = { system: "s", code: "c" };
  assert.deepEqual(issues(fixed(coding), { a: { code: "c", system: "s" } }), []);
  assert.deepEqual(issues(fixed({ type: "Coding", value: coding }), { a: coding }), []);
  assert.deepEqual(issues(fixed(coding), { a: { ...coding, display: "d" } }), ["fixed Tree.a"]);
  const pattern = (constant: unknown): FhirSchema["elements"] => ({
    a: { type: "Coding", pattern: constant },
  });
  assert.deepEqual(issues(pattern(coding), { a: { ...coding, display: "d" } }), []);
  assert.deepEqual(issues(pattern(coding), { a: { system: "s" } }), ["pattern Tree.a"]);
  const all: FhirSchema["elements"] = {
    a: { type: "Coding", array: true, fixed: [coding] },
    b: { type: "Coding", array: true, pattern: [coding] },
  };
  assert.deepEqual(issues(all, { a: [coding], b: [{ code: "x" }, coding] }), []);
  assert.deepEqual(issues(all, { a: [coding, coding], b: [{ code: "x" }] }), [
    "fixed Tree.a",
    "pattern Tree.b",
  ]);
  const number: FhirSchema["elements"] = {
    a: { type: "integer", fixed: { type: "integer", value: 1 } },
  };
  assert.deepEqual(issues(number, JSON.parse('{ "a": 1.0 }')), []);
  assert.deepEqual(issues(number, { a: 2 }), ["fixed Tree.a"]);
});

test("the least, the largest and the longest; an expression of an element; other names of members", () => {
  const elements: FhirSchema["elements"] = {
    count: { type: "integer", minValueInteger: 1, maxValueInteger: 5 },
    day: { type: "date", minValueDate: "2000-01-01" },
    name: { type: "string", maxLength: 3, regex: "[a-z\ud83c\udf33]+" },
    weight: { type: "Coding", maxValueQuantity: { value: 5, code: "kg" } },
  };
  assert.deepEqual(issues(elements, { count: 5, day: "2000", name: "a\ud83c\udf33" }), []);
  assert.deepEqual(issues(elements, { count: 0, day: "1999-12", name: "abcd" }), [
    "length Tree.name",
    "range Tree.count",
    "range Tree.day",
  ]);
  assert.deepEqual(issues(elements, { count: 6, name: "A" }), [
    "format Tree.name",
    "range Tree.count",
  ]);
  const invariant = { expression: "true", severity: "warning", human: "h" };
  const tree: FhirSchema = { name: "Tree", ...RESOURCE, constraints: { t: invariant } };
  const { deferred } = validate(setOf(tree), { resourceType: "Tree" });
  assert.deepEqual(deferred, [
    { kind: "invariant", path: "Tree", element: { resourceType: "Tree" }, key: "t", ...invariant },
  ]);
});

test("white space is that of FHIR, and expressions take no time", () => {
  const text: FhirSchema["elements"] = { a: { type: "string" } };
  assert.deepEqual(issues(text, { a: "a\u00a0b" }), []);
  const bytes = {
    name: "base64Binary",
    kind: "primitive-type",
    regex: "(\\s*([0-9a-zA-Z\\+\\/=]){4}\\s*)+",
  };
  const photo: FhirSchema["elements"] = { a: { type: "base64Binary" } };
  const begun = performance.now();
  assert.deepEqual(issues(photo, { a: "AAAA   ".repeat(100_000) }, bytes), []);
  assert.deepEqual(issues(photo, { a: `${"AAAA   ".repeat(100_000)}*` }, bytes), ["format Tree.a"]);
  assert.ok(performance.now() - begun < 2000);
});

test("one of several types, one of several profiles", () => {
  const either: FhirSchema["elements"] = { a: { types: ["integer", "boolean"], scalar: true } };
  assert.deepEqual(issues(either, { a: true }), []);
  assert.deepEqual(issues(either, { a: 1 }), []);
  assert.deepEqual(issues(either, { a: "x" }), ["type Tree.a"]);
  const profile = (name: string, required: string): FhirSchema => ({
    name,
    url: `http://x/${name}`,
    type: "Coding",
    kind: "complex-type",
    derivation: "constraint",
    base: `${CORE}Coding`,
    required: [required],
  });
  const both = [profile("Coded", "code"), profile("Shown", "display")];
  const several: FhirSchema["elements"] = {
    a: { type: "Coding", profiles: ["http://x/Coded", "http://x/Shown"] },
  };
  assert.deepEqual(issues(several, { a: { display: "d" } }, ...both), []);
  assert.deepEqual(issues(several, { a: { system: "s" } }, ...both), ["profile Tree.a"]);
  const one: FhirSchema["elements"] = { a: { type: "Coding", profiles: ["http://x/Coded"] } };
  assert.deepEqual(issues(one, { a: { display: "d" } }, ...both), ["required Tree.a.code"]);
  assert.deepEqual(issues(several, { a: { system: "s" } }, profile("Coded", "code")), []);
});

test("elements that are like others, as deep as the data is", () => {
  const item: SchemaElement = {
    array: true,
    required: ["link"],
    elements: {
      link: { type: "string", scalar: true },
      item: { array: true, elementReference: [`${CORE}Tree`, "elements", "item"] },
    },
  };
  const deep = { item: [{ link: "1", item: [{ link: "2", item: [{ leaf: true }] }] }] };
  assert.deepEqual(issues({ item }, deep), [
    "required Tree.item[0].item[0].item[0].link",
    "unknown-element Tree.item[0].item[0].item[0].leaf",
  ]);
  assert.deepEqual(issues({ item }, { item: [{ link: "1", item: { link: "2" } }] }), [
    "not-array Tree.item[0].item",
  ]);
});

test("types of references: from the text, from what is contained, or the caller's", () => {
  const refers: FhirSchema["elements"] = {
    from: { type: "Reference", refers: [`${CORE}Tree`, `${CORE}Bush`] },
  };
  const contained = [
    { resourceType: "Tree", id: "a" },
    { resourceType: "Rock", id: "b" },
  ];
  const rock: FhirSchema = { name: "Rock", ...RESOURCE };
  const from = (reference: string, more = {}) =>
    issues(refers, { contained, from: { reference, ...more } }, rock);
  for (const right of [
    "Tree/1",
    "Bush/1/_history/2",
    "http://x/fhir/Tree/1",
    "#a",
    "urn:uuid:1",
    "http://x/Any/1",
  ]) {
    assert.deepEqual(from(right), [], right);
  }
  for (const wrong of ["Rock/1", "#b", "http://x/fhir/Rock/1", "Any/1"]) {
    assert.deepEqual(from(wrong), ["reference-type Tree.from"], wrong);
  }
  assert.deepEqual(from("urn:uuid:1", { type: "Rock" }), ["reference-type Tree.from"]);
  assert.deepEqual(issues(refers, { from: { type: "Rock" } }), ["reference-type Tree.from"]);
  const any: FhirSchema["elements"] = { from: { type: "Reference", refers: ["Resource"] } };
  assert.deepEqual(issues(any, { from: { reference: "Rock/1" } }), []);
});

test("what JSON of FHIR has beside elements: comments, _name, nulls in both", () => {
  const elements: FhirSchema["elements"] = { name: { type: "string", array: true, min: 2 } };
  const extension = [{ url: "http://x/e", valueString: "x" }];
  assert.deepEqual(
    issues(elements, { fhir_comments: ["x"], name: ["a", null], _name: [null, { extension }] }),
    [],
  );
  assert.deepEqual(issues(elements, { _name: [{ extension }, { extension }] }), []);
  assert.deepEqual(issues(elements, { name: ["a", null], _name: [null, null] }), [
    "null Tree.name[1]",
  ]);
  assert.deepEqual(issues(elements, { name: ["a"] }), ["min Tree.name"]);
});

test("data of other types than resources", () => {
  const schemas = setOf({
    name: "Name",
    kind: "complex-type",
    elements: { family: { type: "string" } },
  });
  assert.deepEqual(broken(validate(schemas, { family: "x" })), []);
  assert.deepEqual(broken(validate(schemas, { given: "x" })), ["unknown-element Name.given"]);
});

test("names that are no names of FHIRPath stand in it all the same", () => {
  assert.deepEqual(issues({}, { "a-b": 1, "c`d": 2 }), [
    "unknown-element Tree.`a-b`",
    "unknown-element Tree.`c\\`d`",
  ]);
});

const JUNK = fc.oneof(
  fc.constantFrom<unknown>(null, 0, -1.5, "", "x", true, [], {}, [null], [[]], { resourceType: 5 }),
  fc.constantFrom<unknown>(
    { url: 5 },
    `${CORE}Patient`,
    { min: "1" },
    JSON.parse('{"__proto__":1}'),
  ),
  fc.jsonValue({ maxDepth: 2 }),
);

/** Sets something in a value, at the place that the numbers lead to. */
function spoil(value: Example, steps: readonly number[], junk: unknown): void {
  let at = value;
  for (const step of steps) {
    const names = Object.keys(at);
    const name = names[step % names.length];
    if (name === undefined || typeof at[name] !== "object" || at[name] === null) break;
    at = at[name];
  }
  const names = Object.keys(at);
  at[names[(steps[0] ?? 0) % names.length] ?? "x"] = junk;
}

test("whatever data and schemas hold, a validation ends, and what it throws has a code", async () => {
  const patient = (await examples()).get("Patient/example");
  const pressure = (await examples()).get("Observation/blood-pressure");
  const steps = fc.array(fc.nat(1000), { minLength: 1, maxLength: 8 });
  const spoilings = fc.array(fc.tuple(steps, JUNK), { maxLength: 4 });
  const cases = await Promise.all(
    [patient, pressure].map(async (it) => [it, await schemasOf(it)] as const),
  );
  const property = fc.property(
    fc.constantFrom(...cases),
    spoilings,
    spoilings,
    ([example, known], data, schema) => {
      const resource = structuredClone(example);
      for (const [path, junk] of data) spoil(resource, path, junk);
      const schemas = new Map(known.schemas);
      const names = [...schemas.keys()];
      for (const [path, junk] of schema) {
        const name = names[(path[0] ?? 0) % names.length] ?? "";
        const spoilt = structuredClone(schemas.get(name)) as Example;
        spoil(spoilt, path, junk);
        schemas.set(name, spoilt);
      }
      try {
        validate({ ...known, schemas, merged: undefined }, resource);
      } catch (error) {
        assert.ok(error instanceof SchemaStoreError, String(error));
      }
    },
  );
  fc.assert(property, { numRuns: 300, seed: 13 });
});
