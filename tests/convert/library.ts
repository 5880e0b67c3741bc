/** Schemas by URL, and the chains from a profile to its base. */

import type { Converted, Node } from "./model.js";

const CORE = "http://hl7.org/fhir/StructureDefinition/";

export class Library {
  readonly #byUrl = new Map<string, Node>();
  readonly #chains = new Map<string, readonly Node[]>();

  /** Of two with one URL, the one that was there first stays. */
  add(all: Iterable<Converted>): void {
    for (const { definition, schema } of all) {
      if (!this.#byUrl.has(definition.url)) this.#byUrl.set(definition.url, schema);
    }
  }

  /** The schema and those it is based on, the most specific first; shorter if one is missing. */
  chain(reference: string): readonly Node[] {
    const url = urlOf(reference);
    const known = this.#chains.get(url);
    if (known !== undefined) return known;
    // Also ends a chain that leads to itself.
    this.#chains.set(url, []);
    const schema = this.#byUrl.get(url);
    const chain = schema === undefined ? [] : this.chainOf(schema);
    this.#chains.set(url, chain);
    return chain;
  }

  chainOf(schema: Node): readonly Node[] {
    return [schema, ...(schema.base === undefined ? [] : this.chain(schema.base))];
  }

  /** Whether a base of the schema is missing. */
  isComplete(schema: Node): boolean {
    return this.chainOf(schema).every(
      (one) => one.base === undefined || this.#byUrl.has(urlOf(one.base)),
    );
  }
}

/** A type's name stands for its URL; the version does not matter. */
function urlOf(reference: string): string {
  const [url = ""] = reference.split("|");
  return url.includes(":") ? url : CORE + url;
}
