/** The schemas of a profile: merged, of its types, without what is missing. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { openSchemaStore } from "../../dist/index.node.js";
import {
  type FhirSchema,
  type SchemaMatch,
  schemasFor,
  validate,
} from "../../dist/validate/index.js";
import { broken, CORE, examples, setOf, store, US } from "./validate-kit.js";

const X = "http://example.org/";

async function storeOf(...schemas: readonly object[]) {
  const store = await openSchemaStore({ strategy: "memory" });
  for (const schema of schemas) await store.put(schema);
  return store;
}

/** A profile over one base, merged. */
async function merged(base: FhirSchema, profile: FhirSchema): Promise<FhirSchema> {
  await using store = await storeOf(
    { url: `${X}base`, type: "Tree", kind: "resource", ...base },
    { url: `${X}profile`, type: "Tree", base: `${X}base`, derivation: "constraint", ...profile },
  );
  const schemas = await schemasFor(store, `${X}profile`);
  assert.ok(schemas.merged);
  return schemas.merged;
}

test("what either requires or excludes; the narrower numbers", async () => {
  const both = await merged(
    { required: ["a"], excluded: ["b"], elements: { leaf: { array: true, min: 1, max: 5 } } },
    { required: ["a", "c"], excluded: ["d"], elements: { leaf: { array: true, min: 2, max: 9 } } },
  );
  assert.deepEqual(
    [both.required, both.excluded],
    [
      ["a", "c"],
      ["b", "d"],
    ],
  );
  assert.deepEqual(both.elements?.["leaf"], { array: true, min: 2, max: 5 });
  assert.equal(both.base, undefined);
  assert.equal(both.url, `${X}profile`);
});

test("choices that both allow, invariants of both, bindings overlaid, types replaced", async () => {
  const one = { expression: "a", severity: "error" };
  const both = await merged(
    {
      abstract: true,
      constraint: { a: one, b: one },
      elements: {
        value: { choices: ["valueA", "valueB", "valueC"], isSummary: true },
        valueA: {
          choiceOf: "value",
          type: "A",
          binding: { strength: "example", valueSet: "v", bindingName: "n" },
        },
        either: { types: ["A", "B"], scalar: true },
        only: { type: "A", refers: ["x", "y"] },
      },
    },
    {
      constraint: { b: { expression: "c" }, d: one },
      elements: {
        value: { choices: ["valueC", "valueA"], mustSupport: true },
        valueA: { choiceOf: "value", type: "A", binding: { strength: "required", valueSet: "w" } },
        either: { type: "B" },
        only: { types: ["C", "D"], refers: ["x"] },
        more: { type: "E" },
      },
    },
  );
  assert.deepEqual(both.constraint, { a: one, b: { expression: "c" }, d: one });
  assert.equal(both["abstract"], undefined);
  assert.deepEqual(both.elements, {
    value: { choices: ["valueC", "valueA"], isSummary: true, mustSupport: true },
    valueA: {
      choiceOf: "value",
      type: "A",
      binding: { strength: "required", valueSet: "w", bindingName: "n" },
    },
    either: { scalar: true, type: "B" },
    only: { refers: ["x"], types: ["C", "D"] },
    more: { type: "E" },
  });
});

test("what either forbids is forbidden: rules of slicings, limits, choices", async () => {
  const leaf = (rules: string, limits: object, choices: readonly string[]) => ({
    elements: {
      leaf: { array: true, slicing: { rules, ordered: rules === "closed" }, ...limits },
      value: { choices },
    },
  });
  const tight = { minValueInteger: 5, maxValueDate: "2000-01-01", minValueInteger64: "90" };
  const loose = { minValueInteger: 1, maxValueDate: "2001-01-01", minValueInteger64: "100" };
  const wanted = { ...tight, minValueInteger64: "100" };
  const [one, other] = [leaf("closed", tight, ["a", "b"]), leaf("openAtEnd", loose, ["b", "c"])];
  for (const both of [await merged(one, other), await merged(other, one)]) {
    const slicing = { rules: "closed", ordered: true };
    assert.deepEqual(both.elements, {
      leaf: { array: true, slicing, ...wanted },
      value: { choices: ["b"] },
    });
  }
  const none = await merged(leaf("open", {}, ["a"]), leaf("open", {}, ["b"]));
  assert.deepEqual(none.elements?.["value"], { choices: [] });
});

test("slices by name: a match that is not said anew stays", async () => {
  const match = { type: "pattern", value: { kind: "oak" } };
  const both = await merged(
    {
      elements: {
        leaf: {
          slicing: {
            rules: "open",
            slices: { oak: { min: 1, max: 4, match, schema: { required: ["a"] } } },
          },
        },
      },
    },
    {
      elements: {
        leaf: {
          slicing: {
            rules: "closed",
            slices: { oak: { max: 2, schema: { required: ["b"] } }, elm: { match } },
          },
        },
      },
    },
  );
  assert.deepEqual(both.elements?.["leaf"]?.slicing, {
    rules: "closed",
    slices: { oak: { min: 1, max: 2, match, schema: { required: ["a", "b"] } }, elm: { match } },
  });
});

test("a profile of the items is no match in place of what tells a slice apart", async () => {
  const slices = (match: SchemaMatch) => ({ leaf: { slicing: { slices: { oak: { match } } } } });
  const pattern = { type: "pattern", value: { kind: "oak" } };
  const narrower = { type: "pattern", value: { kind: "oak", old: true } };
  const byProfile = await merged(
    { elements: slices(pattern) },
    { elements: slices({ type: "profile", value: `${X}leaf` }) },
  );
  assert.deepEqual(byProfile.elements, slices(pattern));
  const byPattern = await merged({ elements: slices(pattern) }, { elements: slices(narrower) });
  assert.deepEqual(byPattern.elements, slices(narrower));
});

test("names of elements may be those of all objects", async () => {
  const named = (text: string) =>
    JSON.parse(
      `{ "elements": { "__proto__": { "type": "string", "${text}": 1 }, "constructor": { "type": "string" } } }`,
    );
  const both = await merged(named("min"), named("max"));
  assert.deepEqual(Object.keys(both.elements ?? {}), ["__proto__", "constructor"]);
  assert.equal(Object.getPrototypeOf(both.elements), Object.prototype);
  assert.deepEqual(Object.getOwnPropertyDescriptor(both.elements, "__proto__")?.value, {
    type: "string",
    min: 1,
    max: 1,
  });
  const tree: FhirSchema = { name: "Tree", kind: "resource", ...named("max") };
  const planted = JSON.parse(
    '{ "resourceType": "Tree", "__proto__": "x", "constructor": 5, "toString": "y" }',
  );
  assert.deepEqual(broken(validate(setOf(tree), planted)), [
    "type Tree.constructor",
    "unknown-element Tree.toString",
  ]);
});

test("a definition that is derived from itself is refused by name; what is missing is reported", async () => {
  await using store = await storeOf(
    { url: `${X}a`, base: `${X}b`, elements: { leaf: { type: "Leaf", profiles: [`${X}p`] } } },
    { url: `${X}b`, base: `${X}c` },
    { url: `${X}c`, base: `${X}b` },
    {
      url: `${X}d`,
      base: "no canonical",
      type: "Tree",
      elements: { leaf: { type: "Leaf", extensions: { e: { url: `${X}e` } } } },
    },
  );
  await assert.rejects(schemasFor(store, `${X}a`), {
    code: "INVALID_VALUE",
    key: `${X}a`,
    message: `a definition is derived from itself: ${X}b -> ${X}c -> ${X}b`,
  });
  const schemas = await schemasFor(store, `${X}d`);
  assert.deepEqual(schemas.missing, [`${X}e`, `${CORE}Leaf`, "no canonical"].sort());
  assert.equal(schemas.merged?.base, "no canonical");
  assert.deepEqual(broken(validate(schemas, { resourceType: "Tree", other: 1 })), []);
  const nothing = await schemasFor(store, `${X}nobody`);
  assert.deepEqual([nothing.merged, nothing.missing], [undefined, [`${X}nobody`]]);
  assert.deepEqual(
    validate(nothing, { resourceType: "Tree" }).missing,
    [`${X}nobody`, `${CORE}Tree`].sort(),
  );
});

test("data that names what is derived from itself is not whole, and no error", async () => {
  const extension = { type: "Extension", kind: "complex-type", derivation: "constraint" };
  const cycle = [
    { url: `${X}b`, base: `${X}c`, ...extension },
    { url: `${X}c`, base: `${X}b`, ...extension },
  ];
  const match = { type: "pattern", value: { url: `${X}b` } };
  const sliced = { slicing: { slices: { b: { match, schema: { profiles: [`${X}b`] } } } } };
  const elements = { extension: { type: "Extension", array: true, ...sliced } };
  const tree = { name: "Tree", kind: "resource", elements };
  const data = { resourceType: "Tree", extension: [{ url: `${X}b`, valueString: "x" }] };
  await using store = await storeOf({ url: `${X}tree`, type: "Tree", ...tree }, ...cycle);
  const schemas = await schemasFor(store, `${X}tree`);
  assert.deepEqual(schemas.missing, [`${X}b`, `${X}c`, `${CORE}Extension`].sort());
  assert.ok(validate(schemas, data).missing.includes(`${X}b`));
  assert.deepEqual(validate(setOf(tree, ...cycle), data).missing, [`${X}b`]);
});

test("a store of resources is refused by name; data may name some as profiles", async () => {
  const core = { resourceType: "StructureDefinition", kind: "resource", derivation: "constraint" };
  const url = `${X}profile`;
  await using store = await storeOf(
    { url, ...core, baseDefinition: `${CORE}Patient` },
    { url: `${X}set`, resourceType: "ValueSet" },
    { url: `${X}leaf`, type: "Leaf", base: url },
    { url: `${X}tree`, type: "Tree", resourceType: "FHIRSchema" },
  );
  for (const asked of [url, `${X}leaf`]) {
    await assert.rejects(schemasFor(store, asked), {
      code: "INVALID_VALUE",
      key: url,
      message: `${url} is a StructureDefinition, not a FHIR Schema`,
    });
  }
  await assert.rejects(schemasFor(store, `${X}set`), { code: "INVALID_VALUE", key: `${X}set` });
  const { missing } = await schemasFor(store, `${X}tree`, { also: [`${X}set`] });
  assert.deepEqual(missing, [`${X}set`]);
  const written = { ...setOf(), canonical: url, schemas: new Map([[url, { url, ...core }]]) };
  assert.throws(() => validate(written, { resourceType: "Patient" }), {
    code: "INVALID_VALUE",
    key: url,
  });
});

test("of a profile of US Core: all types, no targets of references but their types", async () => {
  const schemas = await schemasFor(await store(), `${US}us-core-patient`);
  assert.deepEqual(schemas.missing, []);
  assert.equal(schemas.merged?.elements?.["gender"]?.type, "code");
  assert.equal(schemas.types.get("HumanName")?.url, `${CORE}HumanName`);
  assert.ok(schemas.schemas.has(`${US}us-core-race`));
  assert.ok(schemas.schemas.has(`${US}us-core-race|6.1.0`));
  assert.equal(schemas.schemas.has(`${CORE}Organization`), false);
  assert.equal(schemas.targets.get(`${CORE}Organization`), "Organization");
  const followed = await schemasFor(await store(), `${US}us-core-patient`, { references: true });
  assert.ok(followed.schemas.has(`${CORE}Organization`));
  const also = await schemasFor(await store(), `${US}us-core-patient`, {
    also: [`${US}us-core-coverage`],
  });
  assert.ok(also.schemas.has(`${CORE}Coverage`));
});

test("thawed schemas are copies, which may be changed; each is there once", async () => {
  const canonical = `${US}us-core-patient`;
  const schemas = await schemasFor(await store(), canonical, { thawed: true });
  const own = schemas.schemas.get(canonical) as { name: string };
  own.name = "Ours";
  (schemas.merged as { name: string }).name = "Merged";
  assert.equal(schemas.schemas.get(`${canonical}|6.1.0`)?.name, "Ours");
  assert.equal(
    (await (await store()).get<{ name: string }>(canonical))?.name,
    "USCorePatientProfile",
  );
  const frozen = await schemasFor(await store(), canonical);
  assert.ok(Object.isFrozen(frozen.schemas.get(canonical)));
});

test("where a store hands out copies, each schema is there once all the same", async () => {
  await using store = await openSchemaStore({ strategy: "memory", values: "cloned" });
  await store.put({
    url: `${X}a`,
    version: "1",
    base: `${X}b|1`,
    elements: { leaf: { profiles: [`${X}b`] } },
  });
  await store.put({ url: `${X}b`, version: "1" });
  const { schemas } = await schemasFor(store, `${X}a`);
  assert.equal(new Set(schemas.values()).size, 2);
});

test("codes that are no set are refused", async () => {
  const patient = (await examples()).get("Patient/example");
  const schemas = await schemasFor(await store(), `${CORE}Patient`);
  const wrong = { valueSets: () => ["male"] as unknown as ReadonlySet<string> };
  assert.throws(() => validate(schemas, patient, wrong), {
    code: "INVALID_VALUE",
    key: "valueSets",
  });
});

test("an aborted read rejects with the reason of the signal", async () => {
  const signal = AbortSignal.abort(new Error("enough"));
  await assert.rejects(schemasFor(await store(), `${US}us-core-patient`, { signal }), /enough/);
});

test("data that is deeper than any resource is an issue, no overflow of the stack", async () => {
  const patient = (await examples()).get("Patient/example");
  let inner: object = { url: "x", valueString: "y" };
  for (let depth = 0; depth < 5000; depth += 1) inner = { url: "x", extension: [inner] };
  patient.extension.push(inner);
  const schemas = await schemasFor(await store(), `${CORE}Patient`);
  const issues = validate(schemas, patient).issues.filter(({ rule }) => rule === "depth");
  assert.equal(issues.length, 1);
  assert.equal(issues[0]?.code, "too-costly");
});
