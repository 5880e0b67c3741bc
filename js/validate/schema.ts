/** FHIR Schemas as the validator reads them, and how it reads what may not be well-formed. */

import { SchemaStoreError } from "../errors.js";

/** How strictly a coded element is bound to a value set. */
export interface SchemaBinding {
  /** `required`, `extensible`, `preferred` or `example`. */
  readonly strength?: string;
  /** Canonical of the value set. */
  readonly valueSet?: string;
  readonly [member: string]: unknown;
}

/** An invariant. */
export interface SchemaConstraint {
  /** In FHIRPath. */
  readonly expression?: string;
  /** What it means. */
  readonly human?: string;
  /** `error` or `warning`. */
  readonly severity?: string;
  readonly [member: string]: unknown;
}

/** What tells whether data belongs to a slice. */
export interface SchemaMatch {
  /** `pattern`, `binding`, `profile`, `type`, `exists`, `position` or `all`. */
  readonly type?: string;
  /** What the data must be, at its path. */
  readonly value?: unknown;
  /** Whether the reference is to be followed first. */
  readonly "resolve-ref"?: boolean;
  readonly [member: string]: unknown;
}

/** A part of an array, or of a choice. */
export interface SchemaSlice {
  /** The fewest items. */
  readonly min?: number;
  /** The most items. */
  readonly max?: number;
  /** Which items. */
  readonly match?: SchemaMatch;
  /** What holds for them. */
  readonly schema?: SchemaElement;
  /** Its place, where slices are ordered. */
  readonly order?: number;
  /** The slice that it is part of. */
  readonly reslice?: string;
  readonly [member: string]: unknown;
}

/** How an array is divided into slices. */
export interface SchemaSlicing {
  /** `open`, `closed` or `openAtEnd`. */
  readonly rules?: string;
  /** Whether items stand in the order of their slices. */
  readonly ordered?: boolean;
  /** By name. */
  readonly slices?: Readonly<Record<string, SchemaSlice>>;
  readonly [member: string]: unknown;
}

/** An element of a FHIR Schema; docs/guides/fhir-schema.md describes all members. */
export interface SchemaElement {
  /** Name or URL of the type. */
  readonly type?: string;
  /** Instead, where it may be of several types and is no choice. */
  readonly types?: readonly string[];
  /** Profiles of the type, one of which data must conform to. */
  readonly profiles?: readonly string[];
  /** What a reference may point at. */
  readonly refers?: readonly string[];
  /** The element that this one is like: `[url, "elements", ...]`. */
  readonly elementReference?: readonly string[];
  /** Whether it repeats. */
  readonly array?: boolean;
  /** Whether it does not. */
  readonly scalar?: boolean;
  /** The fewest items. */
  readonly min?: number;
  /** The most items. */
  readonly max?: number;
  /** Names of the members that must be there. */
  readonly required?: readonly string[];
  /** Names of those that must not. */
  readonly excluded?: readonly string[];
  /** The members, by name. */
  readonly elements?: Readonly<Record<string, SchemaElement>>;
  /** Extensions by the names that the definition gives them. */
  readonly extensions?: Readonly<Record<string, unknown>>;
  /** The members of which this choice may be one. */
  readonly choices?: readonly string[];
  /** The choice that this member is of. */
  readonly choiceOf?: string;
  /** The codes that it may have. */
  readonly binding?: SchemaBinding;
  /** What it must equal: bare, or as `{ type, value }`. */
  readonly fixed?: unknown;
  /** What it must contain: bare, or as `{ type, value }`. */
  readonly pattern?: unknown;
  /** Invariants, by key. */
  readonly constraint?: Readonly<Record<string, SchemaConstraint>>;
  /** How it is sliced. */
  readonly slicing?: SchemaSlicing;
  /** What all of its text must match. */
  readonly regex?: string;
  /** The most characters of its text. */
  readonly maxLength?: number;
  readonly [member: string]: unknown;
}

/** A FHIR Schema. */
export interface FhirSchema extends SchemaElement {
  /** Canonical URL, without version. */
  readonly url?: string;
  /** Business version. */
  readonly version?: string;
  /** Name for programs. */
  readonly name?: string;
  /** `resource`, `complex-type`, `primitive-type` or `logical`. */
  readonly kind?: string;
  /** `specialization` or `constraint`. */
  readonly derivation?: string;
  /** Canonical of what it is derived from. */
  readonly base?: string;
  /** Type in FHIRPath of the value of a primitive type. */
  readonly primitiveType?: string;
}

/** Where the types of FHIR itself are, by name. */
const CORE = "http://hl7.org/fhir/StructureDefinition/";
/** Where the types of FHIRPath are. */
export const SYSTEM = "http://hl7.org/fhirpath/";

/** Whether a value is an object of JSON. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** An own member: `constructor` and `__proto__` may be names of elements. */
export function own<T>(
  record: Readonly<Record<string, T>> | undefined,
  name: string,
): T | undefined {
  return isRecord(record) && Object.hasOwn(record, name) ? (record[name] as T) : undefined;
}

/** The members of what should be an object, by name; none if it is not. */
export function members<T>(record: Readonly<Record<string, T>> | undefined): [string, T][] {
  return isRecord(record) ? (Object.entries(record) as [string, T][]) : [];
}

/** The strings of what should be a list of them. */
export function strings(list: unknown): string[] {
  if (typeof list === "string") return [list];
  return Array.isArray(list) ? list.filter((one): one is string => typeof one === "string") : [];
}

/** The value of `fixed` or `pattern`, which stands bare or as `{ type, value }`. */
export function constantOf(constant: unknown): unknown {
  if (!isRecord(constant) || !Object.hasOwn(constant, "value")) return constant;
  const wrapped = typeof constant["type"] === "string" && Object.keys(constant).length === 2;
  return wrapped ? constant["value"] : constant;
}

/** The invariants, under either name. */
export function constraintsOf(element: SchemaElement): [string, SchemaConstraint][] {
  const both = [element["constraints"] as SchemaElement["constraint"], element.constraint];
  return both.flatMap((some) => members(some)).filter(([, one]) => isRecord(one));
}

/** A type as a canonical: names are those of FHIR. */
export function typeUrl(type: string): string {
  return isUrl(type) ? type : CORE + type;
}

/** Whether a string is absolute, as the canonicals of definitions are. */
export function isUrl(text: string): boolean {
  return /^[a-z][a-z0-9+.-]*:/i.test(text);
}

/** The name at the end of the URL of a type of FHIR; undefined for others. */
export function coreType(target: string): string | undefined {
  const name = target.startsWith(CORE) ? target.slice(CORE.length).split("|", 1)[0] : target;
  return name !== undefined && /^[A-Z][A-Za-z]*$/.test(name) ? name : undefined;
}

/**
 * The type of a resource that stands where a FHIR Schema should; undefined for a schema. Read as one, a
 * StructureDefinition would demand nothing of data.
 */
export function resourceTypeOf(schema: FhirSchema): string | undefined {
  const type = schema["resourceType"];
  const isSchema = type === "FHIRSchema" || isRecord(schema.elements);
  return typeof type === "string" && !isSchema ? type : undefined;
}

/** INVALID_VALUE for a resource that stands where a FHIR Schema should. */
export function refuseResource(canonical: string, schema: FhirSchema): void {
  const type = resourceTypeOf(schema);
  if (type === undefined) return;
  const message = `${canonical} is a ${type}, not a FHIR Schema`;
  throw new SchemaStoreError("INVALID_VALUE", message, { key: canonical });
}

/** Sets a member of any name: an assignment to `__proto__` would set the prototype. */
export function put(record: Record<string, unknown>, name: string, value: unknown): void {
  if (name !== "__proto__") record[name] = value;
  else
    Object.defineProperty(record, name, {
      value,
      enumerable: true,
      configurable: true,
      writable: true,
    });
}
