/** Values that data must equal or contain. */

import { isRecord, own } from "./schema.js";

/** The members that a name stands for in data: of a choice, the one that is there. */
export type Members = (data: Readonly<Record<string, unknown>>, name: string) => unknown;

/** Whether two values of JSON are the same; the order of members does not count. */
export function equal(one: unknown, other: unknown): boolean {
  if (Array.isArray(one)) {
    if (!Array.isArray(other) || one.length !== other.length) return false;
    return one.every((item, at) => equal(item, other[at]));
  }
  if (!isRecord(one) || !isRecord(other)) return one === other;
  const names = Object.keys(one);
  if (names.length !== Object.keys(other).length) return false;
  return names.every((name) => Object.hasOwn(other, name) && equal(one[name], other[name]));
}

/** Whether data has everything that a pattern has; items of an array may stand anywhere. */
export function contains(data: unknown, pattern: unknown, member: Members = own): boolean {
  if (Array.isArray(pattern)) {
    const items = Array.isArray(data) ? data : [data];
    return pattern.every((wanted) => items.some((item) => contains(item, wanted, member)));
  }
  if (Array.isArray(data)) return data.some((item) => contains(item, pattern, member));
  if (!isRecord(pattern)) return data === pattern;
  if (!isRecord(data)) return false;
  return Object.entries(pattern).every(([name, wanted]) =>
    contains(member(data, name), wanted, member),
  );
}
