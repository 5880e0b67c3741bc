/** What a FHIR Schema needs: its typed edges to other definitions. */

import { stringifyStrictly } from "../json.js";
import { check, type OptionRule } from "../rules.js";
import type { Dependency, DependencyKind, JsonObject } from "../types.js";
import { inModule } from "./module.js";
import { isObject } from "./resource-json.js";

/** An edge as the module writes it. */
export type PackedEdge = readonly [kind: DependencyKind, target: string];

/** What is looked through. */
const SCHEMA: OptionRule = {
  range: "an object or its JSON text",
  accepts: (schema) => isObject(schema) || typeof schema === "string",
};

/**
 * The dependencies of a FHIR Schema, or of its JSON text, each once, by kind and then by target in code unit order.
 * Targets are canonicals as the schema writes them; a bare type name is the core's definition of it. A schema does
 * not depend on itself. INVALID_VALUE; UNSUPPORTED where `convert.wasm` cannot be loaded.
 */
export async function schemaDependencies(schema: JsonObject | string): Promise<Dependency[]> {
  check(schema, SCHEMA, "schema");
  const text = typeof schema === "string" ? schema : stringifyStrictly(schema);
  const found = await inModule(
    (converter) => converter.dependencies(text),
    "INVALID_VALUE",
    "the schema cannot be read",
  );
  return edgesOf(JSON.parse(found) as PackedEdge[]);
}

/** Edges as everybody else has them. */
export function edgesOf(packed: readonly PackedEdge[]): Dependency[] {
  return packed.map(([kind, target]) => ({ kind, target }));
}
