/** The FHIR package reader, as far as it needs no file system. */

import { asStoreError, SchemaStoreError } from "../errors.js";
import { encodeText, parseObject } from "../json.js";
import type { JsonObject } from "../types.js";
import { isGzip, readArchive } from "./archive.js";
import { isObject, textOfFile, withoutMark } from "./json.js";
import { noManifest, type PackageManifest, readManifest } from "./manifest.js";

/** Files being read at the same time. */
const FILES_AHEAD = 16;

/** What a package can be read from: a `.tgz`, or the JSON of a Bundle or of one resource. */
export type PackageSource =
  | Uint8Array
  | ArrayBuffer
  | Blob
  | ReadableStream<Uint8Array>
  | string
  | JsonObject;

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

/** A FHIR package, or resources that came without one. */
export interface FhirPackage extends PackageManifest {
  /** `name#version`, or absent for resources without a package. */
  readonly source?: string;
  /** How many JSON files there are to look at. */
  readonly fileCount: number;
  /** The damaged files `resources` has stepped over so far. */
  readonly problems: readonly PackageProblem[];
  /**
   * The resources, by file name in code unit order; those of one type when `resourceType` is given,
   * which is faster. JSON that is no resource is passed over; damaged JSON is put into `problems`.
   */
  resources(resourceType?: string): AsyncIterable<PackageResource>;
}

/** A file of a package before it is read. */
export interface PackageFile {
  readonly name: string;
  read(): Promise<Uint8Array>;
}

/**
 * Opens a package. `fileName` is what messages call the source.
 *
 * Errors: INVALID_VALUE when it is neither gzip nor a FHIR resource in JSON, CORRUPT when an archive
 * is damaged or truncated, SERIALIZATION when JSON is.
 */
export async function openPackage(
  source: PackageSource,
  options: { readonly fileName?: string } = {},
): Promise<FhirPackage> {
  const fileName = options.fileName ?? "the package";
  if (isObject(source) && !isBinary(source)) return openResource(source, fileName);
  const bytes = withoutMark(await toBytes(source, fileName));
  if (isGzip(bytes)) return packageOfFiles(await readArchive(bytes, fileName));
  if (!/^\s*[[{]/.test(new TextDecoder().decode(bytes.subarray(0, 1024)))) {
    throw new SchemaStoreError("INVALID_VALUE", `${fileName} is neither a .tgz nor JSON`, {
      key: fileName,
    });
  }
  return openResource(parseObject(textOfFile(bytes, fileName), fileName), fileName, bytes);
}

/**
 * A package of JSON files lying side by side, its manifest among them. Without a manifest they are
 * loose resources, and Bundles of definitions are taken apart.
 */
export async function packageOfFiles(
  files: readonly PackageFile[],
  fallback: PackageManifest = noManifest,
): Promise<FhirPackage> {
  const file = files.find(({ name }) => name === "package.json");
  const own = file ? readManifest(await readObject(file)) : noManifest;
  const { name, version } = own.name === undefined ? fallback : own;
  const manifest = name === undefined || version === undefined ? own : { ...own, name, version };
  return makePackage(manifest, files, manifest.name === undefined);
}

function openResource(resource: JsonObject, name: string, bytes?: Uint8Array): FhirPackage {
  if (typeof resource.resourceType !== "string") {
    throw new SchemaStoreError("INVALID_VALUE", `${name} is no FHIR resource`, { key: name });
  }
  const text = bytes ?? textOf(resource, name);
  return makePackage(noManifest, [{ name, read: async () => text }], true);
}

function makePackage(
  manifest: PackageManifest,
  files: readonly PackageFile[],
  openBundles: boolean,
): FhirPackage {
  const sorted = files.filter(mayBeResource).sort((a, b) => (a.name < b.name ? -1 : 1));
  const problems: PackageProblem[] = [];
  return {
    ...manifest,
    ...(manifest.name === undefined ? undefined : { source: sourceOf(manifest) }),
    fileCount: sorted.length,
    problems,
    resources: (resourceType) => readResources(sorted, openBundles, problems, resourceType),
  };
}

async function* readResources(
  files: readonly PackageFile[],
  openBundles: boolean,
  problems: PackageProblem[],
  resourceType: string | undefined,
): AsyncGenerator<PackageResource> {
  problems.length = 0;
  const types = resourceType && (openBundles ? [resourceType, "Bundle"] : [resourceType]);
  let position = 0;
  for (const { name, bytes } of readAhead(files)) {
    position += 1;
    let found: Resource | undefined;
    try {
      found = parseResource(name, withoutMark(await bytes), types || undefined);
    } catch (cause) {
      const error = asStoreError(cause, "DISK_ERROR", `${name} cannot be read`, name);
      problems.push({ file: name, error });
    }
    if (found === undefined) continue;
    for (const one of openBundles ? openBundle(found) : [found]) {
      if (resourceType === undefined || one.resource.resourceType === resourceType) {
        yield { ...one, position };
      }
    }
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

type Resource = Omit<PackageResource, "position">;

/** The resource of a file, if it is one, and of one of the given types where these are given. */
function parseResource(
  file: string,
  bytes: Uint8Array,
  types: readonly string[] | undefined,
): Resource | undefined {
  const text = textOfFile(bytes, file);
  // Nearly every file says its type first: most of a package need not be parsed at all.
  const type = /^\s*\{\s*"resourceType"\s*:\s*"(\w+)"/.exec(text)?.[1];
  if (type !== undefined && types !== undefined && !types.includes(type)) return undefined;
  const resource = parseObject(text, file);
  return typeof resource.resourceType === "string" ? { file, bytes, resource } : undefined;
}

/** The resources in a Bundle; anything else is itself. */
function openBundle(one: Resource): Resource[] {
  if (one.resource.resourceType !== "Bundle") return [one];
  const entries = one.resource.entry;
  return (Array.isArray(entries) ? entries : []).flatMap((entry, index) => {
    const resource: unknown = isObject(entry) ? entry.resource : undefined;
    if (!isObject(resource) || typeof resource.resourceType !== "string") return [];
    const file = `${one.file} entry ${index}`;
    return [{ file, bytes: encodeText(JSON.stringify(resource)), resource }];
  });
}

function textOf(resource: JsonObject, name: string): Uint8Array {
  try {
    return encodeText(JSON.stringify(resource));
  } catch (cause) {
    throw asStoreError(cause, "INVALID_VALUE", `${name} cannot be written as JSON`, name);
  }
}

function mayBeResource({ name }: PackageFile): boolean {
  return name !== "package.json" && !name.startsWith(".");
}

async function readObject(file: PackageFile): Promise<JsonObject> {
  return parseObject(textOfFile(withoutMark(await file.read()), file.name), file.name);
}

function sourceOf({ name, version }: PackageManifest): string {
  return `${name}#${version}`;
}

function isBinary(source: object): boolean {
  return (
    ArrayBuffer.isView(source) ||
    source instanceof ArrayBuffer ||
    source instanceof Blob ||
    source instanceof ReadableStream
  );
}

async function toBytes(source: PackageSource, fileName: string): Promise<Uint8Array> {
  if (source instanceof Uint8Array) return source;
  if (typeof source === "string") return encodeText(source);
  try {
    return new Uint8Array(await new Response(source as BodyInit).arrayBuffer());
  } catch (cause) {
    throw asStoreError(cause, "DISK_ERROR", `${fileName} cannot be read`, fileName);
  }
}
