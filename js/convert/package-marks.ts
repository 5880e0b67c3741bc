/**
 * Entries that say something of a package instead of being a schema. Each has the package as its source, and goes
 * where the package goes: into archives, and away with `clear`.
 */

import { check, checkGiven, methods } from "../rules.js";
import type { Filter, Metadata } from "../types.js";

/** Says that a package is stored in part: from before its first definition until the last one is durable. */
export const INCOMPLETE_URL = "urn:fhir-schema-store:incomplete-package";
/** Says that a package was looked through and has no StructureDefinition: nothing of it is missing. */
export const EMPTY_URL = "urn:fhir-schema-store:package-without-definitions";

/** The part of a `SchemaStore` that can keep marks; one without `put` and `clear` keeps none. */
export interface MarkStore {
  list(filter?: Filter): Promise<readonly Metadata[]>;
  put?(
    value: object,
    options: { readonly source: string; readonly origin?: "package" },
  ): Promise<unknown>;
  clear?(filter: Filter): Promise<number>;
}

const STORE = methods<Pick<MarkStore, "list">>("a store", { list: true });

/**
 * Packages of which some definitions may be missing, as `name#version` in code unit order: saving them
 * has begun and did not end, or is under way elsewhere. Saved again, they are complete.
 */
export async function incompletePackages(
  store: Pick<MarkStore, "list">,
  none?: undefined,
): Promise<readonly string[]> {
  checkGiven(none);
  check(store, STORE, "store");
  const marks = (await store.list({ urlPrefix: INCOMPLETE_URL })).filter(isIncompleteMark);
  return marks.flatMap(({ source }) => source ?? []).sort();
}

/** Whether an entry is no schema, but says something of its package. */
export function isMark({ url }: Pick<Metadata, "url">): boolean {
  return url === INCOMPLETE_URL || url === EMPTY_URL;
}

/** Whether it says that its package is incomplete. */
export function isIncompleteMark({ url }: Pick<Metadata, "url">): boolean {
  return url === INCOMPLETE_URL;
}

/** Sets or takes away the mark of a package without definitions, as it is to be. */
export async function markEmpty(store: MarkStore, source: string, isEmpty: boolean): Promise<void> {
  const own = { package: source, urlPrefix: EMPTY_URL };
  const isMarked = (await store.list(own)).length > 0;
  // Of the package's own: the same package makes the same archive.
  const said = { source, origin: "package" } as const;
  if (isEmpty && !isMarked) await store.put?.({ url: EMPTY_URL, package: source }, said);
  if (!isEmpty && isMarked) await store.clear?.(own);
}

/** The mark of a package that is about to be saved; `isWhole`: the store has all of it as it was. */
export function markIn(
  store: MarkStore,
  source: string,
  isWhole: boolean,
): IncompleteMark | undefined {
  const keepsMarks = store.put !== undefined && store.clear !== undefined;
  return keepsMarks ? new IncompleteMark(store as Required<MarkStore>, source, isWhole) : undefined;
}

/** The mark of one package while it is saved. */
export class IncompleteMark {
  readonly #store: Required<MarkStore>;
  readonly #source: string;
  readonly #isWhole: boolean;
  #isSet = false;

  constructor(store: Required<MarkStore>, source: string, isWhole: boolean) {
    this.#store = store;
    this.#source = source;
    this.#isWhole = isWhole;
  }

  /** To be called before the first definition is stored: sets the mark unless the package is there. */
  async begin(): Promise<void> {
    if (!this.#isWhole) await this.set();
  }

  /** Of a package that was there, not all has changed to what it is now. */
  async set(): Promise<void> {
    if (this.#isSet) return;
    this.#isSet = true;
    const source = this.#source;
    await this.#store.put({ url: INCOMPLETE_URL, package: source }, { source });
  }

  /** Takes the mark away, durably. */
  async end(): Promise<void> {
    if (!this.#isSet) return;
    await this.#store.clear({ package: this.#source, urlPrefix: INCOMPLETE_URL });
  }
}
