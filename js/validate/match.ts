/** Whether an item belongs to a slice. */

import { codingsOf, isBound } from "./coded.js";
import { contains } from "./constants.js";
import { targetOf, targetType } from "./pointing.js";
import { isRecord, own, type SchemaMatch, strings } from "./schema.js";
import type { Data, Place, Walk } from "./walk.js";

/** undefined: the schemas and the data at hand do not tell. */
export type Answer = boolean | undefined;

/** An item as its slices see it. */
export interface Candidate {
  readonly value: unknown;
  readonly index: number;
  /** The types that it is of. */
  readonly types: readonly string[];
  readonly place: Place;
}

/** Whether an item is what a match describes. */
export function matchesItem(walk: Walk, match: SchemaMatch, item: Candidate): Answer {
  const { value, place } = item;
  const wanted = match.value ?? (match["url"] && { url: match["url"] });
  const follow = match["resolve-ref"] === true;
  switch (match.type) {
    case "pattern": {
      const data = follow ? targetOf(value, place) : value;
      if (follow && data === undefined) return undefined;
      return contains(data, wanted, (one, name) => member(walk, one, name));
    }
    case "position":
      return item.index === wanted;
    case "exists":
      return exists(walk, value, wanted);
    case "binding":
      return along(walk, value, wanted, isBindingLeaf, (one, leaf) =>
        isBound(walk, String((leaf as Data)["valueSet"]), codingsOf(one)),
      );
    case "type":
      return along(walk, value, wanted, isTypeLeaf, (one, leaf) =>
        isOfType(walk, one, leaf, follow, one === value ? item.types : [], place),
      );
    case "profile":
      return along(walk, value, wanted, isNames, (one, leaf) =>
        conformsToAny(walk, follow ? targetOf(one, place) : one, strings(leaf), place),
      );
    case "all":
      if (!Array.isArray(wanted)) return undefined;
      return every(wanted.map((one) => (isRecord(one) ? matchesItem(walk, one, item) : undefined)));
    default:
      return undefined;
  }
}

/** True if all are, false if one is. */
export function every(answers: readonly Answer[]): Answer {
  if (answers.includes(false)) return false;
  return answers.includes(undefined) ? undefined : true;
}

function some(answers: readonly Answer[]): Answer {
  if (answers.includes(true)) return true;
  return answers.includes(undefined) ? undefined : false;
}

/** Follows the path that a wanted value stands at, through arrays and choices, and asks at its end. */
function along(
  walk: Walk,
  data: unknown,
  wanted: unknown,
  isLeaf: (wanted: unknown) => boolean,
  ask: (data: unknown, leaf: unknown) => Answer,
): Answer {
  if (Array.isArray(data)) return some(data.map((one) => along(walk, one, wanted, isLeaf, ask)));
  if (isLeaf(wanted)) return data === undefined ? false : ask(data, wanted);
  if (!isRecord(wanted)) return undefined;
  if (!isRecord(data)) return false;
  return every(
    Object.entries(wanted).map(([name, further]) => {
      // The type of a choice is in the name of its member.
      const named = isNames(further) && isLeaf(further) ? choiceType(walk, data, name) : undefined;
      if (named !== undefined && isLeaf === isTypeLeaf) return strings(further).includes(named);
      return along(walk, member(walk, data, name), further, isLeaf, ask);
    }),
  );
}

/** Whether there is something at a path, or nothing, as the value at its end says. */
function exists(walk: Walk, data: unknown, wanted: unknown): Answer {
  if (typeof wanted === "boolean") return wanted === (data !== undefined);
  if (!isRecord(wanted)) return undefined;
  const items = Array.isArray(data) ? data : [data];
  return every(
    Object.entries(wanted).map(([name, further]) => {
      const values = items.map((one) => (isRecord(one) ? member(walk, one, name) : undefined));
      const there = values.filter((one) => one !== undefined);
      if (typeof further === "boolean") return further === there.length > 0;
      return exists(walk, there.length > 0 ? there.flat() : undefined, further);
    }),
  );
}

function isOfType(
  walk: Walk,
  data: unknown,
  leaf: unknown,
  follow: boolean,
  types: readonly string[],
  place: Place,
): Answer {
  const wanted = strings(isRecord(leaf) ? leaf["resourceType"] : leaf);
  const resource = isRecord(data) ? data["resourceType"] : undefined;
  const of = follow ? targetType(walk, data, place) : resource;
  if (typeof of === "string") return some(wanted.map((one) => walk.lookup.isA(of, one) ?? false));
  if (follow || types.length === 0) return undefined;
  return wanted.some((one) => types.includes(one));
}

function conformsToAny(
  walk: Walk,
  data: unknown,
  profiles: readonly string[],
  place: Place,
): Answer {
  if (data === undefined) return undefined;
  return some(
    profiles.map((profile) => {
      const schema = walk.lookup.schema(profile);
      if (schema === undefined) walk.findings.missing(profile);
      return schema && walk.conforms(data, schema, place);
    }),
  );
}

/** A member by name; of a choice, the one that is there. */
function member(walk: Walk, data: Data, name: string): unknown {
  const plain = own(data, name);
  if (plain !== undefined) return plain;
  const type = choiceType(walk, data, name);
  return type === undefined ? undefined : (own(data, name + upper(type)) ?? undefined);
}

/** The type of a choice that is there. */
function choiceType(walk: Walk, data: Data, name: string): string | undefined {
  if (Object.hasOwn(data, name)) return undefined;
  for (const key of Object.keys(data)) {
    if (!key.startsWith(name) || key === name) continue;
    const rest = key.slice(name.length);
    for (const type of [rest, rest.charAt(0).toLowerCase() + rest.slice(1)]) {
      if (/^[A-Z]/.test(rest) && walk.lookup.schema(type) !== undefined) return type;
    }
  }
  return undefined;
}

function upper(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}

function isBindingLeaf(wanted: unknown): boolean {
  return isRecord(wanted) && typeof wanted["valueSet"] === "string";
}

function isNames(wanted: unknown): boolean {
  return typeof wanted === "string" || Array.isArray(wanted);
}

function isTypeLeaf(wanted: unknown): boolean {
  return isNames(wanted) || (isRecord(wanted) && isNames(wanted["resourceType"]));
}
