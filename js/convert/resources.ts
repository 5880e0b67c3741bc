/** The resources in the files of a package. */

import { asStoreError, type SchemaStoreError } from "../errors.js";
import { encodeText, parseObject } from "../json.js";
import type { JsonObject } from "../types.js";
import { isObject, textOfFile, withoutMark } from "./json.js";

/** Files being read at the same time. */
const FILES_AHEAD = 16;

/** One resource of a package. */
export interface PackageResource {
  /** File name within the package, for messages. */
  readonly file: string;
  /** How many of the package's files have been looked at, this one included. */
  readonly position: number;
  /** The JSON text in UTF-8, as it came; of a Bundle's entry, its compact form. */
  readonly bytes: Uint8Array;
  readonly resource: JsonObject;
}

/** A file that could not be read, with the reason. */
export interface PackageProblem {
  readonly file: string;
  readonly error: SchemaStoreError;
}

/** A file of a package before it is read. */
export interface PackageFile {
  readonly name: string;
  read(): Promise<Uint8Array>;
}

/** What is wanted of the files. */
export interface Reading {
  /** Whether a Bundle stands for the resources in it. */
  readonly openBundles: boolean;
  /** Only resources of this type. */
  readonly resourceType: string | undefined;
  /** Takes the files that cannot be read. */
  readonly problems: PackageProblem[];
}

/** The resources of the files, in the order of the files. */
export async function* readResources(
  files: readonly PackageFile[],
  reading: Reading,
): AsyncGenerator<PackageResource> {
  const { openBundles, resourceType } = reading;
  for await (const found of readFiles(files, reading)) {
    for (const one of openBundles ? openBundle(found) : [found]) {
      if (resourceType === undefined || one.resource.resourceType === resourceType) yield one;
    }
  }
}

/** The files that are resources, and of a type that can hold what is wanted. */
async function* readFiles(
  files: readonly PackageFile[],
  { openBundles, resourceType, problems }: Reading,
): AsyncGenerator<PackageResource> {
  const types = openBundles ? [resourceType, "Bundle"] : [resourceType];
  const wanted = resourceType === undefined ? undefined : types;
  let position = 0;
  for (const { name, bytes } of readAhead(files)) {
    position += 1;
    let found: Omit<PackageResource, "position"> | undefined;
    try {
      found = parseFile(name, withoutMark(await bytes), wanted);
    } catch (cause) {
      const error = asStoreError(cause, "DISK_ERROR", `${name} cannot be read`, name);
      problems.push({ file: name, error });
    }
    if (found !== undefined) yield { ...found, position };
  }
}

/** Begins to read files before their turn: one after the other takes five times as long. */
function* readAhead(
  files: readonly PackageFile[],
): Generator<{ name: string; bytes: Promise<Uint8Array> }> {
  const begun: Promise<Uint8Array>[] = [];
  for (const [index, { name }] of files.entries()) {
    for (const next of files.slice(index + begun.length, index + FILES_AHEAD)) {
      const reading = next.read();
      // Whoever stops early leaves reads behind whose failure concerns nobody.
      reading.catch(() => {});
      begun.push(reading);
    }
    const bytes = begun.shift();
    if (bytes !== undefined) yield { name, bytes };
  }
}

/** The resource of a file, if it is one; `wanted` types only, where these are given. */
function parseFile(
  file: string,
  bytes: Uint8Array,
  wanted: readonly (string | undefined)[] | undefined,
): Omit<PackageResource, "position"> | undefined {
  const text = textOfFile(bytes, file);
  // Nearly every file says its type first: most of a package need not be parsed at all.
  const type = /^\s*\{\s*"resourceType"\s*:\s*"(\w+)"/.exec(text)?.[1];
  if (type !== undefined && wanted !== undefined && !wanted.includes(type)) return undefined;
  const resource = parseObject(text, file);
  return typeof resource.resourceType === "string" ? { file, bytes, resource } : undefined;
}

/** The resources in a Bundle; anything else is itself. */
function openBundle(one: PackageResource): PackageResource[] {
  if (one.resource.resourceType !== "Bundle") return [one];
  const entries = one.resource.entry;
  return (Array.isArray(entries) ? entries : []).flatMap((entry, index) => {
    const resource: unknown = isObject(entry) ? entry.resource : undefined;
    if (!isObject(resource) || typeof resource.resourceType !== "string") return [];
    const file = `${one.file} entry ${index}`;
    return [{ ...one, file, bytes: encodeText(JSON.stringify(resource)), resource }];
  });
}
