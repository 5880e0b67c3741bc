/** One item: what it is, and all that is said of it. */

import { show } from "../rules.js";
import { checkBinding } from "./coded.js";
import { contains, equal } from "./constants.js";
import { checkLimits } from "./limits.js";
import type { Said } from "./lookup.js";
import { checkObject } from "./object.js";
import { checkTarget } from "./pointing.js";
import { checkPrimitive, checkSystem } from "./primitive.js";
import { checkResource } from "./resource.js";
import {
  constantOf,
  constraintsOf,
  isRecord,
  type SchemaElement,
  SYSTEM,
  strings,
  typeUrl,
} from "./schema.js";
import { type Data, type Item, MAX_DEPTH, type Place, type Walk } from "./walk.js";

/** Checks an item against everything that these elements say. */
export function checkItem(
  walk: Walk,
  elements: readonly SchemaElement[],
  item: Item,
  place: Place,
): void {
  if (place.depth >= MAX_DEPTH && isRecord(item.value)) {
    walk.findings.issue("depth", place.path, `more than ${MAX_DEPTH} objects inside each other`);
    return;
  }
  const said = walk.lookup.collect(elements);
  for (const canonical of said.missing) walk.findings.missing(canonical);
  if (item.value === undefined && item.extra === undefined) return;
  const all = checkKind(walk, said, item, { ...place, depth: place.depth + 1 });
  for (const element of all) checkSaid(walk, element, item.value, place);
}

/** Checks a value against what one element, or one schema, says of it beside its kind and its members. */
function checkSaid(walk: Walk, element: SchemaElement, value: unknown, place: Place): void {
  checkConstants(walk, element, value, place);
  for (const [key, { expression, severity = "error", human }] of constraintsOf(element)) {
    if (typeof expression !== "string") continue;
    const meaning = typeof human === "string" ? { human } : {};
    const { path } = place;
    const invariant = { path, element: value, key, expression, severity, ...meaning };
    walk.findings.defer({ kind: "invariant", ...invariant }, key);
  }
  if (value === undefined) return;
  checkAlternatives(walk, element, value, place);
  if (isRecord(element.binding)) checkBinding(walk, element.binding, value, place);
  checkTarget(walk, element, value, place);
  checkLimits(walk, element, value, place);
}

/** Checks what kind of JSON an item is. Returns all that is said of it. */
function checkKind(walk: Walk, said: Said, item: Item, place: Place): readonly SchemaElement[] {
  const { value, extra } = item;
  const primitive = said.all.find((one) => one["kind"] === "primitive-type");
  const system = said.all.map(({ type }) => type).find((type) => type?.startsWith?.(SYSTEM));
  if (primitive !== undefined || system !== undefined) {
    if (value !== undefined && primitive) checkPrimitive(walk, primitive, value, place);
    else if (value !== undefined) checkSystem(walk, system ?? "", value, place);
    if (extra !== undefined) checkExtra(walk, said, extra, place);
    return said.all;
  }
  if (isRecord(value)) return checkComplex(walk, said, item, value, place);
  checkNoPrimitive(walk, said, item, place);
  return said.all;
}

/** Something that is no object, where nothing says that it is of a primitive type. */
function checkNoPrimitive(walk: Walk, said: Said, { value, extra }: Item, place: Place): void {
  if (!isTold(said)) return;
  if (extra !== undefined) issueOfExtra(walk, place, "is for primitive types only");
  if (value === undefined) return;
  walk.findings.issue("type", place.path, `${show(value)} is no object`);
}

function checkExtra(walk: Walk, said: Said, extra: unknown, place: Place): void {
  if (isRecord(extra) && Object.hasOwn(extra, "value")) {
    issueOfExtra(walk, place, "has a value");
  } else if (isRecord(extra)) checkObject(walk, said, extra, place, false);
  else issueOfExtra(walk, place, "is no object");
}

function checkComplex(
  walk: Walk,
  said: Said,
  { extra }: Item,
  data: Data,
  place: Place,
): readonly SchemaElement[] {
  if (extra !== undefined) issueOfExtra(walk, place, "is for primitive types only");
  if (said.all.some((one) => isResourceType(walk, one))) {
    return checkResource(walk, said.all, data, place);
  }
  if (Object.keys(data).length === 0) walk.findings.issue("empty", place.path, "an empty object");
  checkObject(walk, said, data, place, false);
  return said.all;
}

/** Whether anything says that data is an object. */
function isTold({ all }: Said): boolean {
  return all.some(({ elements }) => isRecord(elements));
}

function isResourceType(walk: Walk, schema: SchemaElement): boolean {
  if (walk.lookup.typeNames(schema).length === 0) return false;
  return schema["kind"] === "resource" || Object.hasOwn(schema.elements ?? {}, "resourceType");
}

function issueOfExtra(walk: Walk, place: Place, what: string): void {
  walk.findings.issue("primitive-extension", place.path, `the object of the name with _ ${what}`);
}

/** Of several types, or several profiles, the data must conform to one. */
function checkAlternatives(walk: Walk, element: SchemaElement, value: unknown, place: Place): void {
  const types = strings(element.types);
  const profiles = strings(element.profiles).filter((one) => isAbout(walk, element, one));
  if (types.length > 0) checkOneOf(walk, "type", types, value, place);
  if (profiles.length > 1) checkOneOf(walk, "profile", profiles, value, place);
}

function checkOneOf(
  walk: Walk,
  rule: "type" | "profile",
  names: readonly string[],
  value: unknown,
  place: Place,
): void {
  const answers = names.map((name) => {
    const schema = walk.lookup.schema(name) ?? (name.startsWith(SYSTEM) && { type: name });
    if (!schema) walk.findings.missing(typeUrl(name));
    return schema ? walk.conforms(value, schema, place) : undefined;
  });
  if (answers.some((answer) => answer !== false)) return;
  walk.findings.issue(rule, place.path, `conforms to none of ${names.join(", ")}`);
}

/** Whether a profile may be one of the type of an element. */
function isAbout(walk: Walk, { type }: SchemaElement, profile: string): boolean {
  const about = walk.lookup.targetType(profile);
  return about === undefined || type === undefined || walk.lookup.isA(about, type) !== false;
}

function checkConstants(walk: Walk, element: SchemaElement, value: unknown, place: Place): void {
  const fixed = constantOf(element.fixed);
  if (fixed !== undefined && !Array.isArray(fixed) && !equal(value, fixed)) {
    walk.findings.issue("fixed", place.path, `is not ${JSON.stringify(fixed)}`);
  }
  const pattern = constantOf(element.pattern);
  if (pattern !== undefined && !Array.isArray(pattern) && !contains(value, pattern)) {
    walk.findings.issue("pattern", place.path, `does not contain ${JSON.stringify(pattern)}`);
  }
}
