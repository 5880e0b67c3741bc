/**
 * What the element tree shows of a FHIR Schema, as data. Whatever a schema holds is taken as found:
 * members of the wrong type are shown as text or left out, never trusted.
 */

import { typeCanonical } from "./catalog.js";
import { textOf } from "./dom.js";

/**
 * A row of the tree.
 *
 * @typedef {object} Row
 * @property {string} name
 * @property {"element" | "choice" | "slice" | "extension"} role
 * @property {string} cardinality such as `0..1`; a side the schema does not say is left out
 * @property {Link[]} types
 * @property {string[]} flags
 * @property {Note[]} notes
 * @property {() => Row[]} children made when they are first wanted
 * @property {boolean} hasChildren
 *
 * @typedef {{ text: string, target?: string, before?: string }} Link
 * @typedef {{ label: string, text?: string, link?: Link, code?: string, alarm?: boolean }} Note
 */

/** The rows of a schema's own elements. */
export function rowsOf(schema) {
  return childRows(schema);
}

/** Constraints of a schema or an element, one note each. */
export function constraintNotes({ constraint }) {
  if (!isObject(constraint)) return [];
  return Object.entries(constraint).map(([key, rule]) => {
    const { severity, human, expression } = isObject(rule) ? rule : { human: rule };
    return {
      label: key,
      text: [severity === "error" ? undefined : severity, human]
        .filter((part) => part !== undefined)
        .map(textOf)
        .join(": "),
      ...(expression === undefined ? undefined : { code: textOf(expression) }),
    };
  });
}

function childRows(parent) {
  const { elements, extensions, excluded } = parent;
  const named = isObject(elements) ? Object.entries(elements) : [];
  const choices = new Map();
  for (const [name, child] of named) {
    const owner = isObject(child) ? child.choiceOf : undefined;
    if (typeof owner !== "string" || owner === name || !Object.hasOwn(elements, owner)) continue;
    choices.set(owner, [...(choices.get(owner) ?? []), [name, child]]);
  }
  const inChoice = new Set([...choices.values()].flat().map(([name]) => name));
  const rows = named
    .filter(([name, child]) => !inChoice.has(name) && !saysExtensions(name, child, extensions))
    .sort(byIndex)
    .map(([name, child]) => elementRow(name, child, parent, choices.get(name)));
  const forbidden = strings(excluded)
    .filter((name) => !(isObject(elements) && Object.hasOwn(elements, name)))
    .map((name) => ({ ...plainRow(name, "element"), cardinality: "0..0" }));
  return [...extensionRows(extensions, parent), ...rows, ...forbidden];
}

function extensionRows(extensions, parent) {
  if (!isObject(extensions)) return [];
  return Object.entries(extensions)
    .sort(byIndex)
    .map(([name, child]) => ({
      ...elementRow(name, child, { derivation: parent.derivation ?? "constraint" }),
      role: "extension",
    }));
}

/** The converter names extensions twice: by themselves, and as slices of `extension`. */
function saysExtensions(name, child, extensions) {
  if (!/^(modifierE|e)xtension$/.test(name) || !isObject(extensions) || !isObject(child))
    return false;
  const slices = isObject(child.slicing) ? child.slicing.slices : undefined;
  return isObject(slices) && Object.keys(slices).every((slice) => Object.hasOwn(extensions, slice));
}

function elementRow(name, element, parent, choices = []) {
  if (!isObject(element)) return { ...plainRow(name, "element"), notes: [note("", element)] };
  const slices = slicesOf(element);
  const inner = isObject(element.elements) || isObject(element.extensions);
  const isChoice = Array.isArray(element.choices);
  return {
    name: isChoice ? `${name}[x]` : name,
    role: isChoice ? "choice" : "element",
    cardinality: cardinalityOf(name, element, parent),
    types: typesOf(element),
    flags: flagsOf(element),
    notes: notesOf(element),
    hasChildren: choices.length > 0 || slices.length > 0 || inner,
    children: () => [
      ...choices.map(([choice, child]) => elementRow(choice, child, parent)),
      ...slices.map(([slice, one]) => sliceRow(name, slice, one)),
      ...childRows(element),
    ],
  };
}

function sliceRow(name, slice, one) {
  const { match, schema, min, max } = isObject(one) ? one : {};
  const inside = isObject(schema) ? schema : {};
  const row = elementRow(`${name}:${slice}`, { ...inside, min, max }, {});
  const matched = isObject(match) && Object.keys(match).length > 0;
  const where = matched ? [{ label: "Matches", code: textOf(match) }] : [];
  return { ...row, role: "slice", notes: [...where, ...row.notes] };
}

function plainRow(name, role) {
  const nothing = { cardinality: "", types: [], flags: [], notes: [], hasChildren: false };
  return { ...nothing, name, role, children: () => [] };
}

/** A profile says only what it changes; in a definition of its own what is not said is 0 and 1. */
function cardinalityOf(name, element, parent) {
  if (strings(parent.excluded).includes(name)) return "0..0";
  const whole = parent.derivation === "specialization";
  const low = lowOf(element, strings(parent.required).includes(name)) ?? (whole ? 0 : undefined);
  const high = highOf(element) ?? (whole ? 1 : undefined);
  return low === undefined && high === undefined ? "" : `${low ?? ""}..${high ?? ""}`;
}

function lowOf({ min }, required) {
  const said = isNumber(min) ? min : undefined;
  return required ? Math.max(1, said ?? 1) : said;
}

function highOf({ max, array }) {
  if (isNumber(max) || max === "*") return max;
  return array === true ? "*" : undefined;
}

function typesOf({ type, url, refers, elementReference, defaultType }) {
  const types = [];
  if (typeof type === "string") types.push({ text: shortType(type), target: typeCanonical(type) });
  if (typeof url === "string") {
    types.push(url.includes(":") ? { text: shortType(url), target: url } : { text: url });
  }
  if (typeof defaultType === "string") {
    types.push({
      text: shortType(defaultType),
      target: typeCanonical(defaultType),
      before: "default",
    });
  }
  for (const target of strings(refers)) {
    types.push({ text: shortType(target), target, before: "to" });
  }
  const [owner, ...path] = strings(elementReference);
  if (owner !== undefined) {
    const names = path.filter((part) => part !== "elements");
    types.push({ text: [shortType(owner), ...names].join("."), target: owner, before: "as" });
  }
  return types;
}

/** FHIR's own definitions by their name, others by the end of their address. */
function shortType(type) {
  return type.slice(type.lastIndexOf("/") + 1) || type;
}

function flagsOf({ mustSupport, isModifier, isSummary }) {
  const flags = [];
  if (mustSupport === true) flags.push("must support");
  if (isModifier === true) flags.push("modifier");
  if (isSummary === true) flags.push("summary");
  return flags;
}

function notesOf(element) {
  const { short, binding, pattern, fixed, slicing, isModifierReason, meaningWhenMissing } = element;
  const notes = [];
  if (short !== undefined) notes.push(note("", short));
  if (isObject(binding)) notes.push(bindingNote(binding));
  if (fixed !== undefined) notes.push({ label: "Fixed", code: valueText(fixed) });
  if (pattern !== undefined) notes.push({ label: "Pattern", code: valueText(pattern) });
  if (isObject(slicing) && slicing.discriminator !== undefined) notes.push(slicingNote(slicing));
  if (isModifierReason !== undefined) notes.push(note("Modifier", isModifierReason));
  if (meaningWhenMissing !== undefined) notes.push(note("If missing", meaningWhenMissing));
  return [...notes, ...constraintNotes(element).map((one) => ({ ...one, alarm: true }))];
}

function bindingNote({ strength, valueSet }) {
  const strong = strength === undefined ? "" : ` (${textOf(strength)})`;
  if (typeof valueSet !== "string")
    return note(`Binding${strong}`, valueSet ?? "no value set named");
  return { label: `Binding${strong}`, link: { text: valueSet, target: valueSet } };
}

function slicingNote({ discriminator, rules }) {
  const by = Array.isArray(discriminator)
    ? discriminator
        .map((one) => (isObject(one) ? `${textOf(one.type)} ${textOf(one.path)}` : textOf(one)))
        .join(", ")
    : textOf(discriminator);
  return note("Sliced by", rules === undefined ? by : `${by}; ${textOf(rules)}`);
}

function valueText(given) {
  return textOf(isObject(given) && "value" in given ? given.value : given);
}

function slicesOf({ slicing }) {
  const slices = isObject(slicing) ? slicing.slices : undefined;
  return isObject(slices) ? Object.entries(slices) : [];
}

function note(label, text) {
  return { label, text: textOf(text) };
}

function byIndex([, a], [, b]) {
  return indexOf(a) - indexOf(b);
}

function indexOf(element) {
  return isObject(element) && isNumber(element.index) ? element.index : Number.MAX_SAFE_INTEGER;
}

function strings(list) {
  return Array.isArray(list) ? list.filter((one) => typeof one === "string") : [];
}

function isNumber(value) {
  return typeof value === "number";
}

function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
