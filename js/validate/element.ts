/** A member of an object: its shape, how many items it has, and each of them. */

import { contains, equal } from "./constants.js";
import { constantOf, isRecord, isUrl, type SchemaElement, strings } from "./schema.js";
import { checkSlicing } from "./slicing.js";
import { at, type Item, type Place, type Walk } from "./walk.js";

/** A member of the data. */
export interface Field {
  readonly name: string;
  /** undefined if only `_name` is there. */
  readonly value: unknown;
  /** What `_name` has. */
  readonly extra: unknown;
}

/** Checks a member; `partly` if some of what is said of its object is not at hand. */
export function checkElement(
  walk: Walk,
  elements: readonly SchemaElement[],
  field: Field,
  place: Place,
  partly: boolean,
): void {
  const said = walk.lookup.collect(elements);
  const isArray = checkShape(walk, said.all, field, place, partly);
  const items = itemsOf(field, isArray);
  const places = items.map((_, index) => (isArray ? at(place, index) : place));
  if (isArray && items.length === 0) walk.findings.issue("empty", place.path, "an empty array");
  checkNulls(walk, field, isArray, places);
  for (const element of said.all) {
    // Of a type or a profile they say how often it may be used.
    if (walk.lookup.typeNames(element).length === 0) checkCount(walk, element, items.length, place);
    if (isArray) checkWhole(walk, element, field.value, place);
  }
  const types = said.all.flatMap((one) => [...strings(one.type), ...walk.lookup.typeNames(one)]);
  const candidates = items.map(({ value }, index) => {
    return { value, index, types, place: places[index] ?? place };
  });
  const slicings = said.all.flatMap(({ slicing }) => (isRecord(slicing) ? [slicing] : []));
  const sliced = slicings.map((slicing) => checkSlicing(walk, slicing, candidates, place));
  for (const [index, item] of items.entries()) {
    const further = sliced.flatMap((slices) => slices[index] ?? []);
    const extension = types.includes("Extension") ? extensionSchema(walk, item.value) : [];
    walk.check([...elements, ...further, ...extension], item, places[index] ?? place);
  }
}

/** Whether the data is an array. */
function checkShape(
  walk: Walk,
  said: readonly SchemaElement[],
  { name, value, extra }: Field,
  place: Place,
  partly: boolean,
): boolean {
  const isArray = Array.isArray(value === undefined ? extra : value);
  if (value !== undefined && extra !== undefined && isArray !== Array.isArray(extra)) {
    const message = `_${name} and ${name} are not both arrays`;
    walk.findings.issue("primitive-extension", place.path, message);
  }
  const repeats = said.some(({ array }) => array === true);
  // Where nothing is said of the shape, an element does not repeat.
  const once = !repeats && (!partly || said.some(({ scalar }) => scalar === true));
  if (repeats && !isArray) walk.findings.issue("not-array", place.path, "must be an array");
  if (once && isArray) walk.findings.issue("not-singular", place.path, "must not be an array");
  return isArray;
}

/** The items of `name` and `_name`, which belong together by their places. */
function itemsOf({ value, extra }: Field, isArray: boolean): Item[] {
  if (!isArray) {
    return [
      { value: value ?? undefined, extra: Array.isArray(extra) ? undefined : (extra ?? undefined) },
    ];
  }
  const values: unknown[] = Array.isArray(value) ? value : [];
  const extras: unknown[] = Array.isArray(extra) ? extra : [];
  return Array.from({ length: Math.max(values.length, extras.length) }, (_, index) => {
    return { value: values[index] ?? undefined, extra: extras[index] ?? undefined };
  });
}

/** A null stands for what only the other one of `name` and `_name` has. */
function checkNulls(walk: Walk, field: Field, isArray: boolean, places: readonly Place[]): void {
  for (const [index, { value, extra }] of itemsOf(field, isArray).entries()) {
    const path = places[index]?.path;
    const isNothing = value === undefined && extra === undefined;
    if (isNothing && path) walk.findings.issue("null", path, "null, and nothing else");
  }
  if (!isArray && field.value === null && field.extra !== undefined) {
    walk.findings.issue("null", places[0]?.path ?? "", "null is only allowed in an array");
  }
}

function checkCount(walk: Walk, { min, max }: SchemaElement, count: number, place: Place): void {
  if (typeof min === "number" && count < min) {
    walk.findings.issue("min", place.path, `${count} there, at least ${min} are required`);
  }
  if (typeof max === "number" && count > max) {
    walk.findings.issue("max", place.path, `${count} there, at most ${max} are allowed`);
  }
}

/** A constant that is an array is one for all items together. */
function checkWhole(walk: Walk, element: SchemaElement, value: unknown, place: Place): void {
  const fixed = constantOf(element.fixed);
  if (Array.isArray(fixed) && !equal(value, fixed)) {
    walk.findings.issue("fixed", place.path, `is not ${JSON.stringify(fixed)}`);
  }
  const pattern = constantOf(element.pattern);
  if (Array.isArray(pattern) && !contains(value, pattern)) {
    walk.findings.issue("pattern", place.path, `does not contain ${JSON.stringify(pattern)}`);
  }
}

/** The definition of an extension. One with a relative URL is part of another and defined there. */
function extensionSchema(walk: Walk, value: unknown): SchemaElement[] {
  if (!isRecord(value) || typeof value["url"] !== "string" || !isUrl(value["url"])) return [];
  const schema = walk.lookup.schema(value["url"]);
  if (schema === undefined) walk.findings.missing(value["url"]);
  return schema === undefined ? [] : [schema];
}
