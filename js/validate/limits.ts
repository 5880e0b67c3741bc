/** What an element says of a value beyond its type: an expression, the longest, the least, the largest. */

import { show } from "../rules.js";
import { isLargest, isLeast, isLess } from "./compare.js";
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

/** A value for people; of a quantity, the number and the unit. */
function amount(value: unknown): string {
  if (!isRecord(value)) return show(value);
  const unit = value["code"] ?? value["unit"];
  return typeof unit === "string" ? `${show(value["value"])} ${unit}` : show(value["value"]);
}
