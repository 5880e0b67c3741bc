/** Values of primitive types. */

import { show } from "../rules.js";
import { type FhirSchema, own, type SchemaElement, SYSTEM } from "./schema.js";
import type { Place, Walk } from "./walk.js";

/** What a number may be, by name of the type. */
const NUMBERS: Readonly<Record<string, readonly [least: number, most: number]>> = {
  positiveInt: [1, 2_147_483_647],
  unsignedInt: [0, 2_147_483_647],
  integer: [-2_147_483_648, 2_147_483_647],
  decimal: [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY],
};
/** What JSON has no text for; whole numbers of 64 bits are texts, since JavaScript cannot hold them. */
const KINDS: ReadonlySet<string> = new Set(["boolean", "integer64", ...Object.keys(NUMBERS)]);
/** Types of FHIRPath as those of FHIR whose values are like theirs. */
const LIKE: Readonly<Record<string, string>> = {
  Boolean: "boolean",
  Decimal: "decimal",
  Integer: "integer",
};
const DATES: ReadonlySet<string> = new Set(["date", "dateTime", "instant"]);

/**
 * Expressions of FHIR that take longer than any text deserves, and the same without: the one of base64
 * tries every way to share out white space, the one of Markdown needs a stack as deep as the text is long.
 */
const REWRITTEN: ReadonlyMap<string, (text: string) => boolean> = new Map([
  ["(\\s*([0-9a-zA-Z\\+/=]){4}\\s*)+", isBase64],
  ["\\s*(\\S|\\s)*", () => true],
]);
/** By their text: definitions are few, values are many. */
const compiled = new Map<string, RegExp | undefined>();
/** Kept expressions; more of them come from no set of definitions. */
const MOST_COMPILED = 1000;

/** Checks a value against a primitive type. */
export function checkPrimitive(walk: Walk, schema: FhirSchema, value: unknown, place: Place): void {
  const names = walk.lookup.typeNames(schema);
  const type = names[0] ?? schema.type ?? "primitive";
  const known = names.find((name) => KINDS.has(name));
  const like = known ?? likeSystem(schema.primitiveType);
  if (!checkJson(walk, like === "integer64" ? undefined : like, type, value, place)) return;
  if (typeof value !== "string") return;
  checkText(walk, schema.regex, type, value, place);
  const { regex: _, ...limits } = own(schema.elements, "value") ?? {};
  checkLimits(walk, limits, value, place);
  if (names.some((name) => DATES.has(name)) && !isDay(value)) {
    walk.findings.issue("format", place.path, `${show(value)} is no day of the calendar`);
  }
}

/** Checks a value whose type is one of FHIRPath, of which there is no definition. */
export function checkSystem(walk: Walk, type: string, value: unknown, place: Place): void {
  const name = type.slice(SYSTEM.length);
  if (checkJson(walk, likeSystem(type), name, value, place) && value === "") {
    walk.findings.issue("empty", place.path, "an empty text");
  }
}

/** What an element says of its value beyond its type: `regex`, `maxLength`, the least and the largest. */
export function checkLimits(
  walk: Walk,
  element: SchemaElement,
  value: unknown,
  place: Place,
): void {
  const { maxLength, regex } = element;
  if (
    typeof regex === "string" &&
    element["kind"] === undefined &&
    !matches(regex, String(value))
  ) {
    walk.findings.issue("format", place.path, `${show(value)} does not match ${regex}`);
  }
  if (typeof maxLength === "number" && typeof value === "string") {
    const { length } = Array.from(value);
    const message = `${length} characters, at most ${maxLength} are allowed`;
    if (length > maxLength) walk.findings.issue("length", place.path, message);
  }
  for (const [name, limit] of Object.entries(element)) {
    if (/^minValue[A-Z]/.test(name) && isLess(value, limit)) {
      walk.findings.issue("range", place.path, `${show(value)} is less than ${show(limit)}`);
    }
    if (/^maxValue[A-Z]/.test(name) && isLess(limit, value)) {
      walk.findings.issue("range", place.path, `${show(value)} is more than ${show(limit)}`);
    }
  }
}

/** Whether a value is what JSON has for a type. */
function checkJson(
  walk: Walk,
  type: string | undefined,
  name: string,
  value: unknown,
  place: Place,
): boolean {
  const [wanted, range] =
    type === "boolean" ? ["boolean"] : type === undefined ? ["string"] : ["number", NUMBERS[type]];
  if (typeof value !== wanted) {
    const message = `${show(value)} is no ${name}, which is a ${wanted} in JSON`;
    walk.findings.issue("type", place.path, message);
    return false;
  }
  if (range === undefined) return true;
  const whole = type === "decimal" || Number.isInteger(value);
  const [least, most] = range;
  if (whole && (value as number) >= least && (value as number) <= most) return true;
  const message = `${show(value)} is no ${name}: ${whole ? `it is not from ${least} to ${most}` : "it is not whole"}`;
  walk.findings.issue("format", place.path, message);
  return false;
}

function checkText(walk: Walk, regex: unknown, type: string, value: string, place: Place): void {
  if (value === "") walk.findings.issue("empty", place.path, "an empty text");
  else if (typeof regex === "string" && !matches(regex, value)) {
    walk.findings.issue(
      "format",
      place.path,
      `${show(value)} is no ${type}: it does not match ${regex}`,
    );
  }
}

/** Whether all of a text matches. An expression that JavaScript cannot read forbids nothing. */
function matches(regex: string, text: string): boolean {
  const rewritten = REWRITTEN.get(regex.replaceAll("\\/", "/"));
  if (rewritten !== undefined) return rewritten(text);
  if (!compiled.has(regex)) {
    if (compiled.size >= MOST_COMPILED) compiled.clear();
    compiled.set(regex, compile(regex));
  }
  return compiled.get(regex)?.test(text) ?? true;
}

function compile(regex: string): RegExp | undefined {
  try {
    return new RegExp(wholly(regex));
  } catch {
    return undefined;
  }
}

/** An expression that all of a text must match, as JavaScript understands it. */
export function wholly(regex: string): string {
  const isSlow = REWRITTEN.get(regex.replaceAll("\\/", "/")) === isBase64;
  return `^(?:${isSlow ? `[0-9a-zA-Z+/=${SPACE}]+` : withPlainSpace(regex)})$`;
}

/** White space of FHIR, and the rest: for JavaScript a space that does not break is white space, too. */
const SPACE = " \\t\\n\\v\\f\\r";
const NO_SPACE = "\\0-\\x08\\x0e-\\x1f!-\\uffff";

function withPlainSpace(regex: string): string {
  let inClass = false;
  return regex.replace(/\\[\s\S]|[[\]]/g, (token) => {
    if (token === "[" || token === "]") inClass = token === "[";
    if (token !== "\\s" && token !== "\\S") return token;
    const characters = token === "\\s" ? SPACE : NO_SPACE;
    return inClass ? characters : `[${characters}]`;
  });
}

function isBase64(text: string): boolean {
  const digits = text.replace(/\s+/g, "");
  return digits.length > 0 && digits.length % 4 === 0 && !/[^0-9a-zA-Z+/=]/.test(digits);
}

/** Whether the day that a date begins with exists. */
function isDay(text: string): boolean {
  const [, year, month, day] = /^(\d{4})-(\d\d)-(\d\d)/.exec(text) ?? [];
  if (day === undefined) return true;
  const date = new Date(Date.UTC(2000, Number(month) - 1, Number(day)));
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  return date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day);
}

/** Whether one of two values that can be compared is less; quantities only of the same unit. */
function isLess(one: unknown, other: unknown): boolean {
  if (typeof one === "number" && typeof other === "number") return one < other;
  if (typeof one === "string" && typeof other === "string") {
    const length = Math.min(one.length, other.length);
    return one.slice(0, length) < other.slice(0, length);
  }
  if (typeof one !== "object" || typeof other !== "object" || !one || !other) return false;
  const [a, b] = [one as Record<string, unknown>, other as Record<string, unknown>];
  return (
    a["code"] === b["code"] && a["system"] === b["system"] && isNumberLess(a["value"], b["value"])
  );
}

function isNumberLess(one: unknown, other: unknown): boolean {
  return typeof one === "number" && typeof other === "number" && one < other;
}

function likeSystem(type: unknown): string | undefined {
  const name = typeof type === "string" ? type.slice(type.lastIndexOf(".") + 1) : "";
  return Object.hasOwn(LIKE, name) ? LIKE[name] : undefined;
}
