/** Where two schemas differ: each difference at the highest place that one of them does not have. */

import { isObject, same } from "./exact-json.js";

export interface Difference {
  /** Members from the root. */
  readonly path: readonly string[];
  /** Nothing if it is not there. */
  readonly ours: unknown;
  readonly theirs: unknown;
}

/** Lists whose order says nothing. */
const SETS = new Set(["required", "excluded", "refers", "profiles", "choices", "types"]);

export function compareSchemas(
  ours: unknown,
  theirs: unknown,
  path: readonly string[] = [],
): Difference[] {
  if (isObject(ours) && isObject(theirs)) {
    const names = new Set([...Object.keys(ours), ...Object.keys(theirs)]);
    return [...names].flatMap((name) => compareSchemas(ours[name], theirs[name], [...path, name]));
  }
  const isSet = SETS.has(path.at(-1) ?? "") && path.at(-2) !== "elements";
  const isSame =
    isSet && Array.isArray(ours) && Array.isArray(theirs)
      ? same([...new Set(ours)].sort(), [...new Set(theirs)].sort())
      : same(ours, theirs);
  return isSame ? [] : [{ path, ours, theirs }];
}
