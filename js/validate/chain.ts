/** What a schema is derived from. */

import { SchemaStoreError } from "../errors.js";
import type { FhirSchema } from "./schema.js";

/** A schema, its base, the base of that, and so on as far as they are there. */
export interface Chain {
  readonly schemas: readonly FhirSchema[];
  /** Their canonicals from the one that is derived from itself to where it comes again; else empty. */
  readonly cycle: readonly string[];
}

/** Follows the bases of a schema. */
export function chainOf(
  canonical: string,
  find: (canonical: string) => FhirSchema | undefined,
): Chain {
  const places = new Map<FhirSchema, number>();
  const names: string[] = [];
  let next: string | undefined = canonical;
  while (typeof next === "string") {
    const schema = find(next);
    if (schema === undefined) break;
    names.push(next);
    const place = places.get(schema);
    if (place !== undefined) return { schemas: [...places.keys()], cycle: names.slice(place) };
    places.set(schema, places.size);
    next = schema.base;
  }
  return { schemas: [...places.keys()], cycle: [] };
}

/** INVALID_VALUE for a definition that is derived from itself. */
export function refuseCycle(canonical: string, { cycle }: Chain): void {
  if (cycle.length === 0) return;
  const message = `a definition is derived from itself: ${cycle.join(" -> ")}`;
  throw new SchemaStoreError("INVALID_VALUE", message, { key: canonical });
}
