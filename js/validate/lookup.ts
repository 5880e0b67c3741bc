/** Schemas as they are looked up while data is validated: merged with their bases, each once. */

import { type Chain, chainOf } from "./chain.js";
import { mergeChain } from "./merge.js";
import { isDefined } from "./named.js";
import {
  coreType,
  type FhirSchema,
  isUrl,
  own,
  refuseResource,
  type SchemaElement,
  strings,
  typeUrl,
} from "./schema.js";
import type { ProfileSchemas } from "./schemas-for.js";

/** All that is said of a piece of data. */
export interface Said {
  /** The elements, and the merged schemas of their types. */
  readonly all: readonly SchemaElement[];
  /** Canonicals without which something may be unsaid. */
  readonly missing: readonly string[];
}

/** A schema or an element that an element names. */
interface Another {
  readonly found: SchemaElement | undefined;
  readonly name: string;
}

export class Lookup {
  readonly #given: ProfileSchemas;
  readonly #merged = new Map<FhirSchema, FhirSchema>();
  readonly #chains = new WeakMap<SchemaElement, readonly FhirSchema[]>();
  readonly #names = new WeakMap<SchemaElement, readonly string[]>();
  #targetNames: ReadonlySet<string> | undefined;
  readonly #said = new WeakMap<SchemaElement, Said>();

  constructor(given: ProfileSchemas) {
    this.#given = given;
    for (const [canonical, schema] of given.schemas) refuseResource(canonical, schema);
    const profile = this.#find(given.canonical);
    if (profile !== undefined && given.merged !== undefined) {
      this.#keep(given.canonical, profile, given.merged);
    }
  }

  /** The merged schema of a canonical, or of the name of a type. */
  schema(name: string): FhirSchema | undefined {
    const found = this.#find(name);
    if (found === undefined) return undefined;
    const known = this.#merged.get(found);
    if (known !== undefined) return known;
    const { schemas, cycle } = this.#chain(name);
    // Of what is derived from itself nobody can say what it demands.
    return cycle.length > 0 ? undefined : this.#keep(name, found, mergeChain(schemas));
  }

  /** The type of a merged schema and those that it is derived from; empty for an element. */
  typeNames(schema: SchemaElement): readonly string[] {
    return this.#names.get(schema) ?? [];
  }

  /** Whether data of one type is of another one, too; undefined if the type is not known. */
  isA(type: string, other: string): boolean | undefined {
    if (type === other) return true;
    const schema = this.schema(type);
    if (schema === undefined) return undefined;
    if (this.typeNames(schema).some((name) => name === other || typeUrl(name) === other))
      return true;
    return typeof schema.base === "string" ? undefined : false;
  }

  /** Whether a name is that of a type that is at hand, or that a reference may point at. */
  isType(name: string): boolean {
    this.#targetNames ??= new Set(this.#given.targets.values());
    return this.#targetNames.has(name) || this.schema(name) !== undefined;
  }

  /** The type that a reference to a canonical points at; undefined if it is not known. */
  targetType(canonical: string): string | undefined {
    const schema = this.#find(canonical);
    return schema?.type ?? this.#given.targets.get(canonical) ?? coreType(canonical);
  }

  /** Everything that is said of data to which these elements apply. */
  collect(elements: readonly SchemaElement[]): Said {
    const all = new Set<SchemaElement>();
    const missing = new Set<string>();
    for (const element of elements) {
      const said = this.#collectOne(element);
      for (const one of said.all) all.add(one);
      for (const one of said.missing) missing.add(one);
    }
    return { all: this.#withoutBases([...all]), missing: [...missing] };
  }

  /** A schema that is merged into another one says nothing that this one does not. */
  #withoutBases(all: SchemaElement[]): SchemaElement[] {
    const schemas = all.filter((one) => this.#chains.has(one));
    if (schemas.length < 2) return all;
    const bases = new Set(schemas.flatMap((one) => this.#chains.get(one)?.slice(1) ?? []));
    return all.filter((one) => {
      const [itself] = this.#chains.get(one) ?? [];
      return itself === undefined || !bases.has(itself);
    });
  }

  #collectOne(element: SchemaElement): Said {
    const known = this.#said.get(element);
    if (known !== undefined) return known;
    const all = new Set([element]);
    const missing = new Set<string>();
    // Grows while it is iterated.
    for (const one of all) {
      const isSchema = this.#names.has(one);
      if (isSchema && typeof (one as FhirSchema).base === "string")
        missing.add((one as FhirSchema).base as string);
      if (isSchema) continue;
      const others = [...this.#typeOf(one), ...this.#elsewhere(one), ...this.#profileOf(one)];
      for (const { found, name } of others) {
        if (found === undefined) missing.add(name);
        else all.add(found);
      }
    }
    const said = { all: [...all], missing: [...missing] };
    this.#said.set(element, said);
    return said;
  }

  #typeOf({ type }: SchemaElement): Another[] {
    if (typeof type !== "string" || !isDefined(type)) return [];
    return [{ found: this.schema(type), name: typeUrl(type) }];
  }

  /** The profile of the type, if there is just one: of several, data chooses. */
  #profileOf({ type, profiles }: SchemaElement): Another[] {
    const [profile, ...others] = strings(profiles);
    if (profile === undefined || others.length > 0) return [];
    const found = this.schema(profile);
    const isOther = typeof type === "string" && this.isA(found?.type ?? type, type) === false;
    return isOther ? [] : [{ found, name: profile }];
  }

  /** The element that another one is like. */
  #elsewhere({ elementReference }: SchemaElement): Another[] {
    const [url, ...path] = strings(elementReference);
    if (url === undefined) return [];
    let found: unknown = this.schema(url);
    for (const name of path) found = own(found as Readonly<Record<string, unknown>>, name);
    return [{ found: found as SchemaElement | undefined, name: url }];
  }

  #chain(name: string): Chain {
    return chainOf(name, (one) => this.#find(one));
  }

  #keep(name: string, found: FhirSchema, merged: FhirSchema): FhirSchema {
    this.#merged.set(found, merged);
    const { schemas } = this.#chain(name);
    this.#chains.set(merged, schemas);
    const names = schemas.flatMap((one) => strings(one.type ?? one.name));
    this.#names.set(merged, isUrl(name) ? names : [name, ...names]);
    return merged;
  }

  #find(name: string): FhirSchema | undefined {
    const { schemas, types } = this.#given;
    return schemas.get(name) ?? types.get(name) ?? schemas.get(typeUrl(name));
  }
}
