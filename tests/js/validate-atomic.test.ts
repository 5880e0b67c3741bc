/** The same schemas for the validator of @atomic-ehr/fhirschema. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { type FHIRSchema, validate } from "@atomic-ehr/fhirschema";
import { forAtomicValidator, schemasFor, withSetMethods } from "../../dist/validate/index.js";
import { PLANTED } from "./planted.js";
import { CORE, type Example, examples, store, US } from "./validate-kit.js";

async function issuesOf(resource: Example): Promise<string[] | undefined> {
  const canonical = resource.meta?.profile?.[0] ?? CORE + resource.resourceType;
  const schemas = await schemasFor(await store(), canonical);
  if (schemas.merged === undefined) return undefined;
  const { profile, types } = forAtomicValidator<FHIRSchema>(schemas);
  const { outcome } = withSetMethods(() => validate(resource, profile, types));
  return outcome.issue.map((issue: { details?: { text?: string } }) => issue.details?.text ?? "");
}

test("it reads every profile, and has no issue with any example", async () => {
  let missing = 0;
  for (const [name, example] of await examples()) {
    const issues = await issuesOf(example);
    if (issues === undefined) missing += 1;
    else assert.deepEqual(issues, [], name);
  }
  assert.equal(missing, 3);
});

/** What docs/guides/validate.md says that it cannot check. */
const NOT_FOUND: readonly string[] = [
  "race with a value",
  "a part of race of another type",
  "an extension of another type",
  "an extension without value",
  "another code",
  "no time of a measurement",
  "the choice itself",
  "no medication",
  "a day that there is not",
  "an array where one is allowed",
  "no array where many are",
  "an empty array",
  "an empty object",
  "what is beside a date, with what there is not",
  "a value beside a date",
  "_name that is no array",
  "a code that the value set has not",
  "a coding that the value set has not",
  "a category of no slice that must be there",
  "a reference to another type",
  "a reference to what it says is of another type",
  "a reference into itself, of another type",
  "an error in what is contained",
  "an error in an entry",
  "something contained of no type",
  "a profile of another type",
];

test("what it does not find of the planted errors is what the guide says", async () => {
  const notFound: string[] = [];
  for (const [what, name, plant] of PLANTED) {
    const example = (await examples()).get(name);
    plant(example);
    const issues = await issuesOf(JSON.parse(JSON.stringify(example))).catch((error) => [
      String(error),
    ]);
    if (issues?.length === 0) notFound.push(what);
  }
  assert.deepEqual(notFound, NOT_FOUND);
});

test("sets have the methods during the call, and are as before afterwards", () => {
  const before = Object.getOwnPropertyNames(Set.prototype);
  const both = withSetMethods(() => {
    const sets = new Set([1, 2]) as Set<number> & { intersection(other: Set<number>): Set<number> };
    return [...sets.intersection(new Set([2, 3]))];
  });
  assert.deepEqual(both, [2]);
  assert.throws(() => withSetMethods(() => assert.fail("thrown inside")), /thrown inside/);
  assert.deepEqual(Object.getOwnPropertyNames(Set.prototype), before);
});

test("a profile that is missing is refused", async () => {
  const schemas = await schemasFor(await store(), `${US}nobody`);
  assert.throws(() => forAtomicValidator(schemas), { code: "INVALID_VALUE", key: "merged" });
});
