/** Errors for valid examples of US Core, and what is found of them. */

import { type Example, US } from "./validate-kit.js";

/** What is planted, into which example, and the rules and paths that are broken. */
export type Planted = readonly [
  what: string,
  example: string,
  plant: (it: Example) => void,
  ...found: string[],
];

const PATIENT = "Patient/example";
const PRESSURE = "Observation/blood-pressure";
const RACE = "Patient.extension[0]";
const at = (it: Example, url: string) => it.extension.find((one: Example) => one.url === US + url);

/** Codes of some value sets, as a caller who has them would give them. */
export const CODES: Readonly<Record<string, ReadonlySet<string>>> = {
  "http://hl7.org/fhir/ValueSet/administrative-gender": new Set([
    "male",
    "female",
    "other",
    "unknown",
  ]),
  "http://hl7.org/fhir/us/core/ValueSet/omb-race-category": new Set(
    ["2106-3", "1002-5", "2028-9"].map((code) => `urn:oid:2.16.840.1.113883.6.238|${code}`),
  ),
  "http://hl7.org/fhir/us/core/ValueSet/us-core-problem-or-health-concern": new Set([
    "problem-list-item",
    "health-concern",
  ]),
};

export const PLANTED: readonly Planted[] = [
  [
    "two payors",
    "Coverage/coverage-example",
    (it) => it.payor.push(it.payor[0]),
    "max Coverage.payor",
  ],
  ["no payor", "Coverage/coverage-example", (it) => delete it.payor, "required Coverage.payor"],
  [
    "two members ids",
    "Coverage/coverage-example",
    (it) => it.identifier.push(it.identifier[0]),
    "slice-max Coverage.identifier",
  ],
  [
    "race without text",
    PATIENT,
    (it) => it.extension[0].extension.pop(),
    `slice-min ${RACE}.extension`,
  ],
  [
    "six categories of race",
    PATIENT,
    (it) => it.extension[0].extension.push(...Array(3).fill(it.extension[0].extension[0])),
    `slice-max ${RACE}.extension`,
  ],
  [
    "two birth sexes",
    PATIENT,
    (it) => it.extension.push(at(it, "us-core-birthsex")),
    "slice-max Patient.extension",
  ],
  [
    "race with a value",
    PATIENT,
    (it) => Object.assign(it.extension[0], { valueString: "White" }),
    `excluded ${RACE}.value`,
  ],
  [
    "a part of race of another type",
    PATIENT,
    (it) =>
      Object.assign(it.extension[0].extension[5], { valueString: undefined, valueCode: "mixed" }),
    `choice-excluded ${RACE}.extension[5].value.ofType(code)`,
  ],
  [
    "an extension of another type",
    PATIENT,
    (it) => Object.assign(at(it, "us-core-birthsex"), { valueCode: undefined, valueString: "F" }),
    "choice-excluded Patient.extension[3].value.ofType(string)",
  ],
  [
    "an extension without value",
    PATIENT,
    (it) => delete at(it, "us-core-birthsex").valueCode,
    "required Patient.extension[3].value",
  ],
  [
    "an extension without URL",
    PATIENT,
    (it) => it.extension.push({ valueString: "x" }),
    "required Patient.extension[6].url",
  ],
  [
    "kPa",
    PRESSURE,
    (it) => Object.assign(it.component[0].valueQuantity, { code: "kPa" }),
    "fixed Observation.component[0].value.ofType(Quantity).code",
  ],
  [
    "a unit of another system",
    PRESSURE,
    (it) => Object.assign(it.component[1].valueQuantity, { system: "http://example.org" }),
    "fixed Observation.component[1].value.ofType(Quantity).system",
  ],
  [
    "no unit",
    PRESSURE,
    (it) => delete it.component[0].valueQuantity.unit,
    "required Observation.component[0].value.ofType(Quantity).unit",
  ],
  [
    "another code",
    PRESSURE,
    (it) => Object.assign(it.code.coding[0], { code: "8480-6" }),
    "pattern Observation.code",
  ],
  [
    "a component of another slice",
    PRESSURE,
    (it) => Object.assign(it.component[0].code.coding[0], { code: "8462-4" }),
    "slice-max Observation.component",
    "slice-min Observation.component",
  ],
  [
    "one component only",
    PRESSURE,
    (it) => it.component.pop(),
    "min Observation.component",
    "slice-min Observation.component",
  ],
  ["no component", PRESSURE, (it) => delete it.component, "required Observation.component"],
  [
    "another category",
    PRESSURE,
    (it) => Object.assign(it.category[0].coding[0], { code: "survey" }),
    "slice-min Observation.category",
  ],
  [
    "the category twice",
    PRESSURE,
    (it) => it.category.push(it.category[0]),
    "slice-max Observation.category",
  ],
  [
    "no time of a measurement",
    PRESSURE,
    (it) => delete it.effectiveDateTime,
    "required Observation.effective",
  ],
  [
    "two values of a choice",
    PRESSURE,
    (it) => Object.assign(it, { effectivePeriod: { start: "2000" } }),
    "choice Observation.effective",
  ],
  [
    "a choice that the profile does not allow",
    PRESSURE,
    (it) =>
      Object.assign(it, { effectiveDateTime: undefined, effectiveInstant: "2000-01-01T00:00:00Z" }),
    "choice-excluded Observation.effective.ofType(instant)",
  ],
  [
    "a choice that there is none of",
    PRESSURE,
    (it) => Object.assign(it.component[0], { valueQuantity: undefined, valueMoney: { value: 1 } }),
    "unknown-element Observation.component[0].valueMoney",
  ],
  [
    "the choice itself",
    PATIENT,
    (it) => Object.assign(it, { deceased: true }),
    "unknown-element Patient.deceased",
  ],
  [
    "no medication",
    "MedicationRequest/self-tylenol",
    (it) => delete it.medicationCodeableConcept,
    "required MedicationRequest.medication",
  ],
  [
    "a date of another country",
    PATIENT,
    (it) => Object.assign(it, { birthDate: "01.02.1990" }),
    "format Patient.birthDate",
  ],
  [
    "a day that there is not",
    PATIENT,
    (it) => Object.assign(it, { birthDate: "2023-02-29" }),
    "format Patient.birthDate",
  ],
  [
    "a time without zone",
    PRESSURE,
    (it) => Object.assign(it, { effectiveDateTime: "1999-07-02T10:00:00" }),
    "format Observation.effective.ofType(dateTime)",
  ],
  ["an id with a space", PATIENT, (it) => Object.assign(it, { id: "a b" }), "format Patient.id"],
  [
    "an id that is too long",
    PATIENT,
    (it) => Object.assign(it, { id: "x".repeat(65) }),
    "format Patient.id",
  ],
  [
    "a code with two spaces",
    PATIENT,
    (it) => Object.assign(it.identifier[0], { use: "a  b" }),
    "format Patient.identifier[0].use",
  ],
  [
    "a URL with a space",
    PATIENT,
    (it) => Object.assign(it.identifier[0], { system: "http://x y" }),
    "format Patient.identifier[0].system",
  ],
  [
    "a rank of 0",
    PATIENT,
    (it) => Object.assign(it.telecom[0], { rank: 0 }),
    "format Patient.telecom[0].rank",
  ],
  [
    "a rank of 1.5",
    PATIENT,
    (it) => Object.assign(it.telecom[0], { rank: 1.5 }),
    "format Patient.telecom[0].rank",
  ],
  [
    "a photo that is no base64",
    PATIENT,
    (it) => Object.assign(it, { photo: [{ data: "a*b=" }] }),
    "format Patient.photo[0].data",
  ],
  ["a number for a code", PATIENT, (it) => Object.assign(it, { gender: 5 }), "type Patient.gender"],
  [
    "a text for true",
    PATIENT,
    (it) => Object.assign(it, { active: "true" }),
    "type Patient.active",
  ],
  [
    "a text for a number",
    PRESSURE,
    (it) => Object.assign(it.component[0].valueQuantity, { value: "109" }),
    "type Observation.component[0].value.ofType(Quantity).value",
  ],
  [
    "a text for an object",
    PATIENT,
    (it) => Object.assign(it, { name: ["Amy"] }),
    "type Patient.name[0]",
  ],
  [
    "an object for a text",
    PATIENT,
    (it) => Object.assign(it.name[0], { family: { text: "Shaw" } }),
    "type Patient.name[0].family",
  ],
  [
    "an element that there is not",
    PATIENT,
    (it) => Object.assign(it, { nickname: "Amy" }),
    "unknown-element Patient.nickname",
  ],
  [
    "an element that there is not, deeper",
    PATIENT,
    (it) => Object.assign(it.name[0], { nickname: "Amy" }),
    "unknown-element Patient.name[0].nickname",
  ],
  [
    "an element of all objects",
    PATIENT,
    (it) => Object.assign(it, { constructor: "x" }),
    "unknown-element Patient.constructor",
  ],
  [
    "an array where one is allowed",
    PATIENT,
    (it) => Object.assign(it, { gender: ["female"] }),
    "not-singular Patient.gender",
  ],
  [
    "no array where many are",
    PATIENT,
    (it) => Object.assign(it, { name: it.name[0] }),
    "not-array Patient.name",
  ],
  ["an empty array", PATIENT, (it) => Object.assign(it, { telecom: [] }), "empty Patient.telecom"],
  [
    "an empty object",
    PATIENT,
    (it) => Object.assign(it, { maritalStatus: {} }),
    "empty Patient.maritalStatus",
  ],
  [
    "an empty text",
    PATIENT,
    (it) => Object.assign(it.name[0], { family: "" }),
    "empty Patient.name[0].family",
  ],
  ["null", PATIENT, (it) => Object.assign(it, { gender: null }), "null Patient.gender"],
  [
    "null among texts",
    PATIENT,
    (it) => it.name[0].given.push(null),
    "null Patient.name[0].given[2]",
  ],
  ["no gender", PATIENT, (it) => delete it.gender, "required Patient.gender"],
  [
    "an identifier without system",
    PATIENT,
    (it) => delete it.identifier[0].system,
    "required Patient.identifier[0].system",
  ],
  [
    "what is beside a date, with what there is not",
    PATIENT,
    (it) => Object.assign(it, { _birthDate: { note: "x" } }),
    "unknown-element Patient.birthDate.note",
  ],
  [
    "a value beside a date",
    PATIENT,
    (it) => Object.assign(it, { _birthDate: { value: "2000" } }),
    "primitive-extension Patient.birthDate",
  ],
  [
    "_name of what is no primitive",
    PATIENT,
    (it) => Object.assign(it, { _maritalStatus: { id: "x" } }),
    "primitive-extension Patient.maritalStatus",
  ],
  [
    "_name that is no array",
    PATIENT,
    (it) => Object.assign(it.name[0], { _given: { id: "x" } }),
    "primitive-extension Patient.name[0].given",
  ],
  [
    "a code that the value set has not",
    PATIENT,
    (it) => Object.assign(it, { gender: "robot" }),
    "binding Patient.gender",
  ],
  [
    "a coding that the value set has not",
    PATIENT,
    (it) => Object.assign(it.extension[0].extension[0].valueCoding, { code: "0000-0" }),
    `binding ${RACE}.extension[0].value.ofType(Coding)`,
  ],
  [
    "a category of no slice that must be there",
    "Condition/condition-duodenal-ulcer",
    (it) => Object.assign(it.category[0].coding[0], { code: "encounter-diagnosis" }),
    "slice-min Condition.category",
  ],
  [
    "a reference to another type",
    "Condition/condition-duodenal-ulcer",
    (it) => Object.assign(it, { encounter: { reference: "Patient/example" } }),
    "reference-type Condition.encounter",
  ],
  [
    "a reference to what it says is of another type",
    PRESSURE,
    (it) =>
      Object.assign(it, { subject: { type: "Medication", display: "x", reference: "urn:uuid:1" } }),
    "reference-type Observation.subject",
  ],
  [
    "a reference into itself, of another type",
    "MedicationRequest/medicationrequest-contained-oral-axid",
    (it) => Object.assign(it.subject, { reference: `#${it.contained[0].id}` }),
    "reference-type MedicationRequest.subject",
  ],
  [
    "an error in what is contained",
    "MedicationRequest/medicationrequest-contained-oral-axid",
    (it) => Object.assign(it.contained[0], { colour: "red" }),
    "unknown-element MedicationRequest.contained[0].colour",
  ],
  [
    "an error in an entry",
    "Bundle/docref-example-1",
    (it) => Object.assign(it.entry[0].resource, { colour: "red" }),
    "unknown-element Bundle.entry[0].resource.colour",
  ],
  [
    "something contained of no type",
    "MedicationRequest/medicationrequest-contained-oral-axid",
    (it) => delete it.contained[0].resourceType,
    "resource-type MedicationRequest.contained[0].resourceType",
  ],
  [
    "a profile of another type",
    PATIENT,
    (it) => it.meta.profile.push(`${US}us-core-coverage`),
    "resource-type Patient.meta.profile",
  ],
  [
    "an unknown status",
    "AllergyIntolerance/example",
    (it) => delete it.patient,
    "required AllergyIntolerance.patient",
  ],
  [
    "no kind of encounter",
    "Encounter/example-1",
    (it) => delete it.type,
    "required Encounter.type",
  ],
];
