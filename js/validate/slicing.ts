/** Slices: which items belong to each, how many, in which order, and what holds for them. */

import { type Answer, type Candidate, every, matchesItem } from "./match.js";
import {
  isRecord,
  members,
  own,
  type SchemaElement,
  type SchemaSlice,
  type SchemaSlicing,
} from "./schema.js";
import type { Place, Walk } from "./walk.js";

/** The slice of everything that belongs to no other one. */
const DEFAULT = "@default";

/** Checks how items are sliced. Returns what their slices say of each of them. */
export function checkSlicing(
  walk: Walk,
  slicing: SchemaSlicing,
  items: readonly Candidate[],
  place: Place,
): SchemaElement[][] {
  const slices = members(slicing.slices).filter(([, slice]) => isRecord(slice));
  const named = slices.filter(([name]) => name !== DEFAULT);
  const belongs = new Map<string, Answer[]>();
  for (const [name] of named) answersOf(name);
  const given = own(slicing.slices, DEFAULT);
  const rest = isRecord(given) ? given : undefined;
  // A slice of a slice takes nothing that the one it is part of does not.
  const free = items.map((_, at) => isFree(named, at));
  for (const [name, slice] of named)
    checkCount(walk, name, slice, belongs.get(name) ?? [], items, place);
  if (rest !== undefined) checkCount(walk, DEFAULT, rest, free, items, place);
  else checkClosed(walk, slicing, free, items, "belongs to no slice");
  const whole = slices.filter(([, { reslice }]) => reslice === undefined);
  checkOrder(walk, slicing, whole, belongs, free, items);
  for (const [name, slice] of named) checkParts(name, slice);
  return items.map((_, at) => {
    const its = named
      .filter(([name]) => belongs.get(name)?.[at] === true)
      .map(([, slice]) => slice);
    if (rest !== undefined && free[at]) its.push(rest);
    return its.flatMap(({ schema }) => (isRecord(schema) ? [schema] : []));
  });

  function isFree(some: readonly [string, SchemaSlice][], at: number): boolean {
    return some.every(([name]) => belongs.get(name)?.[at] === false);
  }

  /** The slices of a slice stand beside it; how its items are sliced is in its schema. */
  function checkParts(name: string, { schema }: SchemaSlice): void {
    const parts = named.filter(([, { reslice }]) => reslice === name);
    const rules = isRecord(schema) ? schema.slicing : undefined;
    if (parts.length === 0 || !isRecord(rules)) return;
    const its = items.flatMap((_, at) => (belongs.get(name)?.[at] === true ? [at] : []));
    const those = its.flatMap((at) => items[at] ?? []);
    const answers = parts.map(([part]): [string, Answer[]] => {
      return [part, its.map((at) => belongs.get(part)?.[at])];
    });
    const none = its.map((at) => isFree(parts, at));
    checkClosed(walk, rules, none, those, `belongs to no slice of ${name}`);
    checkOrder(walk, rules, parts, new Map(answers), none, those);
  }

  function answersOf(name: string): Answer[] {
    const known = belongs.get(name);
    if (known !== undefined) return known;
    const slice = own(slicing.slices, name);
    const whole = slice?.reslice;
    // Until it is known: a slice that is part of itself has no items.
    belongs.set(
      name,
      items.map(() => false),
    );
    const within =
      typeof whole === "string" && own(slicing.slices, whole) !== undefined ? answersOf(whole) : [];
    const answers = items.map((item, at) => {
      if (within[at] === false) return false;
      const match = slice?.match;
      const answer = isRecord(match) ? matchesItem(walk, match, item) : undefined;
      return within.length > 0 ? every([within[at], answer]) : answer;
    });
    belongs.set(name, answers);
    return answers;
  }
}

function checkClosed(
  walk: Walk,
  { rules }: SchemaSlicing,
  free: readonly boolean[],
  items: readonly Candidate[],
  message: string,
): void {
  if (rules !== "closed") return;
  for (const [at, { place }] of items.entries()) {
    if (free[at]) walk.findings.issue("slice-closed", place.path, message);
  }
}

/** Counts items; those of which nobody knows whether they belong to the slice are handed to the caller. */
function checkCount(
  walk: Walk,
  slice: string,
  { min, max }: SchemaSlice,
  answers: readonly Answer[],
  items: readonly Candidate[],
  place: Place,
): void {
  const sure = answers.filter((answer) => answer === true).length;
  const unsure = answers.filter((answer) => answer === undefined).length;
  if (typeof min === "number" && sure + unsure < min) {
    const message = `${sure} in the slice ${slice}, at least ${min} are required`;
    walk.findings.issue("slice-min", place.path, message);
  }
  if (typeof max === "number" && sure > max) {
    const message = `${sure} in the slice ${slice}, at most ${max} are allowed`;
    walk.findings.issue("slice-max", place.path, message);
  }
  for (const [at, answer] of answers.entries()) {
    const path = items[at]?.place.path;
    if (answer === undefined && path) walk.findings.defer({ kind: "slice", path, slice }, slice);
  }
}

function checkOrder(
  walk: Walk,
  { ordered, rules }: SchemaSlicing,
  slices: readonly [string, SchemaSlice][],
  belongs: ReadonlyMap<string, readonly Answer[]>,
  free: readonly boolean[],
  items: readonly Candidate[],
): void {
  let last = Number.NEGATIVE_INFINITY;
  let ended = false;
  for (const [at, { place }] of items.entries()) {
    const position = slices.findIndex(([name]) =>
      name === DEFAULT ? free[at] : belongs.get(name)?.[at] === true,
    );
    const order = slices[position]?.[1].order ?? position;
    if (rules === "openAtEnd" && free[at]) ended = true;
    if (position < 0) continue;
    const isLate = (ordered === true && order < last) || (ended && !free[at]);
    if (isLate)
      walk.findings.issue("slice-order", place.path, "stands after what it should come before");
    last = Math.max(last, order);
  }
}
