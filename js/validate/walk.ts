/** What all steps of a validation share. */

import type { Entries } from "./entries.js";
import type { Lookup } from "./lookup.js";
import type { Findings, ValueSets } from "./result.js";
import type { SchemaElement } from "./schema.js";

/** A JSON object of the data. */
export type Data = Readonly<Record<string, unknown>>;

/** Data at one place: its value, and the object of `_name` beside it if it is primitive. */
export interface Item {
  readonly value: unknown;
  readonly extra: unknown;
}

/** Where in the data a step is. */
export interface Place {
  /** In FHIRPath. */
  readonly path: string;
  /** How many objects it is in. */
  readonly depth: number;
  /** The resource in whose `contained` a reference such as `#a` is looked for. */
  readonly container: Data | undefined;
  /** The Bundles it is in, the outermost first. */
  readonly bundles: readonly Entries[];
}

/** One validation. */
export interface Walk {
  readonly lookup: Lookup;
  readonly findings: Findings;
  readonly valueSets: ValueSets | undefined;
  /** Checks an item against everything that these elements say. */
  check(elements: readonly SchemaElement[], item: Item, place: Place): void;
  /** Whether a value has no issues; undefined if that cannot be told. */
  conforms(value: unknown, schema: SchemaElement, place: Place): boolean | undefined;
}

/** The most objects inside each other: no resource comes near it, and a stack bears it. */
export const MAX_DEPTH = 200;

/** The place of a member, and of an item of it. */
export function below(place: Place, name: string): Place {
  const plain = /^[A-Za-z_][A-Za-z0-9_]*$/.test(name);
  const step = plain ? name : `\`${name.replace(/[\\`]/g, "\\$&")}\``;
  return { ...place, path: `${place.path}.${step}` };
}

/** The place of the value of a choice. */
export function ofType(place: Place, choice: string, type: string): Place {
  const { path } = below(place, choice);
  return { ...place, path: `${path}.ofType(${type})` };
}

/** The place of an item of an array. */
export function at(place: Place, index: number): Place {
  return { ...place, path: `${place.path}[${index}]` };
}
