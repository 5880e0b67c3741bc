/** The resources in the files of a package. */

import { asStoreError, SchemaStoreError } from "../errors.js";
import { encodeText, parseJson } from "../json.js";
import type { JsonObject } from "../types.js";
import { resourceTexts } from "./parts-of-text.js";
import { isObject, textOfFile, withoutMark } from "./resource-json.js";

/** Files being read at the same time. */
const FILES_AHEAD = 16;
/** Bundles in Bundles that are opened: none is known that holds more than one. */
const DEEPEST_BUNDLE = 8;

/** One resource of a package. */
export interface PackageResource {
  /** File name within the package, for messages. */
  readonly file: string;
  /** How many of the package's files have been looked at, this one included. */
  readonly position: number;
  /** The JSON text, as it came; of a Bundle's entry, as it stands in the Bundle. */
  readonly text: string;
  /** The same in UTF-8. */
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
  /** Only resources of this type. */
  readonly resourceType: string | undefined;
  /** Whether a Bundle stands for the resources in it where no type is given. */
  readonly openBundles: boolean;
  /** Takes what cannot be read. */
  readonly problems: PackageProblem[];
}

/**
 * The resources of the files, in the order of the files; those in Bundles come last, so that a
 * definition with a file of its own beats a copy of it in a Bundle.
 */
export async function* readResources(
  files: readonly PackageFile[],
  { resourceType, openBundles, problems }: Reading,
): AsyncGenerator<PackageResource> {
  const open = resourceType === undefined ? openBundles : resourceType !== "Bundle";
  const isWanted = (type: string) => resourceType === undefined || type === resourceType;
  const bundles = new Set<string>();
  const wantedNow = (type: string, file: string) => {
    if (!open || type !== "Bundle") return isWanted(type);
    bundles.add(file);
    return false;
  };
  let position = 0;
  for await (const { file, found } of readFiles(files, wantedNow, problems)) {
    if (!bundles.has(file)) position += 1;
    if (found !== undefined) yield { ...found, position };
  }
  const left = files.filter(({ name }) => bundles.has(name));
  for await (const { found } of readFiles(left, () => true, problems)) {
    position += 1;
    if (found === undefined) continue;
    for (const one of openBundle(found, problems)) {
      if (isWanted(`${one.resource.resourceType}`)) yield { ...one, position };
    }
  }
}

/** A resource before its place is known. */
type FoundResource = Omit<PackageResource, "position">;

/** Whether resources of that type are wanted of a file. */
type Wanted = (type: string, file: string) => boolean;

/** Every file, in their order, with its resource where that is wanted. */
async function* readFiles(
  files: readonly PackageFile[],
  isWanted: Wanted,
  problems: PackageProblem[],
): AsyncGenerator<{ file: string; found: FoundResource | undefined }> {
  for (const { name, bytes } of readAhead(files)) {
    let found: FoundResource | undefined;
    try {
      found = parseFile(name, withoutMark(await bytes), isWanted);
    } catch (cause) {
      const error = asStoreError(cause, "DISK_ERROR", `${name} cannot be read`, name);
      problems.push({ file: name, error });
    }
    yield { file: name, found };
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

/** The resource of a file, if it is one that is wanted. */
function parseFile(file: string, bytes: Uint8Array, isWanted: Wanted): FoundResource | undefined {
  const text = textOfFile(bytes, file);
  // Nearly every file says its type first: most of a package need not be parsed at all.
  const type = typeAtStart(text);
  if (type !== undefined && !isWanted(type, file)) return undefined;
  const resource = parseJson(text, file);
  // JSON that is no resource, an array for one, is nobody's fault.
  if (!isObject(resource)) return undefined;
  const { resourceType } = resource;
  if (typeof resourceType !== "string" || !isWanted(resourceType, file)) return undefined;
  return { file, text, bytes, resource };
}

/** The type of the resource in a text that says it first. */
export function typeAtStart(text: string): string | undefined {
  return /^\s*\{\s*"resourceType"\s*:\s*"(\w+)"/.exec(text)?.[1];
}

/** The resources in a Bundle of any type, those of Bundles in it included. */
function* openBundle(
  bundle: FoundResource,
  problems: PackageProblem[],
  depth = 1,
): Generator<FoundResource> {
  const { entry: entries = [] } = bundle.resource;
  const fault = !Array.isArray(entries)
    ? "has an entry that is not a list"
    : depth > DEEPEST_BUNDLE
      ? `is nested in more than ${DEEPEST_BUNDLE} others`
      : undefined;
  if (fault !== undefined) {
    const message = `the Bundle of ${bundle.file} ${fault}`;
    const error = new SchemaStoreError("INVALID_VALUE", message, { key: bundle.file });
    problems.push({ file: bundle.file, error });
    return;
  }
  const texts = resourceTexts(bundle.text);
  for (const [index, entry] of (entries as unknown[]).entries()) {
    const resource: unknown = isObject(entry) ? entry.resource : undefined;
    if (!isObject(resource) || typeof resource.resourceType !== "string") continue;
    const file = `${bundle.file} entry ${index}`;
    const text = texts[index] ?? JSON.stringify(resource);
    const found = { file, text, bytes: encodeText(text), resource };
    if (resource.resourceType === "Bundle") yield* openBundle(found, problems, depth + 1);
    else yield found;
  }
}
