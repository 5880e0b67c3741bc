/** The FHIR package reader, as far as it needs no file system. */

import { joinBytes, refuseDetached } from "../bytes.js";
import { asStoreError, SchemaStoreError } from "../errors.js";
import { encodeText, parseObject } from "../json.js";
import { check, checkGiven, nonEmpty, type OptionRule, type Rules, STRING } from "../rules.js";
import { chunksOf, untilAborted } from "../streams.js";
import type { JsonObject } from "../types.js";
import { contentsOf, type PackageContents, type Surroundings } from "./contents.js";
import { noManifest, type PackageManifest, readManifest } from "./manifest.js";
import { isObject, textOfFile, withoutMark } from "./resource-json.js";
import {
  type PackageFile,
  type PackageProblem,
  type PackageResource,
  readResources,
} from "./resources.js";
import { isGzip, readArchive } from "./tgz.js";

/** What a package can be read from: a `.tgz`, or the JSON of a Bundle or of one resource. */
export type PackageSource =
  | Uint8Array
  | ArrayBuffer
  | Blob
  | ReadableStream<Uint8Array>
  | string
  | JsonObject;

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
   * which is faster, and where those in Bundles, which come last, are among them. JSON that is no
   * resource is passed over; damaged JSON is put into `problems`.
   */
  resources(resourceType?: string): AsyncIterable<PackageResource>;
  /** What there is besides StructureDefinitions, sub-folders included: why `savePackage` saved nothing. */
  contents(): Promise<PackageContents>;
}

const RULES: Rules<{ readonly fileName?: string }> = { fileName: nonEmpty("a name") };
const SOURCE: OptionRule = {
  range: "bytes, a Blob, a stream, JSON text or a resource",
  accepts: (value) =>
    typeof value === "string" ||
    (typeof value === "object" && value !== null && (isBinary(value) || isObject(value))),
};

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
  checkGiven(options, RULES);
  return readPackage(source, options.fileName);
}

/** The same until one of the signals aborts, whose reason it then rejects with; a stream is cancelled. */
export async function readPackage(
  source: PackageSource,
  fileName = "the package",
  ...signals: readonly (AbortSignal | undefined)[]
): Promise<FhirPackage> {
  check(source, SOURCE, "source");
  if (isObject(source) && !isBinary(source)) return openResource(source, fileName);
  const bytes = withoutMark(await toBytes(source, fileName, signals));
  if (isGzip(bytes)) {
    const archive = await readArchive(bytes, fileName);
    return packageOfFiles(archive.beside, archive);
  }
  if (!/^\s*[[{]/.test(new TextDecoder().decode(bytes.subarray(0, 1024)))) {
    throw new SchemaStoreError("INVALID_VALUE", `${fileName} is neither a .tgz nor JSON`, {
      key: fileName,
    });
  }
  return openResource(parseObject(textOfFile(bytes, fileName), fileName), fileName, bytes);
}

/**
 * A package of JSON files lying side by side, its manifest among them. Without a manifest they are
 * loose resources, and Bundles are always taken apart.
 */
export async function packageOfFiles(
  files: readonly PackageFile[],
  surroundings: Surroundings,
  fallback: PackageManifest = noManifest,
): Promise<FhirPackage> {
  const file = files.find(({ name }) => name === "package.json");
  const own = file ? readManifest(await readObject(file)) : noManifest;
  const { name, version } = own.name === undefined ? fallback : own;
  const manifest = name === undefined || version === undefined ? own : { ...own, name, version };
  return makePackage(manifest, files, surroundings, manifest.name === undefined);
}

function openResource(resource: JsonObject, name: string, bytes?: Uint8Array): FhirPackage {
  if (typeof resource.resourceType !== "string") {
    throw new SchemaStoreError("INVALID_VALUE", `${name} is not a FHIR resource`, { key: name });
  }
  const text = bytes ?? textOf(resource, name);
  const files = [{ name, read: async () => text }];
  return makePackage(noManifest, files, { name, root: "", files: async () => files }, true);
}

function makePackage(
  manifest: PackageManifest,
  files: readonly PackageFile[],
  surroundings: Surroundings,
  openBundles: boolean,
): FhirPackage {
  const sorted = files.filter(mayBeResource).sort((a, b) => (a.name < b.name ? -1 : 1));
  const problems: PackageProblem[] = [];
  return {
    ...manifest,
    ...(manifest.name === undefined ? undefined : { source: sourceOf(manifest) }),
    fileCount: sorted.length,
    problems,
    resources(resourceType) {
      if (resourceType !== undefined) check(resourceType, STRING, "resourceType");
      problems.length = 0;
      return readResources(sorted, { openBundles, resourceType, problems });
    },
    contents: () => contentsOf(surroundings, sorted),
  };
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

async function toBytes(
  source: PackageSource,
  fileName: string,
  signals: readonly (AbortSignal | undefined)[],
): Promise<Uint8Array> {
  if (ArrayBuffer.isView(source) || source instanceof ArrayBuffer) refuseDetached(source);
  if (source instanceof Uint8Array) return source;
  if (typeof source === "string") return encodeText(source);
  try {
    if (source instanceof Blob || source instanceof ReadableStream) {
      return await joined(source instanceof Blob ? source.stream() : source, signals);
    }
    return new Uint8Array(await new Response(source as BodyInit).arrayBuffer());
  } catch (cause) {
    if (signals.some((signal) => signal?.aborted && signal.reason === cause)) throw cause;
    throw asStoreError(cause, "DISK_ERROR", `${fileName} cannot be read`, fileName);
  }
}

/** All bytes of a stream. */
async function joined(
  stream: ReadableStream<Uint8Array>,
  signals: readonly (AbortSignal | undefined)[],
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of untilAborted(chunksOf(stream), ...signals)) {
    if (!(chunk instanceof Uint8Array)) throw new TypeError("a chunk is not a Uint8Array");
    refuseDetached(chunk);
    chunks.push(chunk);
  }
  return joinBytes(chunks);
}
