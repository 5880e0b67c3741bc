/** What the judges read of StructureDefinitions and of FHIR Schemas. */

export interface Extended {
  readonly extension?: readonly {
    readonly url: string;
    readonly [value: string]: unknown;
  }[];
}

export interface ElementType extends Extended {
  readonly code: string;
  readonly profile?: readonly string[];
  readonly _profile?: readonly (Extended | null)[];
  readonly targetProfile?: readonly string[];
  readonly aggregation?: readonly string[];
  readonly versioning?: string;
}

export interface Discriminator {
  readonly type: string;
  readonly path: string;
}

export interface Slicing {
  readonly discriminator?: readonly Discriminator[];
  readonly rules?: string;
  readonly ordered?: boolean;
}

export interface Binding extends Extended {
  readonly strength?: string;
  readonly valueSet?: string;
  readonly additional?: readonly unknown[];
}

export interface Invariant extends Extended {
  readonly key: string;
  readonly severity?: string;
  readonly human?: string;
  readonly expression?: string;
}

/** An ElementDefinition; `fixed[x]` and others of many types are read by name. */
export interface Element extends Extended {
  readonly id?: string;
  readonly path: string;
  readonly sliceName?: string;
  readonly sliceIsConstraining?: boolean;
  readonly min?: number;
  readonly max?: string;
  readonly base?: { readonly path?: string; readonly min?: number; readonly max?: string };
  readonly type?: readonly ElementType[];
  readonly binding?: Binding;
  readonly constraint?: readonly Invariant[];
  readonly contentReference?: string;
  readonly slicing?: Slicing;
  readonly [member: string]: unknown;
}

export interface Definition extends Extended {
  readonly resourceType: string;
  readonly url: string;
  readonly version?: string;
  readonly fhirVersion?: string;
  readonly id?: string;
  readonly type: string;
  readonly kind: string;
  readonly derivation?: string;
  readonly baseDefinition?: string;
  readonly differential?: { readonly element?: readonly Element[] } | null;
  readonly snapshot?: { readonly element?: readonly Element[] } | null;
}

export interface Match {
  readonly type?: string;
  readonly value?: unknown;
  readonly url?: string;
  readonly "resolve-ref"?: boolean;
}

export interface Slice {
  readonly min?: number;
  readonly max?: number;
  readonly match?: Match;
  readonly schema?: Node;
  readonly order?: number;
  readonly reslice?: string;
  readonly sliceIsConstraining?: boolean;
}

/** The root of a schema or one of its elements. */
export interface Node {
  readonly url?: string;
  readonly type?: string;
  readonly types?: readonly string[];
  readonly base?: string;
  readonly regex?: string;
  readonly primitiveType?: string;
  readonly elements?: Readonly<Record<string, Node>>;
  readonly required?: readonly string[];
  readonly excluded?: readonly string[];
  readonly extensions?: Readonly<Record<string, Node & { readonly url?: string }>>;
  readonly constraint?: Readonly<Record<string, Omit<Invariant, "key">>>;
  readonly profiles?: readonly string[];
  readonly refers?: readonly string[];
  readonly elementReference?: readonly string[];
  readonly array?: boolean;
  readonly scalar?: boolean;
  readonly min?: number;
  readonly max?: number;
  readonly choices?: readonly string[];
  readonly choiceOf?: string;
  readonly binding?: { strength?: string; valueSet?: string; bindingName?: string };
  readonly fixed?: { readonly type?: string; readonly value?: unknown };
  readonly pattern?: { readonly type?: string; readonly value?: unknown };
  readonly slicing?: Slicing & { readonly slices?: Readonly<Record<string, Slice>> };
  readonly [member: string]: unknown;
}

export interface Warning {
  readonly kind: string;
  readonly element: string;
  readonly message: string;
}

/** A definition beside what a converter made of it. */
export interface Converted {
  readonly definition: Definition;
  readonly schema: Node;
  readonly warnings: readonly Warning[];
}

/** The elements that are converted, and how the definition says them. */
export function elementsOf({ differential, snapshot }: Definition): readonly Element[] {
  const own = differential?.element ?? [];
  return own.length > 0 ? own : (snapshot?.element ?? []);
}

/** What a warning calls an element. */
export function nameOf({ id, path }: Element): string {
  return id ?? path;
}

/** The value of the first extension of this URL. */
export function extensionOf(extended: Extended | undefined, url: string): unknown {
  const found = extended?.extension?.find((extension) => extension.url === url);
  const member = Object.keys(found ?? {}).find((name) => name.startsWith("value"));
  return member === undefined ? undefined : found?.[member];
}

/** `value[x]` of type `dateTime` is `valueDateTime`. */
export function typedName(choice: string, code: string): string {
  return choice.replace("[x]", "") + code.charAt(0).toUpperCase() + code.slice(1);
}

/** A member whose name goes on with a type: `fixedCode` is `{ type: "code", value }`. */
export function typedMember(
  element: Element,
  prefix: string,
): { name: string; type: string; value: unknown } | undefined {
  const name = Object.keys(element).find((member) => isTyped(member, prefix));
  if (name === undefined) return undefined;
  const suffix = name.slice(prefix.length);
  const isComplex = COMPLEX.has(suffix);
  const type = isComplex ? suffix : suffix.charAt(0).toLowerCase() + suffix.slice(1);
  return { name, type, value: element[name] };
}

function isTyped(member: string, prefix: string): boolean {
  return member.startsWith(prefix) && /^[A-Z]/.test(member.slice(prefix.length));
}

/** Data types that are no primitives, of which `fixed[x]` and `pattern[x]` may be. */
const COMPLEX = new Set(
  (
    "Address Age Annotation Attachment Availability CodeableConcept CodeableReference Coding " +
    "ContactDetail ContactPoint Contributor Count DataRequirement Distance Dosage Duration " +
    "ExtendedContactDetail Expression HumanName Identifier Meta MonetaryComponent Money " +
    "ParameterDefinition Period Quantity Range Ratio RatioRange Reference RelatedArtifact " +
    "RelativeTime SampledData Signature SimpleQuantity Timing TriggerDefinition UsageContext " +
    "VirtualServiceDetail"
  ).split(" "),
);
