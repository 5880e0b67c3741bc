/** Slices of every kind, over schemas written by hand. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { type FhirSchema, type SchemaSlicing, validate } from "../../dist/validate/index.js";
import { broken, CORE, type Example, setOf } from "./validate-kit.js";

const BASKET: FhirSchema = {
  name: "Basket",
  kind: "resource",
  base: `${CORE}Resource`,
  elements: {
    fruit: {
      array: true,
      elements: {
        kind: { type: "code", scalar: true },
        place: { type: "string", scalar: true },
        ripe: { type: "boolean", scalar: true },
        coding: { type: "Coding", array: true },
        weight: { choices: ["weightInteger", "weightString"] },
        weightInteger: { choiceOf: "weight", type: "integer", scalar: true },
        weightString: { choiceOf: "weight", type: "string", scalar: true },
      },
    },
    from: { type: "Reference", array: true },
    entry: { array: true, elements: { resource: { type: "Resource", scalar: true } } },
  },
};

/** A profile of the basket whose fruits, or other items, are sliced. */
function found(slicing: SchemaSlicing, data: Example, element = "fruit", ...others: FhirSchema[]) {
  const profile: FhirSchema = {
    name: "Sliced",
    url: "http://example.org/Sliced",
    type: "Basket",
    kind: "resource",
    derivation: "constraint",
    base: `${CORE}Basket`,
    elements: { [element]: { slicing } },
  };
  return validate(setOf(profile, BASKET, ...others), { resourceType: "Basket", ...data });
}

const kind = (code: string) => ({ type: "pattern", value: { kind: code } });
const fruits = (...kinds: string[]) => ({ fruit: kinds.map((code) => ({ kind: code })) });

test("closed: every item belongs to a slice", () => {
  const slicing = { rules: "closed", slices: { apple: { match: kind("apple") } } };
  assert.deepEqual(broken(found(slicing, fruits("apple", "apple"))), []);
  assert.deepEqual(broken(found(slicing, fruits("apple", "pear"))), [
    "slice-closed Basket.fruit[1]",
  ]);
  assert.deepEqual(broken(found({ ...slicing, rules: "open" }, fruits("apple", "pear"))), []);
});

test("@default: what holds for all others", () => {
  const slicing: SchemaSlicing = {
    rules: "closed",
    slices: {
      apple: { match: kind("apple") },
      "@default": { max: 1, schema: { required: ["place"] } },
    },
  };
  assert.deepEqual(broken(found(slicing, fruits("apple", "pear"))), [
    "required Basket.fruit[1].place",
  ]);
  const two = {
    fruit: [
      { kind: "pear", place: "x" },
      { kind: "plum", place: "x" },
    ],
  };
  assert.deepEqual(broken(found(slicing, two)), ["slice-max Basket.fruit"]);
});

test("ordered, and open at the end", () => {
  const slicing: SchemaSlicing = {
    ordered: true,
    slices: { apple: { order: 0, match: kind("apple") }, pear: { order: 1, match: kind("pear") } },
  };
  assert.deepEqual(broken(found(slicing, fruits("apple", "apple", "pear"))), []);
  assert.deepEqual(broken(found(slicing, fruits("apple", "pear", "apple"))), [
    "slice-order Basket.fruit[2]",
  ]);
  assert.deepEqual(broken(found(slicing, fruits("plum", "apple"))), []);
  const atEnd = { ...slicing, rules: "openAtEnd" };
  assert.deepEqual(broken(found(atEnd, fruits("apple", "plum"))), []);
  assert.deepEqual(broken(found(atEnd, fruits("plum", "apple"))), ["slice-order Basket.fruit[1]"]);
});

test("by position, by existence, by type, by several at once", () => {
  const second = {
    slices: { second: { match: { type: "position", value: 1 }, schema: { required: ["place"] } } },
  };
  assert.deepEqual(broken(found(second, fruits("a", "b", "c"))), [
    "required Basket.fruit[1].place",
  ]);
  const placed = {
    slices: { placed: { max: 1, match: { type: "exists", value: { place: true } } } },
  };
  const two = { fruit: [{ place: "x" }, { kind: "a" }, { place: "y" }] };
  assert.deepEqual(broken(found(placed, two)), ["slice-max Basket.fruit"]);
  const unplaced = {
    slices: { unplaced: { min: 2, match: { type: "exists", value: { place: false } } } },
  };
  assert.deepEqual(broken(found(unplaced, two)), ["slice-min Basket.fruit"]);
  const weighed = {
    slices: { weighed: { max: 0, match: { type: "type", value: { weight: "integer" } } } },
  };
  assert.deepEqual(
    broken(found(weighed, { fruit: [{ weightInteger: 1 }, { weightString: "x" }] })),
    ["slice-max Basket.fruit"],
  );
  const both = { type: "all", value: [kind("apple"), { type: "exists", value: { place: true } }] };
  const all = { slices: { both: { max: 0, match: both } } };
  assert.deepEqual(broken(found(all, { fruit: [{ kind: "apple" }, { place: "x" }] })), []);
  assert.deepEqual(broken(found(all, { fruit: [{ kind: "apple", place: "x" }] })), [
    "slice-max Basket.fruit",
  ]);
});

test("patterns go through arrays and choices; numbers count by value", () => {
  const coded = { type: "pattern", value: { coding: [{ code: "x" }] } };
  const slicing = { slices: { x: { max: 0, match: coded } } };
  assert.deepEqual(
    broken(found(slicing, { fruit: [{ coding: [{ code: "y" }, { code: "x" }] }] })),
    ["slice-max Basket.fruit"],
  );
  assert.deepEqual(broken(found(slicing, { fruit: [{ coding: [{ code: "y" }] }] })), []);
  const heavy = { slices: { x: { max: 0, match: { type: "pattern", value: { weight: 10.0 } } } } };
  assert.deepEqual(broken(found(heavy, { fruit: [{ weightInteger: 10 }] })), [
    "slice-max Basket.fruit",
  ]);
});

test("a slice of a slice has only items of that one; a profile of a profile tells slices further", () => {
  const slicing: SchemaSlicing = {
    slices: {
      apple: { match: kind("apple") },
      "apple/ripe": { max: 1, reslice: "apple", match: { type: "pattern", value: { ripe: true } } },
    },
  };
  const ripe = (code: string) => ({ kind: code, ripe: true });
  assert.deepEqual(broken(found(slicing, { fruit: [ripe("apple"), ripe("pear")] })), []);
  assert.deepEqual(broken(found(slicing, { fruit: [ripe("apple"), ripe("apple")] })), [
    "slice-max Basket.fruit",
  ]);
  const base: FhirSchema = {
    name: "Apples",
    url: "http://example.org/Apples",
    type: "Basket",
    kind: "resource",
    derivation: "constraint",
    base: `${CORE}Basket`,
    elements: {
      fruit: { slicing: { rules: "closed", slices: { apple: { max: 3, match: kind("apple") } } } },
    },
  };
  const none: FhirSchema = {
    ...base,
    url: "http://example.org/NoApples",
    base: String(base.url),
    elements: { fruit: { slicing: { slices: { apple: { max: 0, sliceIsConstraining: true } } } } },
  };
  const basket = { resourceType: "Basket", ...fruits("apple", "pear") };
  assert.deepEqual(broken(validate(setOf(none, base, BASKET), basket)), [
    "slice-closed Basket.fruit[1]",
    "slice-max Basket.fruit",
  ]);
});

test("by profile, and by the type of a resource", () => {
  const named: FhirSchema = {
    name: "Named",
    url: "http://example.org/Named",
    type: "Tree",
    kind: "resource",
    derivation: "constraint",
    base: `${CORE}Tree`,
    required: ["name"],
  };
  const tree: FhirSchema = {
    name: "Tree",
    kind: "resource",
    base: `${CORE}Resource`,
    elements: { name: { type: "string", scalar: true } },
  };
  const match = { type: "profile", value: { resource: "http://example.org/Named" } };
  const slicing = { slices: { named: { min: 1, match } } };
  const entry = (name?: string) => ({
    entry: [{ resource: { resourceType: "Tree", ...(name && { name }) } }],
  });
  assert.deepEqual(broken(found(slicing, entry("oak"), "entry", named, tree)), []);
  assert.deepEqual(broken(found(slicing, entry(), "entry", named, tree)), [
    "slice-min Basket.entry",
  ]);
  const typed = {
    slices: {
      tree: { max: 0, match: { type: "type", value: { resource: { resourceType: "Tree" } } } },
    },
  };
  assert.deepEqual(broken(found(typed, entry(), "entry", named, tree)), ["slice-max Basket.entry"]);
  const unknown = { ...match, value: { resource: "http://example.org/Nobody" } };
  const { issues, missing, deferred } = found(
    { slices: { named: { min: 1, match: unknown } } },
    entry(),
    "entry",
    tree,
  );
  assert.deepEqual([issues, missing], [[], ["http://example.org/Nobody"]]);
  assert.deepEqual(deferred, [{ kind: "slice", path: "Basket.entry[0]", slice: "named" }]);
});

test("references are followed where what they point at is in the resource", () => {
  const tree: FhirSchema = {
    name: "Tree",
    kind: "resource",
    base: `${CORE}Resource`,
    elements: { name: { type: "string", scalar: true } },
  };
  const match = { type: "type", "resolve-ref": true, value: "Tree" };
  const slicing = { slices: { tree: { max: 0, match } } };
  const contained = [{ resourceType: "Tree", id: "oak" }];
  const from = (reference: string) => ({ contained, from: [{ reference }] });
  assert.deepEqual(broken(found(slicing, from("#oak"), "from", tree)), ["slice-max Basket.from"]);
  assert.deepEqual(broken(found(slicing, from("Tree/1"), "from", tree)), ["slice-max Basket.from"]);
  assert.deepEqual(broken(found(slicing, from("Basket/1"), "from", tree)), []);
  assert.deepEqual(found(slicing, from("urn:uuid:1"), "from", tree).deferred, [
    { kind: "slice", path: "Basket.from[0]", slice: "tree" },
  ]);
  const named = { type: "pattern", "resolve-ref": true, value: { id: "oak" } };
  const byPattern = { slices: { oak: { max: 0, match: named } } };
  assert.deepEqual(broken(found(byPattern, from("#oak"), "from", tree)), ["slice-max Basket.from"]);
});

test("a binding tells slices apart if the codes are at hand, else the caller has to", () => {
  const match = { type: "binding", value: { strength: "required", valueSet: "http://x/v" } };
  const coded: SchemaSlicing = {
    slices: { known: { min: 1, match: { ...match, value: { coding: match.value } } } },
  };
  const schemas = (slicing: SchemaSlicing) =>
    setOf({
      ...BASKET,
      elements: { ...BASKET.elements, fruit: { ...BASKET.elements?.["fruit"], slicing } },
    });
  const basket = { resourceType: "Basket", fruit: [{ coding: [{ system: "s", code: "a" }] }] };
  const codes = (...known: string[]) => ({ valueSets: () => new Set(known) });
  assert.deepEqual(broken(validate(schemas(coded), basket, codes("s|a"))), []);
  assert.deepEqual(broken(validate(schemas(coded), basket, codes("t|a"))), [
    "slice-min Basket.fruit",
  ]);
  assert.equal(validate(schemas(coded), basket).deferred[0]?.kind, "slice");
});

test("a slice without a match is the caller's", () => {
  const { issues, deferred } = found({ slices: { some: { min: 1, max: 0 } } }, fruits("apple"));
  assert.deepEqual(issues, []);
  assert.deepEqual(deferred, [{ kind: "slice", path: "Basket.fruit[0]", slice: "some" }]);
});

test("slices of a slice: the rules in its schema are about its items", () => {
  const ripe = (value: boolean) => ({ type: "pattern", value: { ripe: value } });
  const slicing = (rules: string, ordered: boolean): SchemaSlicing => ({
    rules: "open",
    slices: {
      apple: { match: kind("apple"), schema: { slicing: { rules, ordered } } },
      "apple/ripe": { order: 0, reslice: "apple", match: ripe(true) },
      "apple/green": { order: 1, reslice: "apple", match: ripe(false) },
    },
  });
  const apple = (value?: boolean) => ({
    kind: "apple",
    ...(value !== undefined && { ripe: value }),
  });
  const fruit = [{ kind: "pear" }, apple(false), apple(), apple(true)];
  assert.deepEqual(broken(found(slicing("open", false), { fruit })), []);
  assert.deepEqual(broken(found(slicing("closed", false), { fruit })), [
    "slice-closed Basket.fruit[2]",
  ]);
  assert.deepEqual(broken(found(slicing("openAtEnd", true), { fruit })), [
    "slice-order Basket.fruit[3]",
  ]);
});

test("slices that are null are no slices", () => {
  const nothing = { a: null, "@default": null } as unknown as NonNullable<SchemaSlicing["slices"]>;
  assert.deepEqual(broken(found({ slices: nothing }, fruits("apple"))), []);
  const extension = [{ url: "http://example.org/x", valueString: "y" }];
  const { issues } = found({ slices: nothing }, { extension }, "extension");
  assert.deepEqual(issues, []);
});

test("the entries of a Bundle are read once for all references in it", () => {
  const refers = [`${CORE}Basket`];
  const basket = { ...BASKET, elements: { from: { type: "Reference", array: true, refers } } };
  const elements = { fullUrl: { type: "uri" }, resource: { type: "Resource" } };
  const bundle = { name: "Bundle", kind: "resource", base: `${CORE}Resource` };
  const schemas = setOf({ ...bundle, elements: { entry: { array: true, elements } } }, basket);
  const size = 100;
  let reads = 0;
  const entry = Array.from({ length: size }, (_, id) => ({
    get fullUrl() {
      reads += 1;
      return `urn:x:${id}`;
    },
    resource: {
      resourceType: "Basket",
      id: `${id}`,
      from: [{ reference: `Basket/${size - 1 - id}` }, { reference: `urn:x:${size - 1 - id}` }],
    },
  }));
  const { issues, deferred } = validate(schemas, { resourceType: "Bundle", entry });
  assert.deepEqual([issues.length, deferred.length], [0, 0]);
  assert.ok(reads < 10 * size, `${reads}`);
});
