/** The entries that flags select. */

import type { SchemaStore } from "../index.node.js";
import type { Filter, Metadata } from "../types.js";
import type { Flags } from "./flags.js";

/** The entries a filter takes, and the incomplete ones of their packages; of all, where it takes all. */
export async function listed(
  store: SchemaStore,
  filter: Filter,
): Promise<{ entries: Metadata[]; incomplete: readonly string[] }> {
  const { incompletePackages, isMark } = await import("../convert/package-marks.js");
  const entries = (await store.list(filter)).filter((entry) => !isMark(entry));
  const all = await incompletePackages(store);
  const isAll = Object.keys(filter).length === 0;
  const incomplete = all.filter((name) => isAll || entries.some(({ source }) => source === name));
  return { entries, incomplete };
}

/** The filter the flags of `FILTER_FLAGS` describe. */
export function filterOf({ urlPrefix, type, tag, package: fromPackage }: Flags): Filter {
  const texts = { urlPrefix, type, tag, package: fromPackage };
  return Object.fromEntries(Object.entries(texts).filter(([, text]) => typeof text === "string"));
}
