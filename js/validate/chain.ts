/** What a schema is derived from. */

import { SchemaStoreError } from "../errors.js";
import type { FhirSchema } from "./schema.js";

/**
 * A schema, its base, the base of that, and so on as far as they are there. INVALID_VALUE if one of them
 * is derived from itself.
 */
export function chainOf(
  canonical: string,
  find: (canonical: string) => FhirSchema | undefined,
): FhirSchema[] {
  const chain: FhirSchema[] = [];
  const names: string[] = [];
  let next: string | undefined = canonical;
  while (typeof next === "string") {
    const schema = find(next);
    if (schema === undefined) break;
    names.push(next);
    if (chain.includes(schema)) {
      const message = `a definition is derived from itself: ${names.slice(chain.indexOf(schema)).join(" -> ")}`;
      throw new SchemaStoreError("INVALID_VALUE", message, { key: canonical });
    }
    chain.push(schema);
    next = schema.base;
  }
  return chain;
}
