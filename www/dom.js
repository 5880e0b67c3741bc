/**
 * Making elements. Text from outside goes into the document as text only: there is no way in here
 * to have a string read as markup, and no link leads out of the page.
 */

/** Longest text shown in one place; the JSON view has the rest. */
const SHOWN = 600;
const KB = 1000;
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
/** Joiners that emoji and several scripts need, and what lays text out. */
const HARMLESS = new Set(["\t", "\n", "\r", "\u200c", "\u200d"]);

export const byId = (id) => document.getElementById(id);

/**
 * An element. Of `facts`, functions become listeners, `data` the data attributes, the rest
 * attributes; undefined and false ones are left out. Children are elements or texts.
 */
export function make(name, facts = {}, ...children) {
  const made = document.createElement(name);
  set(made, facts);
  made.append(...children.flat().filter((child) => child !== undefined));
  return made;
}

/** The same for SVG. */
export function draw(name, facts = {}, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  set(made, facts);
  made.append(...children);
  return made;
}

/** Sets attributes and listeners as `make` does. */
export function set(element, facts) {
  for (const [name, value] of Object.entries(facts)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (name === "data") Object.assign(element.dataset, value);
    else if (value === undefined || value === false) element.removeAttribute(name);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
}

/** A text from outside: isolated, what cannot be seen written out, cut where it is very long. */
export function foreign(text, facts = {}) {
  return make("bdi", facts, clip(visible(text)));
}

/** Characters that hide or turn round what stands beside them, written as `<U+202E>`. */
export function visible(text, write = named) {
  return text.replace(UNSEEN, (one) => (HARMLESS.has(one) ? one : write(one)));
}

/** JSON in which such characters are escapes, which mean the same. */
export function visibleJson(text) {
  return visible(text, (one) =>
    Array.from({ length: one.length }, (_, at) => `\\u${hex(one.charCodeAt(at))}`).join(""),
  );
}

/** The beginning of a long text, with its length. */
export function clip(text, length = SHOWN) {
  if (text.length <= length) return text;
  return `${text.slice(0, length).toWellFormed()} ... (${text.length} characters)`;
}

/** Any JSON value as text: strings as they are, everything else written out. */
export function textOf(value) {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
}

/** Where an entry is shown; the address survives a reload, and "back" works. */
export function addressOf(canonical, tab) {
  return `#${new URLSearchParams(tab === undefined ? { entry: canonical } : { entry: canonical, tab })}`;
}

/** A number of things in words. */
export function counted(number, one = "schema", many = `${one}s`) {
  return `${number.toLocaleString("en")} ${number === 1 ? one : many}`;
}

export function readableBytes(bytes) {
  if (bytes < KB) return `${bytes} B`;
  if (bytes < KB * KB) return `${(bytes / KB).toFixed(1)} KB`;
  if (bytes < KB ** 3) return `${(bytes / KB ** 2).toFixed(1)} MB`;
  return `${(bytes / KB ** 3).toFixed(1)} GB`;
}

export function readableTime(milliseconds) {
  if (milliseconds < 10) return `${milliseconds.toFixed(1)} ms`;
  return milliseconds < 10_000
    ? `${Math.round(milliseconds)} ms`
    : `${(milliseconds / 1000).toFixed(1)} s`;
}

/** One line for an error. */
export function describe(error) {
  if (error?.code === undefined || typeof error.code !== "string") return String(error);
  return `${error.code}: ${error.message}`;
}

function named(one) {
  return `<U+${hex(one.codePointAt(0)).toUpperCase()}>`;
}

function hex(code) {
  return code.toString(16).padStart(4, "0");
}
