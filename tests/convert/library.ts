/** Schemas by URL, and the chains from a profile to its base. */

import type { Converted, Node } from "./model.js";

const CORE = "http://hl7.org/fhir/StructureDefinition/";

export class Library {
  readonly #byUrl = new Map<string, Converted>();
  readonly #chains = new Map<string, readonly Node[]>();

  /** Of two with one URL, the one that was there first stays. */
  add(all: Iterable<Converted>): void {
    for (const one of all) {
      const { url } = one.definition;
      if (!this.#byUrl.has(url)) this.#byUrl.set(url, one);
    }
  }

  /** The schema and those it is based on, the most specific first; shorter if one is missing. */
  chain(reference: string): readonly Node[] {
    const url = urlOf(reference);
    const known = this.#chains.get(url);
    if (known !== undefined) return known;
    // Also ends a chain that leads to itself.
    this.#chains.set(url, []);
    const schema = this.#byUrl.get(url)?.schema;
    const chain = schema === undefined ? [] : this.chainOf(schema);
    this.#chains.set(url, chain);
    return chain;
  }

  chainOf(schema: Node): readonly Node[] {
    return [schema, ...(schema.base === undefined ? [] : this.chain(schema.base))];
  }

  has(reference: string): boolean {
    return this.#byUrl.has(urlOf(reference));
  }

  /** Whether all bases of the schema are there. */
  isComplete(schema: Node): boolean {
    return this.chainOf(schema).every(({ base }) => base === undefined || this.has(base));
  }

  /** The definition and those it is based on. */
  definitionsOf(converted: Converted): Converted[] {
    const base = converted.schema.base;
    const next = base === undefined ? undefined : this.#byUrl.get(urlOf(base));
    return next === undefined ? [converted] : [converted, ...this.definitionsOf(next)];
  }
}

/** A type's name stands for its URL; the version does not matter. */
function urlOf(reference: string): string {
  const [url = ""] = reference.split("|");
  return url.includes(":") ? url : CORE + url;
}
