/** The examples that US Core publishes, and the definitions that describe it, are valid. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { broken, CORE, examples, schemasOf, US, validated } from "./validate-kit.js";

/** Profiles and extensions that the examples name, and that neither R4B nor US Core has. */
const NOT_THERE = [
  // An extension of R5, named by its URL there.
  `${CORE}targetElement`,
  "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire",
  "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaireresponse",
];

test("no example has an issue; what its definitions lack is missing, not thrown", async () => {
  const missing = new Set<string>();
  const all = await examples();
  for (const [name, example] of all) {
    const validation = await validated(example);
    assert.deepEqual(broken(validation), [], name);
    for (const one of validation.missing) missing.add(one);
  }
  assert.equal(all.size, 183);
  assert.deepEqual([...missing].sort(), NOT_THERE);
});

test("invariants, bindings and references are handed to the caller, with the element", async () => {
  const patient = (await examples()).get("Patient/example");
  const { deferred } = await validated(patient);
  const us = deferred.find((one) => one.kind === "invariant" && one.key === "us-core-6");
  assert.deepEqual(us, {
    kind: "invariant",
    path: "Patient.name[0]",
    element: patient.name[0],
    key: "us-core-6",
    expression: us?.kind === "invariant" ? us.expression : "",
    severity: "error",
    human: us?.kind === "invariant" ? us.human : "",
  });
  const gender = deferred.find((one) => one.kind === "binding" && one.path === "Patient.gender");
  assert.deepEqual(gender, {
    kind: "binding",
    path: "Patient.gender",
    valueSet: "http://hl7.org/fhir/ValueSet/administrative-gender",
    strength: "required",
    codings: [{ code: "female" }],
  });
  const pressure = (await examples()).get("Observation/blood-pressure");
  const { deferred: further } = await validated(pressure);
  assert.deepEqual(
    further.find(({ kind }) => kind === "reference"),
    {
      kind: "reference",
      path: "Observation.subject",
      reference: "Patient/example",
      targets: [`${US}us-core-patient`],
    },
  );
});

test("one set of schemas serves many resources, and a clone of it does the same", async () => {
  const patient = (await examples()).get("Patient/example");
  const schemas = structuredClone(await schemasOf(patient));
  const { validate } = await import("../../dist/validate/index.js");
  assert.deepEqual(validate(schemas, patient), await validated(patient));
});
