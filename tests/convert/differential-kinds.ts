/**
 * How our schemas differ from those of @atomic-ehr/fhirschema, and why. A difference is of the first kind
 * that it fits; one that fits none is a mistake of one of the two.
 */

import { CODED } from "./check-values.js";
import type { Difference } from "./compare.js";
import { isObject, same } from "./exact-json.js";
import { type Converted, elementsOf, type Node } from "./model.js";
import { idOf } from "./places.js";

/** A difference, and the schemas that it is of. */
export interface Differing extends Difference {
  readonly ours: unknown;
  readonly theirs: unknown;
  /** Name of the member. */
  readonly member: string;
  readonly isOursOnly: boolean;
  readonly isTheirsOnly: boolean;
  readonly converted: Converted;
  readonly peer: Node;
}

export interface Kind {
  readonly name: string;
  readonly why: string;
  is(difference: Differing): boolean;
}

const FLAGS = ["mustSupport", "isModifier", "isSummary", "ordered", "abstract"];
/** Documentation, what concerns XML, and what the library notes for itself. */
const NOTES = [
  "meaningWhenMissing",
  "orderMeaning",
  "representation",
  "description",
  "base",
  "_required",
];
const ROOT = [
  "min",
  "max",
  "binding",
  "pattern",
  "fixed",
  "mustSupport",
  "isModifier",
  "isSummary",
  "short",
];

export const KINDS: readonly Kind[] = [
  {
    name: "circular",
    why: "They write '[Circular Reference]' for a value that they have written before.",
    is: ({ theirs }) => JSON.stringify(theirs ?? "").includes("[Circular Reference]"),
  },
  {
    name: "index",
    why: "Ours is the position in the definition; theirs counts typed elements, too.",
    is: ({ member }) => member === "index",
  },
  {
    name: "false",
    why: "Ours writes flags only if they are true.",
    is: ({ member, theirs, ours }) =>
      FLAGS.includes(member) && theirs === false && ours === undefined,
  },
  {
    name: "note",
    why: "Documentation is no constraint; what the library notes for itself is none, either.",
    is: ({ member, isTheirsOnly }) => NOTES.includes(member) && isTheirsOnly,
  },
  {
    name: "class",
    why: "Ours is one of five; theirs is the kind of the definition for types.",
    is: ({ path }) => same(path, ["class"]),
  },
  {
    name: "context",
    why: "Where an extension may be used: only in ours.",
    is: ({ path, isOursOnly }) => /^context(Invariant)?$/.test(path[0] ?? "") && isOursOnly,
  },
  {
    name: "root",
    why: "What the definition says of its root, invariants first of all: only in ours.",
    is: ({ path, isOursOnly }) =>
      isOursOnly && path.length === 1 && ["constraint", "refers", ...ROOT].includes(path[0] ?? ""),
  },
  {
    name: "primitive",
    why: "Value, regex and limits of primitive types: only in ours.",
    is: ({ converted, isOursOnly }) => converted.schema["kind"] === "primitive-type" && isOursOnly,
  },
  {
    name: "excluded",
    why: "A max of 0: only in ours.",
    is: ({ member, isOursOnly }) => member === "excluded" && isOursOnly,
  },
  {
    name: "extensions",
    why: "Ours has url, min, max and flags of each; theirs a part of the schema of the slice.",
    is: ({ path }) => path.includes("extensions"),
  },
  {
    name: "match",
    why: "Ours is { type, value }, of every kind of discriminator; theirs the bare value, of patterns only.",
    is: ({ path }) => path.includes("match"),
  },
  {
    name: "slice",
    why: "min, max and array of a slice stand in the slice; theirs has them in its schema once more, and adds min and max of the element to slicing.",
    is: ({ path, member, isTheirsOnly }) =>
      isTheirsOnly &&
      ["min", "max", "array", "url"].includes(member) &&
      ["schema", "slicing"].includes(path.at(-2) ?? ""),
  },
  {
    name: "first slice",
    why: "Where a definition says nothing of an element but of its slices, theirs takes the members of the first slice for the element's.",
    is: ({ path, isTheirsOnly, member, converted }) => {
      const owner = path.slice(0, -1);
      const isSliced = at(converted.schema, owner)?.["slicing"] !== undefined;
      return isTheirsOnly && isSliced && member !== "slicing" && !isSaid(converted, owner);
    },
  },
  {
    name: "slicing",
    why: "Extensions are told apart by their URL, also where the differential leaves that to the snapshot; order and reslices: only in ours.",
    is: ({ path, member, isOursOnly }) =>
      isOursOnly &&
      path.includes("slicing") &&
      [
        "slicing",
        "discriminator",
        "rules",
        "ordered",
        "order",
        "reslice",
        "sliceIsConstraining",
      ].includes(member),
  },
  {
    name: "repeats",
    why: "scalar, and array beside min or max: only in ours.",
    is: ({ member, isOursOnly }) => ["scalar", "array"].includes(member) && isOursOnly,
  },
  {
    name: "cardinality",
    why: "A min or a max of an element that repeats by its base: only in ours, as theirs reads the differential only.",
    is: ({ member, isOursOnly }) => ["min", "max"].includes(member) && isOursOnly,
  },
  {
    name: "required",
    why: "A slice that must be there makes its element required: only in ours.",
    is: ({ member, ours, theirs }) => {
      const [all, some] = [ours, theirs ?? []] as [string[], string[]];
      return (
        member === "required" && Array.isArray(all) && some.every((name) => all.includes(name))
      );
    },
  },
  {
    name: "profiles and targets",
    why: "Profiles of types, and targets of canonical and CodeableReference: only in ours.",
    is: ({ member, isOursOnly }) => ["profiles", "refers"].includes(member) && isOursOnly,
  },
  {
    name: "binding of a choice",
    why: "Theirs drops it, or has it at types that no binding is for.",
    is: ({ member, isOursOnly, isTheirsOnly, peer, path }) => {
      if (member !== "binding") return false;
      const type = at(peer, path.slice(0, -1))?.["type"];
      return isOursOnly || (isTheirsOnly && !CODED.has(`${type}`));
    },
  },
  {
    name: "choice",
    why: "Types of a choice from the snapshot, choiceOf of `valueQuantity`, and what holds for a choice at each of its types: only in ours.",
    is: (difference) => isOfChoice(difference),
  },
  {
    name: "slice of a choice",
    why: "Ours is the typed element; theirs a slice of it, or of the choice, which is no element of the data.",
    is: ({ isTheirsOnly, theirs, member, converted, path }) => {
      const owner = at(converted.schema, path.slice(0, -1));
      const isChoice = owner?.["choiceOf"] !== undefined || owner?.["choices"] !== undefined;
      if (isTheirsOnly && isChoice && member === "slicing") return true;
      const slicing = isObject(theirs) ? theirs : {};
      // Flags of the slice, which theirs takes for those of the choice.
      return (
        isTheirsOnly && isChoice && (slicing["slices"] !== undefined || member === "mustSupport")
      );
    },
  },
  {
    name: "label",
    why: "A slice name where nothing is sliced is a label: in ours, what it says holds for the element.",
    is: ({ converted: { definition }, path }) => {
      const place = [
        definition.type,
        ...path.slice(0, 2).filter((step) => step !== "elements"),
      ].join(".");
      const labels = elementsOf(definition).filter(
        ({ path: one, sliceName }) => one === place && sliceName !== undefined,
      );
      const isSliced = [...elementsOf(definition), ...(definition.snapshot?.element ?? [])].some(
        (one) => one.path === place && one.slicing,
      );
      return labels.length > 0 && !isSliced;
    },
  },
  {
    name: "type of a constant",
    why: "Theirs takes the type of a fixed value or pattern for that of an element whose type the definition leaves to its base.",
    is: ({ member, isTheirsOnly, converted, path }) => {
      const { fixed, pattern } = at(converted.schema, path.slice(0, -1)) ?? {};
      return member === "type" && isTheirsOnly && (fixed ?? pattern) !== undefined;
    },
  },
  {
    name: "array of the base",
    why: "That an element repeats, said once more by a profile without a min or a max: ours leaves it to the base.",
    is: ({ member, isTheirsOnly, converted }) =>
      member === "array" && isTheirsOnly && converted.definition.derivation === "constraint",
  },
  {
    name: "digits",
    why: "Theirs reads numbers as JavaScript does: 3.0 becomes 3.",
    is: ({ ours, theirs }) => typeof ours === "string" && ours === `number:${theirs}.0`,
  },
  {
    name: "contentReference",
    why: "Ours is the definition that the reference names; theirs always the definition itself.",
    is: ({ path }) => path.at(-1) === "elementReference",
  },
  {
    name: "base",
    why: "Theirs leaves out the base of Element.",
    is: ({ path, isOursOnly }) => same(path, ["base"]) && isOursOnly,
  },
  {
    name: "reason",
    why: "Why an element modifies others: only in ours, at the root.",
    is: ({ path, isOursOnly }) => same(path, ["isModifierReason"]) && isOursOnly,
  },
];

/** The choice itself or one of its typed elements. */
function isOfChoice({
  path,
  member,
  isOursOnly,
  isTheirsOnly,
  ours,
  converted: { schema },
}: Differing): boolean {
  const element = isObject(ours) ? ours : at(schema, path.slice(0, -1));
  const isChoice = element?.["choices"] !== undefined;
  const isTyped = element?.["choiceOf"] !== undefined;
  if (isTheirsOnly) return isChoice && ["constraint", "array", "fixed", "pattern"].includes(member);
  if (member === "choices") return isOursOnly;
  if (isObject(ours)) return isOursOnly && (isChoice || isTyped || isForbidden(schema, path));
  return isOursOnly && isTyped && ["choiceOf", "type"].includes(member);
}

/** An element of which nothing is said but that it must not be there. */
function isForbidden(schema: Node, path: readonly string[]): boolean {
  const excluded = at(schema, path.slice(0, -2))?.["excluded"] ?? [];
  return Array.isArray(excluded) && excluded.includes(path.at(-1));
}

/** Whether the definition has the element itself, besides its slices. */
function isSaid({ definition }: Converted, path: readonly string[]): boolean {
  const names = path.filter((_, index) => index % 2 === 1 && path[index - 1] === "elements");
  const id = [definition.type, ...names].join(".");
  return elementsOf(definition).some((element) => idOf(element) === id);
}

/** The member of a schema at a path. */
export function at(schema: unknown, path: readonly string[]): Record<string, unknown> | undefined {
  const found = path.reduce<unknown>(
    (inside, step) => (isObject(inside) ? inside[step] : undefined),
    schema,
  );
  return isObject(found) ? found : undefined;
}
