/** The definitions that a schema names. */

import {
  type FhirSchema,
  isRecord,
  isUrl,
  members,
  type SchemaElement,
  type SchemaMatch,
  type SchemaSlicing,
  SYSTEM,
  strings,
} from "./schema.js";

/** What a schema names. */
export interface Named {
  /** Names or URLs of types. */
  readonly types: Set<string>;
  /** Canonicals of bases, profiles, extensions and elements elsewhere. */
  readonly canonicals: Set<string>;
  /** Canonicals of what references may point at. */
  readonly targets: Set<string>;
}

/** Everything a schema names, once each. */
export function namedIn(schema: FhirSchema): Named {
  const named: Named = { types: new Set(), canonicals: new Set(), targets: new Set() };
  // A definition of a type is that type; a profile of it needs it even where a base between them is missing.
  const { type, ...root } = schema;
  if (schema.derivation === "constraint") for (const one of strings(type)) named.types.add(one);
  for (const base of strings(root.base)) named.canonicals.add(base);
  collect(root, named);
  return named;
}

/** Its `types` as they are needed: those of FHIRPath have no definition. */
export function isDefined(type: string): boolean {
  return !type.startsWith(SYSTEM);
}

function collect(element: SchemaElement, named: Named): void {
  for (const type of [...strings(element.type), ...strings(element.types)]) named.types.add(type);
  for (const profile of strings(element.profiles)) named.canonicals.add(profile);
  for (const target of strings(element.refers)) named.targets.add(target);
  const [elsewhere] = strings(element.elementReference);
  if (elsewhere !== undefined) named.canonicals.add(elsewhere);
  for (const [, extension] of members(element.extensions)) {
    // An extension that is part of another one is defined where it stands, and its URL is relative.
    if (isRecord(extension)) addUrls(extension["url"], named);
  }
  for (const [, child] of members(element.elements)) if (isRecord(child)) collect(child, named);
  if (isRecord(element.slicing)) collectSlices(element.slicing, named);
}

function collectSlices(slicing: SchemaSlicing, named: Named): void {
  for (const [, slice] of members(slicing.slices)) {
    if (!isRecord(slice)) continue;
    if (isRecord(slice.schema)) collect(slice.schema, named);
    if (isRecord(slice.match)) collectMatch(slice.match, named);
  }
}

function collectMatch(match: SchemaMatch, named: Named): void {
  addUrls(match["url"], named);
  if (match.type === "profile") addUrls(match.value, named);
  if (match.type !== "all" || !Array.isArray(match.value)) return;
  for (const one of match.value) if (isRecord(one)) collectMatch(one, named);
}

/** The canonicals in a value, however deep they stand at their path. */
function addUrls(value: unknown, named: Named): void {
  if (typeof value === "string" && isUrl(value)) named.canonicals.add(value);
  else if (Array.isArray(value)) for (const one of value) addUrls(one, named);
  else if (isRecord(value)) for (const one of Object.values(value)) addUrls(one, named);
}
