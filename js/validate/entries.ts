/** The entries of Bundles, which references point at. */

import { isRecord } from "./schema.js";

type Data = Readonly<Record<string, unknown>>;

/** The entries of a Bundle by what references call them. Read when the first one is looked for. */
export class Entries {
  readonly #bundle: Data;
  #found: ReadonlyMap<string, unknown> | undefined;

  constructor(bundle: Data) {
    this.#bundle = bundle;
  }

  /** The resource of an entry by its `fullUrl`, or else by its type and id. */
  find(reference: string): Data | undefined {
    this.#found ??= this.#read();
    const resource = this.#found.get(reference);
    return isRecord(resource) ? resource : undefined;
  }

  /** Of several with one name, the first. */
  #read(): Map<string, unknown> {
    const named = new Map<string, unknown>();
    const entries = records(this.#bundle["entry"]);
    for (const { fullUrl, resource } of entries) {
      if (typeof fullUrl === "string" && !named.has(fullUrl)) named.set(fullUrl, resource);
    }
    for (const { resource } of entries) {
      if (!isRecord(resource)) continue;
      const name = `${resource["resourceType"]}/${resource["id"]}`;
      if (!named.has(name)) named.set(name, resource);
    }
    return named;
  }
}

/** Those of a list that are objects. */
export function records(list: unknown): Data[] {
  return Array.isArray(list) ? list.filter(isRecord) : [];
}
