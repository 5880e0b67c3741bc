/** What an element says of a value beyond its type: an expression, the longest, the least, the largest. */

import { show } from "../rules.js";
import { matches } from "./expressions.js";
import { isRecord, type SchemaElement } from "./schema.js";
import type { Place, Walk } from "./walk.js";

/** Checks `regex`, `maxLength`, and the least and the largest value. */
export function checkLimits(
  walk: Walk,
  element: SchemaElement,
  value: unknown,
  place: Place,
): void {
  const { maxLength, regex } = element;
  if (typeof regex === "string" && element["kind"] === undefined) {
    checkExpression(walk, regex, value, place, "");
  }
  if (typeof maxLength === "number" && typeof value === "string") {
    const { length } = Array.from(value);
    const message = `${length} characters, at most ${maxLength} are allowed`;
    if (length > maxLength) walk.findings.issue("length", place.path, message);
  }
  for (const [name, limit] of Object.entries(element)) {
    if (isLeast(name) && isLess(name, value, limit)) {
      walk.findings.issue("range", place.path, `${amount(value)} is less than ${amount(limit)}`);
    }
    if (isLargest(name) && isLess(name, limit, value)) {
      walk.findings.issue("range", place.path, `${amount(value)} is more than ${amount(limit)}`);
    }
  }
}

/** Checks a value against an expression; one that is too long for it is told as a warning. */
export function checkExpression(
  walk: Walk,
  regex: string,
  value: unknown,
  place: Place,
  what: string,
): void {
  const isMatch = matches(regex, String(value));
  if (isMatch === false) {
    const message = `${show(value)}${what} does not match ${regex}`;
    walk.findings.issue("format", place.path, message);
  } else if (isMatch === undefined) {
    const message = `${show(value)} is too long to be matched with ${regex}, which may take forever`;
    walk.findings.issue("format", place.path, message, "warning");
  }
}

/** Whether a member of an element is the least value, such as `minValueInteger`. */
export function isLeast(name: string): boolean {
  return /^minValue[A-Z]/.test(name);
}

/** Whether a member of an element is the largest value, such as `maxValueDate`. */
export function isLargest(name: string): boolean {
  return /^maxValue[A-Z]/.test(name);
}

/**
 * Whether one of two values that can be compared is less, where the limit is of this name. Quantities can
 * only with the same unit, times only if both have a zone or neither has.
 */
export function isLess(name: string, one: unknown, other: unknown): boolean {
  if (name.endsWith("Integer64")) return isWholeLess(one, other);
  if (typeof one === "number" && typeof other === "number") return one < other;
  if (typeof one === "string" && typeof other === "string") return isTextLess(one, other);
  if (!isRecord(one) || !isRecord(other)) return false;
  const [a, b] = [one["value"], other["value"]];
  const isSameUnit = one["code"] === other["code"] && one["system"] === other["system"];
  return isSameUnit && typeof a === "number" && typeof b === "number" && a < b;
}

/** Whole numbers of 64 bits are texts in JSON. */
function isWholeLess(one: unknown, other: unknown): boolean {
  const isWhole = (value: unknown) => /^[-+]?\d+$/.test(String(value));
  return isWhole(one) && isWhole(other) && BigInt(String(one)) < BigInt(String(other));
}

/** Dates and times: of two that are not equally precise, as far as both go. */
function isTextLess(one: string, other: string): boolean {
  const [zoned, otherZoned] = [hasZone(one), hasZone(other)];
  if (zoned && otherZoned) return Date.parse(one) < Date.parse(other);
  if (zoned !== otherZoned) return false;
  const length = Math.min(one.length, other.length);
  return one.slice(0, length) < other.slice(0, length);
}

function hasZone(time: string): boolean {
  return /(?:Z|[-+]\d\d:\d\d)$/.test(time);
}

/** A value for people; of a quantity, the number and the unit. */
function amount(value: unknown): string {
  if (!isRecord(value)) return show(value);
  const unit = value["code"] ?? value["unit"];
  return typeof unit === "string" ? `${show(value["value"])} ${unit}` : show(value["value"]);
}
