/** What a FHIR Schema needs: its typed edges to other definitions. */

import { KINDS } from "../core/wall.js";
import { check } from "../rules.js";
import type { Dependency, DependencyKind, JsonObject } from "../types.js";
import { isObject, OBJECT } from "./resource-json.js";

const CORE = "http://hl7.org/fhir/StructureDefinition/";
/** Types of FHIRPath itself: they have no StructureDefinition. */
const SYSTEM_TYPES = "http://hl7.org/fhirpath/";

/**
 * The dependencies of a FHIR Schema, each once, by kind and then by target in code unit order.
 * Targets are canonicals as the schema writes them; a bare type name is the core's definition of
 * it. A schema does not depend on itself. INVALID_VALUE.
 */
export function schemaDependencies(schema: JsonObject): Dependency[] {
  check(schema, OBJECT, "schema");
  const edges = new Edges(typeof schema.url === "string" ? schema.url : undefined);
  edges.add("base", schema.base, typeCanonical);
  visitChildren(schema, edges);
  return edges.sorted();
}

/** The canonical of an element type: bare names are types of the core. */
function typeCanonical(type: string): string | undefined {
  if (type.startsWith(SYSTEM_TYPES)) return undefined;
  return type.includes(":") ? type : CORE + type;
}

/** Extensions inside a complex extension have relative URLs: they are defined where they stand. */
function absolute(url: string): string | undefined {
  return url.includes(":") ? url : undefined;
}

class Edges {
  readonly #own: string | undefined;
  readonly #targets = new Map<DependencyKind, Set<string>>();

  constructor(own: string | undefined) {
    this.#own = own;
  }

  add(
    kind: DependencyKind,
    value: unknown,
    canonical: (text: string) => string | undefined = (text) => text,
  ): void {
    const target = typeof value === "string" && value !== "" ? canonical(value) : undefined;
    if (target === undefined || target === this.#own) return;
    const targets = this.#targets.get(kind);
    if (targets === undefined) this.#targets.set(kind, new Set([target]));
    else targets.add(target);
  }

  sorted(): Dependency[] {
    return KINDS.flatMap((kind) =>
      [...(this.#targets.get(kind) ?? [])].sort().map((target) => ({ kind, target })),
    );
  }
}

function visitElement(element: unknown, edges: Edges): void {
  if (!isObject(element)) return;
  edges.add("type", element.type, typeCanonical);
  edges.add("type", element.defaultType, typeCanonical);
  edges.add("extension", element.url, absolute);
  if (Array.isArray(element.refers)) {
    for (const target of element.refers) edges.add("reference", target);
  }
  if (isObject(element.binding)) edges.add("binding", element.binding.valueSet);
  visitSlices(element.slicing, edges);
  visitChildren(element, edges);
}

function visitChildren(parent: JsonObject, edges: Edges): void {
  for (const children of [parent.elements, parent.extensions]) {
    if (isObject(children)) for (const child of Object.values(children)) visitElement(child, edges);
  }
}

/** A slice names its schema by canonical or carries it. */
function visitSlices(slicing: unknown, edges: Edges): void {
  if (!isObject(slicing) || !isObject(slicing.slices)) return;
  for (const slice of Object.values(slicing.slices)) {
    if (!isObject(slice)) continue;
    edges.add("slice", slice.schema);
    visitElement(slice.schema, edges);
  }
}
