/** A schema and what it is derived from, as one schema. */

import { isLargest, isLeast, isLess } from "./compare.js";
import {
  type FhirSchema,
  isRecord,
  members,
  own,
  put,
  type SchemaElement,
  type SchemaSlice,
  type SchemaSlicing,
  strings,
} from "./schema.js";

type Values = Readonly<Record<string, unknown>>;
type Rule = (base: unknown, derived: unknown) => unknown;

/** How a member that both have is merged; where nothing is said, the derived one is taken. */
const RULES: Readonly<Record<string, Rule>> = {
  required: union,
  excluded: union,
  choices: bothOf,
  elements: each(mergeElement),
  extensions: each(mergeSlice),
  constraint: each(derivedOne),
  constraints: each(derivedOne),
  slicing: mergeSlicing,
  binding: overlay,
  min: (base, derived) => pick(Math.max, base, derived),
  max: (base, derived) => pick(Math.min, base, derived),
  maxLength: (base, derived) => pick(Math.min, base, derived),
  // Where an element is introduced, its shape and its place are said.
  array: (base) => base,
  scalar: (base) => base,
  index: (base) => base,
  choiceOf: (base) => base,
  mustSupport: (base, derived) => base === true || derived,
};

/** What a definition that is derived from another one says anew. */
const SLICE_RULES: Readonly<Record<string, Rule>> = {
  ...RULES,
  schema: mergeElement,
  match: mergeMatch,
};
const SLICING_RULES: Readonly<Record<string, Rule>> = {
  slices: each(mergeSlice),
  rules: (base, derived) => (strictness(base) > strictness(derived) ? base : derived),
  ordered: (base, derived) => base === true || derived,
};
/** What a slicing says of items that are in no slice, the strictest last. */
const STRICT: readonly unknown[] = ["open", "openAtEnd", "closed"];

/** What is said of a definition itself, and not of what is derived from it. */
const OF_ITSELF = ["abstract", "description", "name", "version"];

/**
 * Merges a chain of schemas, the one that is derived from all others first. `base` is that of the last,
 * so that it is there only if the chain has no end.
 */
export function mergeChain(chain: readonly FhirSchema[]): FhirSchema {
  let merged: Values = {};
  for (const schema of [...chain].reverse()) merged = mergeElement(merged, schema);
  const [first = {}] = chain;
  const left = new Set(["base", ...OF_ITSELF.filter((name) => !Object.hasOwn(first, name))]);
  const kept = Object.entries(merged).filter(([name]) => !left.has(name));
  const result: Record<string, unknown> = {};
  for (const [name, value] of kept) put(result, name, value);
  const end = chain.at(-1)?.base;
  if (end !== undefined) result["base"] = end;
  return result;
}

/** Merges two elements, or two schemas: what either forbids is forbidden. */
export function mergeElement(base: unknown, derived: unknown): SchemaElement {
  return merge(base, derived, RULES);
}

function merge(base: unknown, derived: unknown, rules: typeof RULES): Values {
  if (!isRecord(base)) return isRecord(derived) ? derived : {};
  if (!isRecord(derived)) return base;
  const merged: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(base)) {
    if (!replaced(name, derived)) put(merged, name, value);
  }
  for (const [name, value] of Object.entries(derived)) {
    const old = own(merged, name);
    const rule = own(rules, name) ?? limitRule(name);
    put(merged, name, old === undefined || rule === undefined ? value : rule(old, value));
  }
  return merged;
}

/** Of the least and of the largest value, the one that allows less. */
function limitRule(name: string): Rule | undefined {
  if (isLeast(name)) return (base, derived) => (isLess(name, derived, base) ? base : derived);
  if (isLargest(name)) return (base, derived) => (isLess(name, base, derived) ? base : derived);
  return undefined;
}

function strictness(rules: unknown): number {
  return STRICT.indexOf(rules);
}

/** One type and several are told in members of different names. */
function replaced(name: string, derived: Values): boolean {
  return (
    (name === "type" && Object.hasOwn(derived, "types")) ||
    (name === "types" && Object.hasOwn(derived, "type"))
  );
}

function mergeSlice(base: unknown, derived: unknown): SchemaSlice {
  return merge(base, derived, SLICE_RULES);
}

/**
 * A definition that does not say again what tells a slice apart may name a profile of its items instead,
 * which tells nothing apart.
 */
function mergeMatch(base: unknown, derived: unknown): unknown {
  const kind = (match: unknown) => (isRecord(match) ? match["type"] : undefined);
  return kind(derived) === "profile" && kind(base) !== undefined ? base : derived;
}

function mergeSlicing(base: unknown, derived: unknown): SchemaSlicing {
  return merge(base, derived, SLICING_RULES);
}

function overlay(base: unknown, derived: unknown): unknown {
  return isRecord(base) && isRecord(derived) ? { ...base, ...derived } : derived;
}

function derivedOne(_base: unknown, derived: unknown): unknown {
  return derived;
}

/** Merges the members of two objects by name. */
function each(rule: Rule): Rule {
  return (base, derived) => {
    if (!isRecord(base) || !isRecord(derived)) return isRecord(derived) ? derived : base;
    const merged: Record<string, unknown> = {};
    for (const [name, value] of members(base)) put(merged, name, value);
    for (const [name, value] of members(derived)) {
      const old = own(merged, name);
      put(merged, name, old === undefined ? value : rule(old, value));
    }
    return merged;
  };
}

function union(base: unknown, derived: unknown): string[] {
  return [...new Set([...strings(base), ...strings(derived)])];
}

/** The choices that both allow. */
function bothOf(base: unknown, derived: unknown): string[] {
  const allowed = new Set(strings(base));
  return strings(derived).filter((one) => allowed.has(one));
}

function pick(choose: (a: number, b: number) => number, base: unknown, derived: unknown): unknown {
  return typeof base === "number" && typeof derived === "number" ? choose(base, derived) : derived;
}
