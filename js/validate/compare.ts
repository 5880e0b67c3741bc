/** The least and the largest values of elements, and how values compare with them. */

import { isRecord } from "./schema.js";

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
