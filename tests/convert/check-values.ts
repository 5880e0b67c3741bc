/** What the value must be: binding, fixed, pattern, invariants, lengths, limits, regex; and flags. */

import type { Looked, Said } from "./checks.js";
import { same } from "./exact-json.js";
import type { Kind } from "./kinds.js";
import {
  type Binding,
  type Element,
  extensionOf,
  type Invariant,
  type Node,
  typedMember,
} from "./model.js";

const EXTENSION = "http://hl7.org/fhir/StructureDefinition/";
const FLAGS = ["mustSupport", "isModifier", "isSummary"] as const;
/** Types that can have a binding (element.html, invariant eld-11, and what is a Quantity). */
export const CODED: ReadonlySet<string> = new Set(
  (
    "code Coding CodeableConcept CodeableReference Quantity Age Count Distance Duration " +
    "SimpleQuantity string uri"
  ).split(" "),
);
const VALUE_SETS = ["elementdefinition-maxValueSet", "elementdefinition-minValueSet"];

export function* values(looked: Looked): Generator<Said> {
  const { element, place } = looked;
  if (element.max === "0") return;
  yield* bindings(looked);
  yield* constants(looked);
  yield* invariants(looked);
  yield* limits(looked);
  yield* flags(looked);
  if (typedMember(element, "defaultValue") !== undefined)
    yield { kind: "default value", isHeld: false };
  if (element["mustHaveValue"] !== undefined || element["valueAlternatives"] !== undefined) {
    yield { kind: "mustHaveValue", isHeld: false };
  }
  const regex = regexOf(element);
  if (regex !== undefined && !place.isRoot) {
    yield {
      kind: "regex",
      isHeld: every(looked, (node) => node.regex === regex),
      detail: `${regex}`,
    };
  }
}

/** It stands at the element, or at its type. */
function regexOf(element: Element): unknown {
  return (
    extensionOf(element, `${EXTENSION}regex`) ?? extensionOf(element.type?.[0], `${EXTENSION}regex`)
  );
}

function every({ place }: Looked, test: (node: Node) => boolean): boolean {
  return (
    place.spots.length > 0 && place.spots.every(({ node }) => node !== undefined && test(node))
  );
}

function* bindings(looked: Looked): Generator<Said> {
  const { binding } = looked.element;
  if (binding === undefined) return;
  const expected = bindingOf(binding);
  const { spots } = looked.place;
  const coded = spots.filter(({ code }) => code === undefined || CODED.has(code));
  // Where no type can have a binding, all must, lest it be nowhere.
  const where = coded.length > 0 ? coded : spots;
  const isHeld = where.length > 0 && where.every(({ node }) => same(node?.binding, expected));
  yield { kind: "binding", isHeld, detail: `${binding.strength} ${binding.valueSet ?? ""}`.trim() };
  const others = VALUE_SETS.some((name) => extensionOf(binding, EXTENSION + name) !== undefined);
  if (binding.additional !== undefined || others || hasAdditional(binding)) {
    yield { kind: "additional binding", isHeld: false };
  }
}

function hasAdditional(binding: Binding): boolean {
  return (binding.extension ?? []).some(({ url }) => /additional-?binding/i.test(url));
}

function bindingOf(binding: Binding): Node["binding"] {
  const name = extensionOf(binding, `${EXTENSION}elementdefinition-bindingName`);
  return {
    ...(binding.strength === undefined ? {} : { strength: binding.strength }),
    ...(binding.valueSet === undefined ? {} : { valueSet: binding.valueSet }),
    ...(typeof name === "string" ? { bindingName: name } : {}),
  };
}

function* constants(looked: Looked): Generator<Said> {
  for (const kind of ["fixed", "pattern"] as const) {
    const said = typedMember(looked.element, kind);
    if (said === undefined) continue;
    const { type, value } = said;
    const isHeld = every(looked, (node) => same(node[kind], { type, value }));
    yield { kind, isHeld, detail: `${type} ${JSON.stringify(value)}`.slice(0, 80) };
  }
}

function* invariants(looked: Looked): Generator<Said> {
  const kind: Kind = looked.place.isRoot ? "invariant of the root" : "invariant";
  for (const invariant of looked.element.constraint ?? []) {
    const isHeld = every(looked, (node) => says(node, invariant));
    yield { kind, isHeld, detail: invariant.key };
    if (invariant.expression === undefined)
      yield { kind: "invariant without expression", isHeld: false };
  }
}

function says(node: Node, { key, expression, human, severity }: Invariant): boolean {
  const said = node.constraint?.[key];
  return said?.expression === expression && said?.human === human && said?.severity === severity;
}

function* limits(looked: Looked): Generator<Said> {
  const { maxLength } = looked.element;
  if (maxLength !== undefined) {
    const isHeld = every(looked, (node) => same(node["maxLength"], maxLength));
    yield { kind: "maxLength", isHeld, detail: `${maxLength}` };
  }
  for (const prefix of ["minValue", "maxValue"]) {
    const said = typedMember(looked.element, prefix);
    if (said === undefined) continue;
    const isHeld = every(looked, (node) => same(node[said.name], said.value));
    yield { kind: "min/maxValue", isHeld, detail: said.name };
  }
}

/** Those of a choice stand at the choice itself. */
function* flags(looked: Looked): Generator<Said> {
  const { element, place } = looked;
  for (const flag of FLAGS) {
    if (element[flag] !== true) continue;
    const isHeld =
      place.choice !== undefined && !place.isSlice
        ? place.choice.node?.[flag] === true
        : every(looked, (node) => node[flag] === true);
    yield { kind: flag, isHeld };
  }
}
