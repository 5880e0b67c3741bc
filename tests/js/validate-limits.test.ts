/** The least and the largest values, and expressions that take long, over schemas written by hand. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { type FhirSchema, validate } from "../../dist/validate/index.js";
import { broken, CORE, setOf } from "./validate-kit.js";

/** The validation of a value of a tree. */
function tree(element: NonNullable<FhirSchema["elements"]>[string], a: unknown) {
  const elements = { a: { scalar: true, ...element } };
  const tree: FhirSchema = { name: "Tree", kind: "resource", base: `${CORE}Resource`, elements };
  const long: FhirSchema = {
    name: "integer64",
    kind: "primitive-type",
    elements: {
      value: {
        minValueInteger64: "-9223372036854775808",
        maxValueInteger64: "9223372036854775807",
      },
    },
  };
  return validate(setOf(tree, long), { resourceType: "Tree", a });
}

test("whole numbers of 64 bits are compared as numbers", () => {
  for (const size of ["95", "93000", "-5", "+7", "0", "9223372036854775807"]) {
    assert.deepEqual(broken(tree({ type: "integer64" }, size)), [], size);
  }
  for (const size of ["9223372036854775808", "-9223372036854775809"]) {
    assert.deepEqual(broken(tree({ type: "integer64" }, size)), ["range Tree.a"], size);
  }
  const limits = { type: "integer64", minValueInteger64: "20", maxValueInteger64: "1000" };
  for (const size of ["20", "100", "1000"]) assert.deepEqual(broken(tree(limits, size)), [], size);
  for (const size of ["3", "1001"]) {
    assert.deepEqual(broken(tree(limits, size)), ["range Tree.a"], size);
  }
});

test("times with zones are compared as instants; where one has none, nothing is told", () => {
  const latest = { type: "string", maxValueDateTime: "2020-01-01T00:00:00Z" };
  assert.deepEqual(broken(tree(latest, "2020-01-01T01:00:00+02:00")), []);
  assert.deepEqual(broken(tree(latest, "2019-12-31T23:30:00-05:00")), ["range Tree.a"]);
  assert.deepEqual(broken(tree(latest, "2020-01-01T05:00:00")), []);
  assert.deepEqual(broken(tree(latest, "2020-06")), []);
  const local = { type: "string", minValueDateTime: "2020-01-01T00:00:00" };
  assert.deepEqual(broken(tree(local, "2019-12-31T23:00:00")), ["range Tree.a"]);
  assert.deepEqual(broken(tree(local, "2019-12-31T23:00:00Z")), []);
});

test("a quantity is told with its unit", () => {
  const heavy = { type: "Quantity", minValueQuantity: { value: 5, code: "kg" } };
  const told = tree(heavy, { value: 4, code: "kg" }).issues.find(({ rule }) => rule === "range");
  assert.equal(told?.message, "4 kg is less than 5 kg");
});

test("an expression that may take forever is not run on long texts, which is told", () => {
  const text = `${"a".repeat(26)}!`;
  const begun = performance.now();
  for (const regex of ["(a+)+", "(a|a)*", "(a|aa){1,}", "a*a*a*a*a*"]) {
    const { issues } = tree({ type: "string", regex }, text);
    const told = issues.map(({ rule, severity, path }) => `${rule} ${severity} ${path}`);
    assert.deepEqual(told, ["format warning Tree.a"], regex);
    assert.match(issues[0]?.message ?? "", /too long/);
    assert.deepEqual(broken(tree({ type: "string", regex }, "aaab")), ["format Tree.a"], regex);
  }
  assert.ok(performance.now() - begun < 2000);
});

test("expressions of FHIR, and those that cannot try many ways, are run on any text", () => {
  const words = "word ".repeat(10_000);
  const begun = performance.now();
  const wrong: [regex: string, text: string][] = [
    ["[^\\s]+(\\s[^\\s]+)*", words],
    ["[^\\s]+([\\s]?[^\\s]+)*", words],
    ["urn:oid:[0-2](\\.(0|[1-9][0-9]*))+", `urn:oid:1${".1".repeat(10_000)}.`],
    ["(?:[A-Za-z0-9+\\/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?", "A".repeat(40_001)],
    ["[a-z*+]+", "A".repeat(1000)],
    ["\\([a-z]+\\)", `(${"a".repeat(1000)}`],
  ];
  for (const [regex, text] of wrong) {
    const { issues } = tree({ type: "string", regex }, text);
    const errors = issues.filter(({ severity }) => severity === "error");
    assert.deepEqual([errors.length, issues.length - errors.length], [1, 0], regex);
  }
  assert.deepEqual(broken(tree({ type: "string", regex: "[^\\s]+([\\s]?[^\\s]+)*" }, "a b c")), []);
  assert.ok(performance.now() - begun < 2000);
});
