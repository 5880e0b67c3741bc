/** R4B and US Core 6.1 in a store, the examples of the latter, and schemas that are written by hand. */

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { unpackTar } from "modern-tar";
import { openPackagePath, savePackage } from "../../dist/convert/node.js";
import { openSchemaStore } from "../../dist/index.node.js";
import type { SchemaStore } from "../../dist/store.js";
import {
  type FhirSchema,
  type ProfileSchemas,
  schemasFor,
  type ValidateOptions,
  type Validation,
  validate,
} from "../../dist/validate/index.js";

const R4B = fileURLToPath(new URL("../../node_modules/hl7.fhir.r4b.core", import.meta.url));
const US_CORE = readFileSync(new URL("../fixtures/us_core_610.tgz", import.meta.url));

export const CORE = "http://hl7.org/fhir/StructureDefinition/";
export const US = "http://hl7.org/fhir/us/core/StructureDefinition/";

/** A resource, or any part of one, to be changed. */
// biome-ignore lint/suspicious/noExplicitAny: tests change whatever they like in examples.
export type Example = any;

let opened: Promise<SchemaStore> | undefined;

/** R4B and US Core 6.1, converted; one store for all tests of a file. */
export function store(): Promise<SchemaStore> {
  opened ??= (async () => {
    const store = await openSchemaStore({ strategy: "memory" });
    await savePackage(store, await openPackagePath(R4B));
    await savePackage(store, US_CORE);
    return store;
  })();
  return opened;
}

let unpacked: Promise<Map<string, Example>> | undefined;

/** The files of US Core, by name. */
function files(): Promise<Map<string, Example>> {
  unpacked ??= (async () => {
    const found = new Map<string, Example>();
    for (const { header, data } of await unpackTar(gunzipSync(US_CORE))) {
      if (!/^package\/(example\/)?[A-Z].*\.json$/.test(header.name) || data === undefined) continue;
      found.set(header.name, JSON.parse(new TextDecoder().decode(data)));
    }
    return found;
  })();
  return unpacked;
}

/** The examples of US Core, by `type/id`: copies. */
export async function examples(): Promise<Map<string, Example>> {
  const found = new Map<string, Example>();
  for (const [name, resource] of await files()) {
    if (!name.includes("/example/")) continue;
    found.set(`${resource.resourceType}/${resource.id}`, structuredClone(resource));
  }
  return found;
}

/** The StructureDefinitions of US Core, by URL. */
export async function definitions(): Promise<Map<string, Example>> {
  const all = [...(await files()).values()];
  const found = all.filter(({ resourceType }) => resourceType === "StructureDefinition");
  return new Map(found.map((one) => [one.url, one]));
}

const sets = new Map<string, Promise<ProfileSchemas>>();

/** The schemas of a resource: of its type, and whatever it names. */
export async function schemasOf(resource: Example, ...others: string[]): Promise<ProfileSchemas> {
  const also = new Set(others);
  JSON.stringify(resource, (name, value) => {
    if (name === "resourceType") also.add(CORE + value);
    if (name === "profile" && Array.isArray(value)) for (const one of value) also.add(one);
    if (name === "url" && /^https?:\S*\/StructureDefinition\//.test(value)) also.add(value);
    return value;
  });
  const key = [resource.resourceType, ...[...also].sort()].join(" ");
  const known = sets.get(key);
  if (known !== undefined) return known;
  const read = schemasFor(await store(), CORE + resource.resourceType, { also: [...also] });
  sets.set(key, read);
  return read;
}

/** Validates a resource against its type and the profiles that it names. */
export async function validated(resource: Example, options?: ValidateOptions): Promise<Validation> {
  return validate(await schemasOf(resource), resource, options);
}

/** Types that are enough for schemas written by hand. */
const TYPES: readonly FhirSchema[] = [
  { name: "string", kind: "primitive-type", regex: "[ \\r\\n\\t\\S]+" },
  { name: "code", kind: "primitive-type", regex: "[^\\s]+(\\s[^\\s]+)*" },
  { name: "uri", kind: "primitive-type", regex: "\\S*" },
  { name: "integer", kind: "primitive-type" },
  { name: "boolean", kind: "primitive-type" },
  { name: "date", kind: "primitive-type" },
  {
    name: "Extension",
    kind: "complex-type",
    elements: {
      url: { type: "uri", scalar: true },
      extension: { type: "Extension", array: true },
      value: { choices: ["valueString", "valueInteger"] },
      valueString: { choiceOf: "value", type: "string", scalar: true },
      valueInteger: { choiceOf: "value", type: "integer", scalar: true },
    },
  },
  {
    name: "Coding",
    kind: "complex-type",
    elements: { system: { type: "uri" }, code: { type: "code" }, display: { type: "string" } },
  },
  {
    name: "Reference",
    kind: "complex-type",
    elements: { reference: { type: "string" }, type: { type: "uri" } },
  },
  {
    name: "Resource",
    kind: "resource",
    abstract: true,
    elements: {
      id: { type: "string" },
      meta: { elements: { profile: { type: "uri", array: true } } },
      contained: { type: "Resource", array: true },
      extension: { type: "Extension", array: true },
    },
  },
];

/** Schemas written by hand, as `schemasFor` would give them; the first is validated against. */
export function setOf(...written: readonly FhirSchema[]): ProfileSchemas {
  const all = [...written, ...TYPES].map((one) => ({
    url: CORE + one.name,
    type: one.name,
    ...one,
  }));
  const types = all.filter((one) => one.derivation !== "constraint");
  return {
    canonical: String(all[0]?.url),
    merged: undefined,
    schemas: new Map(all.map((one) => [String(one.url), one as FhirSchema])),
    types: new Map(types.map((one) => [String(one.name), one as FhirSchema])),
    targets: new Map(),
    missing: [],
  };
}

/** Rules and paths of what is wrong, in order. */
export function broken({ issues }: Validation): string[] {
  return issues.map(({ rule, path }) => `${rule} ${path}`).sort();
}
