/** The entries that flags select. */

import type { SchemaStore } from "../index.node.js";
import type { Catalog } from "../memory/catalog.js";
import { parseCanonical } from "../parse-canonical.js";
import type { StoreParts } from "../parts.js";
import type { Filter, Metadata } from "../types.js";
import type { Flags } from "./flags.js";
import { NothingThere } from "./outcome.js";

/** Names in one message. */
const MOST_NAMED = 3;
/** Shorter names are in too many others. */
const LEAST_TELLING = 3;

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

/** Bytes of their bodies. */
export function sizeOf(entries: readonly Metadata[]): number {
  return entries.reduce((sum, { size }) => sum + size, 0);
}

/** The catalog of a store, complete: it has what no list shows, too. */
export async function catalogOf(store: SchemaStore): Promise<Catalog> {
  const { partsOf } = await import("../parts.js");
  await store.size();
  return (partsOf(store) as StoreParts).memory.catalog;
}

/** The filter the flags of `FILTER_FLAGS` describe. */
export function filterOf({ urlPrefix, type, tag, package: fromPackage }: Flags): Filter {
  const texts = { urlPrefix, type, tag, package: fromPackage };
  return Object.fromEntries(Object.entries(texts).filter(([, text]) => typeof text === "string"));
}

/** Why a canonical was not found: with the versions that there are, or what is spelled like it. */
export async function notFound(store: SchemaStore, canonical: string): Promise<NothingThere> {
  const { url } = parseCanonical(canonical);
  const { entries } = await listed(store, {});
  const versions = entries.filter((entry) => entry.url === url);
  const name = nameIn(url);
  const isTelling = name.length >= LEAST_TELLING;
  const alike = entries.filter((entry) => isTelling && nameIn(entry.url).includes(name));
  const [near, hint] = versions.length > 0 ? [versions, "there is"] : [alike, "did you mean"];
  const names = [...new Set(near.map((entry) => entry.canonical))].slice(0, MOST_NAMED);
  const more = names.length > 0 ? `; ${hint} ${names.join(", ")}` : "";
  return new NothingThere(`nothing is stored under ${canonical}${more}`, canonical);
}

/** What follows the last slash. */
function nameIn(url: string): string {
  return url.toLowerCase().replace(/\/+$/, "").replace(/^.*\//, "");
}
