/**
 * Packages that are stored in part: an entry of their own says so from before their first definition is
 * stored until the last one is durable. It goes where they go: into archives, and away with `clear`.
 */

import { check, checkGiven, methods } from "../rules.js";
import type { Filter, Metadata } from "../types.js";

/** URL of the entries that say so; each has the package as its source. */
export const INCOMPLETE_URL = "urn:fhir-schema-store:incomplete-package";

/** The part of a `SchemaStore` that can keep marks; one without `put` and `clear` keeps none. */
export interface MarkStore {
  list(filter?: Filter): Promise<readonly Metadata[]>;
  put?(value: object, options: { readonly source: string }): Promise<unknown>;
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
  const marks = (await store.list({ urlPrefix: INCOMPLETE_URL })).filter(isMark);
  return marks.flatMap(({ source }) => source ?? []).sort();
}

/** Whether an entry is no schema, but says that its package is incomplete. */
export function isMark({ url }: Pick<Metadata, "url">): boolean {
  return url === INCOMPLETE_URL;
}

/** The mark of a package that is about to be saved. */
export function markIn(store: MarkStore, source: string): IncompleteMark | undefined {
  const keepsMarks = store.put !== undefined && store.clear !== undefined;
  return keepsMarks ? new IncompleteMark(store as Required<MarkStore>, source) : undefined;
}

/** The mark of one package while it is saved. */
export class IncompleteMark {
  readonly #store: Required<MarkStore>;
  readonly #source: string;
  #isSet = false;

  constructor(store: Required<MarkStore>, source: string) {
    this.#store = store;
    this.#source = source;
  }

  /** To be called before the first definition is stored: sets the mark unless the package is there. */
  async begin(): Promise<void> {
    const known = await this.#store.list({ package: this.#source });
    if (known.length === 0 || known.some(isMark)) await this.set();
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
