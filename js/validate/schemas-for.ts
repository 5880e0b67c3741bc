/** Everything that validation against a profile wants, taken from a store. */

import { SchemaStoreError } from "../errors.js";
import { parseCanonical } from "../parse-canonical.js";
import {
  check,
  checkGiven,
  listOf,
  methods,
  type OptionRule,
  type Rules,
  SIGNAL,
  SWITCH,
  TEXT,
} from "../rules.js";
import { chainOf, refuseCycle } from "./chain.js";
import { mergeChain } from "./merge.js";
import { isDefined, type Named, namedIn } from "./named.js";
import {
  coreType,
  type FhirSchema,
  isRecord,
  refuseResource,
  resourceTypeOf,
  typeUrl,
} from "./schema.js";

/** What `schemasFor` reads from: a `SchemaStore`, or whatever answers like one. */
export interface SchemaSource {
  /** The schema of a canonical; undefined if there is none. */
  get(canonical: string, options?: { readonly signal?: AbortSignal }): Promise<object | undefined>;
  /** What is known of it; only the type is read. */
  metadata(canonical: string): Promise<{ readonly type?: string } | undefined>;
}

/** Options of `schemasFor`. */
export interface SchemasOptions {
  /**
   * Further canonicals to start from: resources that a Bundle holds, profiles and extensions that data
   * names, what a `Validation` said is missing. Default: none.
   */
  readonly also?: readonly string[];
  /** Whether to follow what references may point at, too. Default: false, only their types are told. */
  readonly references?: boolean;
  /** Whether the schemas are copies of their own, to be changed before they are first validated with. Default: false, they may be frozen. */
  readonly thawed?: boolean;
  /** Stops reading: the call rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** The schemas that one profile needs: plain data, which can be cloned and sent to a worker. */
export interface ProfileSchemas {
  /** The canonical asked for. */
  readonly canonical: string;
  /** The profile, merged with everything that it is derived from; undefined if it is missing. */
  readonly merged: FhirSchema | undefined;
  /** The schemas by canonical: as it is named, as `url|version` and as `url`. */
  readonly schemas: ReadonlyMap<string, FhirSchema>;
  /** The same by name of the type, where a schema defines a type. */
  readonly types: ReadonlyMap<string, FhirSchema>;
  /** The names of the types that references may point at, by canonical, as far as they are known. */
  readonly targets: ReadonlyMap<string, string>;
  /** Canonicals that are needed and not in the store, or derived from themselves, in code unit order. */
  readonly missing: readonly string[];
}

/** What `schemasFor` returns, as other calls take it. */
export const SCHEMAS: OptionRule = {
  range: "what schemasFor returns",
  accepts: (value) =>
    isRecord(value) &&
    typeof value["canonical"] === "string" &&
    ["schemas", "types", "targets"].every((name) => value[name] instanceof Map),
};

const STORE: OptionRule = methods<SchemaSource>("a SchemaStore", { get: true, metadata: true });

const RULES: Rules<SchemasOptions> = {
  also: listOf("canonicals", TEXT.accepts),
  references: SWITCH,
  thawed: SWITCH,
  signal: SIGNAL,
};

/**
 * Everything that validation against a profile wants: its schema, those of its bases, and of all types,
 * profiles, extensions and elements that they name, once each. What the store does not have is reported as
 * missing, as is what is derived from itself. INVALID_KEY for a canonical asked for; INVALID_VALUE if the profile
 * is derived from itself, or if the store has StructureDefinitions, not FHIR Schemas.
 * `const schemas = await schemasFor(store, "http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient")`
 */
export async function schemasFor(
  store: SchemaSource,
  canonical: string,
  options: SchemasOptions = {},
): Promise<ProfileSchemas> {
  check(store, STORE, "store");
  checkGiven(options, RULES);
  const asked = [canonical, ...(options.also ?? [])];
  for (const one of asked) parseCanonical(one);
  const found = await readAll(store, asked, options);
  const merged = mergedOf(canonical, found);
  leaveOutCycles(found);
  return {
    canonical,
    merged: options.thawed === true ? structuredClone(merged) : merged,
    schemas: withOtherNames(found.schemas),
    types: typesIn(found.schemas),
    targets: await targetTypes(store, found),
    missing: [...found.missing].sort(),
  };
}

function mergedOf(canonical: string, { schemas }: Found): FhirSchema | undefined {
  if (!schemas.has(canonical)) return undefined;
  const chain = chainOf(canonical, (one) => schemas.get(one));
  refuseCycle(canonical, chain);
  return mergeChain(chain.schemas);
}

/** Data may name a definition that is derived from itself; there is no telling what it demands. */
function leaveOutCycles({ schemas, missing }: Found): void {
  const cyclic = Array.from(schemas.keys()).filter((canonical) => {
    return chainOf(canonical, (one) => schemas.get(one)).cycle.length > 0;
  });
  for (const canonical of cyclic) {
    schemas.delete(canonical);
    missing.add(canonical);
  }
}

/** What was read, by canonical as it is named. */
interface Found {
  readonly schemas: Map<string, FhirSchema>;
  readonly missing: Set<string>;
  readonly targets: Set<string>;
}

/** Reads canonicals and what they name, round by round. */
async function readAll(
  store: SchemaSource,
  asked: readonly string[],
  { references = false, thawed = false, signal }: SchemasOptions,
): Promise<Found> {
  const found: Found = { schemas: new Map(), missing: new Set(), targets: new Set() };
  const once = eachOnce(thawed);
  for (let next = new Set(asked); next.size > 0; ) {
    const further = new Set<string>();
    for (const [canonical, value] of await readEach(store, next, signal)) {
      const schema = value && once(value);
      if (schema === undefined || isOther(canonical, schema, asked)) {
        found.missing.add(canonical);
        continue;
      }
      found.schemas.set(canonical, schema);
      const named = namedIn(schema);
      for (const target of named.targets) found.targets.add(target);
      for (const one of reached(named, references)) further.add(one);
    }
    next = new Set(
      [...further].filter((one) => !found.schemas.has(one) && !found.missing.has(one)),
    );
  }
  return found;
}

/** Whether it is a resource, which is refused unless data may name it as a profile, as a ValueSet. */
function isOther(canonical: string, schema: FhirSchema, [profile]: readonly string[]): boolean {
  const resource = resourceTypeOf(schema);
  if (resource === "StructureDefinition" || canonical === profile)
    refuseResource(canonical, schema);
  return resource !== undefined;
}

function reached({ canonicals, types, targets }: Named, references: boolean): string[] {
  const urls = [...types].filter(isDefined).map(typeUrl);
  return [...canonicals, ...urls, ...(references ? targets : [])];
}

/** Of the values of one entry, which may be copies, the first one; thawed, a copy of that. */
function eachOnce(thawed: boolean): (value: object) => FhirSchema {
  const known = new Map<unknown, FhirSchema>();
  return (value) => {
    const schema = value as FhirSchema;
    const key =
      typeof schema.url === "string" ? JSON.stringify([schema.url, schema.version]) : value;
    const first = known.get(key) ?? (thawed ? structuredClone(schema) : schema);
    known.set(key, first);
    return first;
  };
}

/** The one place where schemas are read. What is no canonical, as a definition may say, has no schema. */
async function readEach(
  store: SchemaSource,
  canonicals: Iterable<string>,
  signal: AbortSignal | undefined,
): Promise<[canonical: string, value: object | undefined][]> {
  const options = signal && { signal };
  return Promise.all(
    Array.from(canonicals, async (one): Promise<[string, object | undefined]> => {
      return [one, isCanonical(one) ? await store.get(one, options) : undefined];
    }),
  );
}

function isCanonical(text: string): boolean {
  try {
    parseCanonical(text);
    return true;
  } catch (error) {
    if (error instanceof SchemaStoreError) return false;
    throw error;
  }
}

/** Names that nobody used come last: `url` may mean a later version than the one at hand. */
function withOtherNames(schemas: ReadonlyMap<string, FhirSchema>): Map<string, FhirSchema> {
  const named = new Map(schemas);
  for (const schema of schemas.values()) {
    if (typeof schema.url !== "string") continue;
    const others = [schema.url];
    if (typeof schema.version === "string") others.unshift(`${schema.url}|${schema.version}`);
    for (const other of others) if (!named.has(other)) named.set(other, schema);
  }
  return named;
}

/** Of two schemas of one type, the one that is meant by its name. */
function typesIn(schemas: ReadonlyMap<string, FhirSchema>): Map<string, FhirSchema> {
  const types = new Map<string, FhirSchema>();
  for (const [canonical, schema] of schemas) {
    if (schema.derivation === "constraint" || typeof schema.type !== "string") continue;
    if (!types.has(schema.type) || canonical === typeUrl(schema.type))
      types.set(schema.type, schema);
  }
  return types;
}

async function targetTypes(store: SchemaSource, found: Found): Promise<Map<string, string>> {
  const told = await Promise.all(
    Array.from(found.targets, async (target): Promise<[string, string | undefined]> => {
      const schema = found.schemas.get(target);
      if (typeof schema?.type === "string") return [target, schema.type];
      const type = isCanonical(target) ? (await store.metadata(target))?.type : undefined;
      return [target, type ?? coreType(target)];
    }),
  );
  return new Map(told.filter((one): one is [string, string] => one[1] !== undefined));
}
