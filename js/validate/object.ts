/** The members of an object: known, required, excluded, and one of each choice. */

import { checkElement, type Field } from "./element.js";
import type { Said } from "./lookup.js";
import {
  isRecord,
  isUrl,
  members,
  own,
  type SchemaElement,
  type SchemaSlice,
  strings,
} from "./schema.js";
import { below, type Data, ofType, type Place, type Walk } from "./walk.js";

/** Comments of JSON in the second version of FHIR. */
const COMMENTS = "fhir_comments";

/** Checks an object against all that is said of it. */
export function checkObject(
  walk: Walk,
  said: Said,
  data: Data,
  place: Place,
  isResource: boolean,
): void {
  const partly = said.missing.length > 0 || !said.all.some(({ elements }) => isRecord(elements));
  const fields = fieldsOf(data, isResource);
  const chosen = new Map<string, string[]>();
  for (const field of fields.values()) {
    const { elements, choice } = childrenOf(said.all, field.name, isResource);
    if (elements.length === 0) {
      const { path } = below(place, field.name);
      if (!partly) walk.findings.issue("unknown-element", path, `${field.name} is unknown`);
    } else if (choice === undefined) {
      checkElement(walk, elements, field, below(place, field.name), partly);
    } else {
      chosen.set(choice, [...(chosen.get(choice) ?? []), field.name]);
      const there = placeOf(elements, choice, field.name, place);
      checkAllowed(walk, said.all, choice, field.name, there);
      checkElement(walk, elements, field, there, partly);
    }
  }
  for (const [choice, names] of chosen) checkOne(walk, choice, names, place);
  const isThere = (name: string) => fields.has(name) || chosen.has(name);
  for (const one of said.all) checkPresence(walk, one, isThere, place);
  for (const one of said.all) checkExtensions(walk, one, data, place);
  checkUses(walk, said.all, data, place);
}

function checkOne(walk: Walk, choice: string, names: readonly string[], place: Place): void {
  if (names.length === 1) return;
  const message = `only one of ${names.join(", ")} is allowed`;
  walk.findings.issue("choice", below(place, choice).path, message);
}

/** In FHIRPath the type of a choice is no part of its name. */
function placeOf(
  elements: readonly SchemaElement[],
  choice: string,
  name: string,
  place: Place,
): Place {
  const type = elements.map((one) => one.type).find((one) => typeof one === "string");
  return type === undefined ? below(place, name) : ofType(place, choice, type);
}

/** The members by name, each with the object of `_name` beside it. */
function fieldsOf(data: Data, isResource: boolean): Map<string, Field> {
  const fields = new Map<string, Field>();
  for (const key of Object.keys(data)) {
    if (key === COMMENTS || (isResource && key === "resourceType")) continue;
    // No element of FHIR begins with _, so that __proto__ is nothing beside another member.
    const name = /^_[^_]/.test(key) ? key.slice(1) : key;
    const [value, extra] = [own(data, name), own(data, `_${name}`)];
    if (value !== undefined || extra !== undefined) fields.set(name, { name, value, extra });
  }
  return fields;
}

/**
 * The id of an element may be any text without spaces, says the specification in every version; the
 * definitions of some say that it is an `id`, which they break themselves.
 */
function idOf(element: SchemaElement): SchemaElement {
  return element.type === "id" ? ELEMENT_ID : element;
}

const ELEMENT_ID: SchemaElement = { type: "string", scalar: true, regex: "\\S+" };

function isElement(one: SchemaElement | undefined): one is SchemaElement {
  return isRecord(one);
}

/** What is said of a member, and the choice that it is of. */
function childrenOf(
  said: readonly SchemaElement[],
  name: string,
  isResource: boolean,
): { elements: SchemaElement[]; choice: string | undefined } {
  // A choice itself is no member of data.
  const elements = said.map((one) => own(one.elements, name)).filter(isElement);
  if (elements.some(({ choices }) => choices !== undefined))
    return { elements: [], choice: undefined };
  if (name === "id" && !isResource) return { elements: elements.map(idOf), choice: undefined };
  const choice = elements.map(({ choiceOf }) => choiceOf).find((one) => typeof one === "string");
  if (choice !== undefined) {
    for (const one of said) {
      const root = own(one.elements, choice);
      if (isRecord(root)) elements.push(root);
    }
  }
  return { elements, choice };
}

function checkAllowed(
  walk: Walk,
  said: readonly SchemaElement[],
  choice: string,
  name: string,
  place: Place,
): void {
  const isAllowed = said.every(({ elements }) => {
    const choices = own(elements, choice)?.choices;
    return choices === undefined || strings(choices).includes(name);
  });
  if (isAllowed) return;
  walk.findings.issue("choice-excluded", place.path, `${name} is no choice that is allowed`);
}

function checkPresence(
  walk: Walk,
  element: SchemaElement,
  isThere: (name: string) => boolean,
  place: Place,
): void {
  for (const name of strings(element.required)) {
    if (isThere(name)) continue;
    walk.findings.issue("required", below(place, name).path, `${name} is required`);
  }
  for (const name of strings(element.excluded)) {
    if (!isThere(name)) continue;
    walk.findings.issue("excluded", below(place, name).path, `${name} is not allowed here`);
  }
}

/** Where extensions are. */
const MEMBERS = ["extension", "modifierExtension"];

function slicesOf(
  element: SchemaElement,
  member: string,
): Readonly<Record<string, SchemaSlice>> | undefined {
  return own(element.elements, member)?.slicing?.slices;
}

/**
 * Counts the extensions whose definitions say how often they may be there, unless slices say it. Validators
 * differ here, and so does published data: it is a warning.
 */
function checkUses(walk: Walk, said: readonly SchemaElement[], data: Data, place: Place): void {
  for (const member of MEMBERS) {
    const items = own(data, member);
    if (!Array.isArray(items)) continue;
    const slices = said.flatMap((one) => members(slicesOf(one, member)));
    const counted = new Set(
      slices.map(([, slice]) => isRecord(slice) && slice.max !== undefined && slice.match?.["url"]),
    );
    const urls = items.filter(isRecord).map(({ url }) => url);
    for (const url of new Set(urls)) {
      if (typeof url !== "string" || !isUrl(url) || counted.has(url)) continue;
      const max = walk.lookup.schema(url)?.max;
      const count = urls.filter((one) => one === url).length;
      if (typeof max !== "number" || count <= max) continue;
      const message = `${count} of ${url}, at most ${max} are allowed`;
      walk.findings.issue("slice-max", below(place, member).path, message, "warning");
    }
  }
}

/** Counts the extensions that are named; those that are slices are counted there. */
function checkExtensions(walk: Walk, element: SchemaElement, data: Data, place: Place): void {
  for (const [name, extension] of members(element.extensions)) {
    if (!isRecord(extension)) continue;
    if (MEMBERS.some((member) => own(slicesOf(element, member), name) !== undefined)) continue;
    const items = [data["extension"], data["modifierExtension"]].flat().filter(isRecord);
    const count = items.filter(({ url }) => url === extension["url"]).length;
    const { min, max } = extension;
    const where = below(place, "extension").path;
    if (typeof min === "number" && count < min) {
      walk.findings.issue("slice-min", where, `${count} of ${name}, at least ${min} are required`);
    }
    if (typeof max === "number" && count > max) {
      walk.findings.issue("slice-max", where, `${count} of ${name}, at most ${max} are allowed`);
    }
  }
}
