/** Values of primitive types. */

import { show } from "../rules.js";
import { checkExpression, checkLimits } from "./limits.js";
import { type FhirSchema, own, SYSTEM } from "./schema.js";
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
  else if (typeof regex === "string")
    checkExpression(walk, regex, value, place, ` is no ${type}: it`);
}

/** Whether the day that a date begins with exists. */
function isDay(text: string): boolean {
  const [, year, month, day] = /^(\d{4})-(\d\d)-(\d\d)/.exec(text) ?? [];
  if (day === undefined) return true;
  const date = new Date(Date.UTC(2000, Number(month) - 1, Number(day)));
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  return date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day);
}

function likeSystem(type: unknown): string | undefined {
  const name = typeof type === "string" ? type.slice(type.lastIndexOf(".") + 1) : "";
  return Object.hasOwn(LIKE, name) ? LIKE[name] : undefined;
}
