/** A definition that says everything that is counted, and the schema that says it all. */

import type { Converted, Definition, Element, Node } from "./model.js";

const CORE = "http://hl7.org/fhir/StructureDefinition/";
const MY = "http://example.org/StructureDefinition/";
const REGEX = `${CORE}regex`;

const many = { base: { path: "", min: 0, max: "*" } };
const once = { base: { path: "", min: 0, max: "1" } };
const invariant = { severity: "error", human: "must be", expression: "exists()" };
const byUrl = { discriminator: [{ type: "value", path: "url" }], rules: "open" };

function at(id: string, said: Partial<Element>): Element {
  const path = id.replaceAll(/:[^.]*/g, "");
  return { id: `Observation${id}`, path: `Observation${path}`, ...once, ...said };
}

const elements: Element[] = [
  at("", { constraint: [{ key: "root-1", ...invariant }] }),
  at(".extension", { ...many, slicing: byUrl, min: 1 }),
  at(".extension:known", {
    ...many,
    min: 1,
    max: "2",
    type: [{ code: "Extension", profile: [`${MY}known`] }],
  }),
  at(".extension:inline", { ...many, max: "1", type: [{ code: "Extension" }] }),
  at(".extension:inline.url", { min: 1, fixedUri: "inline" }),
  at(".status", {
    min: 1,
    type: [{ code: "code" }],
    binding: {
      strength: "required",
      valueSet: `${MY}vs`,
      extension: [{ url: `${CORE}elementdefinition-bindingName`, valueString: "Status" }],
    },
    mustSupport: true,
    isModifier: true,
    isSummary: true,
    constraint: [{ key: "el-1", ...invariant }],
  }),
  at(".issued", { max: "0" }),
  at(".note", { ...many, max: "1", type: [{ code: "Annotation", profile: [`${MY}note`] }] }),
  at(".note.text", {
    type: [{ code: "markdown" }],
    maxLength: 10,
    extension: [{ url: REGEX, valueString: "a+" }],
  }),
  at(".performer", {
    ...many,
    min: 2,
    max: "5",
    type: [{ code: "Reference", targetProfile: [`${CORE}Patient`, `${CORE}Group`] }],
  }),
  at(".odd", { type: [{ code: "string" }, { code: "integer" }] }),
  at(".same", { contentReference: "#Observation.note" }),
  at(".value[x]", {
    min: 1,
    type: [{ code: "Quantity" }, { code: "CodeableConcept" }],
    binding: { strength: "required", valueSet: `${MY}vs` },
    mustSupport: true,
    slicing: { discriminator: [{ type: "type", path: "$this" }], rules: "open" },
  }),
  at(".value[x]:valueQuantity", {
    type: [{ code: "Quantity" }],
    patternQuantity: { value: "number:1.500" },
  }),
  at(".value[x]:valueQuantity.value", { minValueDecimal: 1, maxValueDecimal: 2 }),
  at(".category", {
    ...many,
    min: 1,
    slicing: {
      discriminator: [{ type: "pattern", path: "$this" }],
      rules: "closed",
      ordered: true,
    },
  }),
  at(".category:lab", { ...many, min: 1, max: "3", patternCodeableConcept: { text: "lab" } }),
  at(".category:lab/one", { ...many, max: "1", fixedCodeableConcept: { text: "lab", id: "one" } }),
  at(".component", {
    ...many,
    slicing: {
      discriminator: [
        { type: "value", path: "code.coding" },
        { type: "exists", path: "interpretation" },
      ],
      rules: "open",
    },
  }),
  at(".component:a", { ...many, sliceIsConstraining: true }),
  at(".component:a.code", { patternCodeableConcept: { coding: [{ code: "a" }] } }),
  at(".component:a.interpretation", { ...many, min: 1 }),
];

const definition: Definition = {
  resourceType: "StructureDefinition",
  url: `${MY}everything`,
  type: "Observation",
  kind: "resource",
  derivation: "constraint",
  baseDefinition: `${CORE}Observation`,
  differential: { element: elements },
};

const said = { "el-1": invariant };
const vs = { strength: "required", valueSet: `${MY}vs` };
const inline = { type: "pattern", value: { url: "inline" }, url: "inline" };
const known = { type: "pattern", value: { url: `${MY}known` }, url: `${MY}known` };
const lab = { type: "CodeableConcept", value: { text: "lab" } };
const one = { type: "CodeableConcept", value: { text: "lab", id: "one" } };
const a = { type: "CodeableConcept", value: { coding: [{ code: "a" }] } };

const schema: Node = {
  url: `${MY}everything`,
  type: "Observation",
  constraint: { "root-1": invariant },
  required: ["extension", "status", "performer", "value", "category"],
  excluded: ["issued"],
  extensions: { known: { url: `${MY}known`, min: 1, max: 2 }, inline: { url: "inline", max: 1 } },
  elements: {
    extension: {
      min: 1,
      slicing: {
        ...byUrl,
        slices: {
          known: {
            min: 1,
            max: 2,
            match: known,
            schema: { type: "Extension", profiles: [`${MY}known`] },
          },
          inline: {
            max: 1,
            match: inline,
            schema: {
              type: "Extension",
              required: ["url"],
              elements: { url: { fixed: { type: "uri", value: "inline" } } },
            },
          },
        },
      },
    },
    status: {
      type: "code",
      binding: { ...vs, bindingName: "Status" },
      mustSupport: true,
      isModifier: true,
      isSummary: true,
      constraint: said,
    },
    note: {
      type: "Annotation",
      max: 1,
      profiles: [`${MY}note`],
      elements: { text: { type: "markdown", maxLength: 10, regex: "a+" } },
    },
    performer: { type: "Reference", min: 2, max: 5, refers: [`${CORE}Patient`, `${CORE}Group`] },
    odd: { types: ["string", "integer"] },
    same: { elementReference: [`${CORE}Observation`, "elements", "note"] },
    value: { choices: ["valueQuantity", "valueCodeableConcept"], mustSupport: true },
    valueQuantity: {
      type: "Quantity",
      choiceOf: "value",
      binding: vs,
      pattern: { type: "Quantity", value: { value: "number:1.500" } },
      elements: { value: { minValueDecimal: 1, maxValueDecimal: 2 } },
    },
    valueCodeableConcept: { type: "CodeableConcept", choiceOf: "value", binding: vs },
    category: {
      min: 1,
      slicing: {
        discriminator: [{ type: "pattern", path: "$this" }],
        rules: "closed",
        ordered: true,
        slices: {
          lab: {
            min: 1,
            max: 3,
            order: 0,
            match: { type: "pattern", value: lab.value },
            schema: { pattern: lab },
          },
          "lab/one": {
            max: 1,
            order: 1,
            reslice: "lab",
            match: { type: "pattern", value: one.value },
            schema: { fixed: one },
          },
        },
      },
    },
    component: {
      slicing: {
        discriminator: [
          { type: "value", path: "code.coding" },
          { type: "exists", path: "interpretation" },
        ],
        rules: "open",
        slices: {
          a: {
            sliceIsConstraining: true,
            match: {
              type: "all",
              value: [
                { type: "pattern", value: { code: a.value } },
                { type: "exists", value: { interpretation: true } },
              ],
            },
            schema: {
              required: ["interpretation"],
              elements: { code: { pattern: a }, interpretation: { min: 1 } },
            },
          },
        },
      },
    },
  },
};

/** Every call makes its own, to be changed. */
export function everything(): Converted {
  return structuredClone({ definition, schema, warnings: [] });
}
