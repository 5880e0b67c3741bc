/** The kinds of constraints that are counted. */

export const KINDS = [
  "min",
  "min of a choice",
  "max 0",
  "max 1 of a repeating element",
  "max N",
  "repeats or not",
  "use of an extension",
  "type",
  "several types",
  "types of a choice",
  "type.profile",
  "targetProfile",
  "contentReference",
  "binding",
  "fixed",
  "pattern",
  "invariant of the root",
  "invariant",
  "slicing",
  "slice",
  "slice min",
  "slice max",
  "slice match",
  "slice order",
  "extension url",
  "reslice",
  "mustSupport",
  "isModifier",
  "isSummary",
  "maxLength",
  "min/maxValue",
  "regex",
  "value of a primitive",
] as const;

/** What FHIR Schema has no place for: a warning has to say it. */
export const WITHOUT_PLACE = [
  "aggregation",
  "additional binding",
  "invariant without expression",
  "mustHaveValue",
  "default value",
] as const;

export type Kind = (typeof KINDS)[number] | (typeof WITHOUT_PLACE)[number];

const ANY: readonly Kind[] = [...KINDS, ...WITHOUT_PLACE];

/** What each kind of warning excuses for the element that it names. */
export const EXCUSES: Readonly<Record<string, readonly Kind[]>> = {
  aggregation: ["aggregation"],
  "additional-binding": ["additional binding"],
  expression: ["invariant without expression"],
  "must-have-value": ["mustHaveValue"],
  "default-value": ["default value"],
  "slice-match": ["slice match"],
  "choice-types": ANY,
  "choice-slice": ["min", "slice min"],
  "content-reference": ["contentReference"],
  "element-id": ANY,
  "element-path": ANY,
  "duplicate-element": ANY,
  "element-order": [],
  cardinality: [
    "min",
    "min of a choice",
    "max N",
    "max 1 of a repeating element",
    "slice min",
    "slice max",
  ],
};
