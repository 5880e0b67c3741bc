/** Reading a `.tgz`: the JSON files at the top of a FHIR package. */

import { type ParsedTarEntryWithData, type TarHeader, unpackTar } from "modern-tar";
import { asStoreError, SchemaStoreError } from "../errors.js";
import type { Surroundings } from "./contents.js";
import type { PackageFile } from "./resources.js";

const ROOT_MANIFEST = "package/package.json";
/** FHIR packages unpack to 5 to 15 times their size; gzip can reach 1029 times. */
const MOST_GROWTH = 64;
/** What any archive may unpack to, in bytes. */
const ALWAYS_ALLOWED = 64 * 1024 * 1024;

/** Whether the bytes begin as gzip does. */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/** The files of an archive that make up the package, and where they lay. */
export interface PackageArchive extends Surroundings {
  readonly beside: readonly PackageFile[];
}

/**
 * Unpacks the JSON files beside the archive's `package.json`; examples and other sub-folders are
 * left out. An archive that is truncated or damaged anywhere is CORRUPT: gzip's checksum covers
 * all of it, so nothing of it is to be trusted. One that unpacks to more than 64 times its size, and
 * more than 64 MiB, is INVALID_VALUE.
 */
export async function readArchive(bytes: Uint8Array, fileName: string): Promise<PackageArchive> {
  const entries = await unpack(bytes, fileName, ({ name }) => isTopLevelJson(name));
  const root = rootOf(entries.map(({ header }) => plain(header.name)));
  // An archive may hold a name twice; unpacking it would leave the last.
  const files = new Map<string, Uint8Array>();
  for (const { header, data } of entries) {
    const path = plain(header.name);
    if (data && path.startsWith(root) && !path.slice(root.length).includes("/")) {
      files.set(path.slice(root.length), data);
    }
  }
  return {
    name: fileName,
    root,
    beside: asFiles(files),
    async files() {
      const all = new Map<string, Uint8Array>();
      const isOther = ({ name, type = "file" }: TarHeader) => {
        if (type === "file") all.set(plain(name), new Uint8Array());
        return type === "file" && name.endsWith(".json");
      };
      for (const { header, data } of await unpack(bytes, fileName, isOther)) {
        if (data) all.set(plain(header.name), data);
      }
      return asFiles(all);
    },
  };
}

async function unpack(
  bytes: Uint8Array,
  fileName: string,
  filter: (header: TarHeader) => boolean,
): Promise<ParsedTarEntryWithData[]> {
  try {
    const tar = new Blob([bytes as Uint8Array<ArrayBuffer>])
      .stream()
      .pipeThrough(new DecompressionStream("gzip"))
      .pipeThrough(atMost(Math.max(ALWAYS_ALLOWED, MOST_GROWTH * bytes.length), fileName));
    return await unpackTar(tar, { strict: true, filter });
  } catch (cause) {
    throw asStoreError(cause, "CORRUPT", `${fileName} is damaged or truncated`, fileName);
  }
}

function asFiles(files: ReadonlyMap<string, Uint8Array>): PackageFile[] {
  return [...files].map(([name, data]) => ({ name, read: async () => data }));
}

/** Passes bytes on, up to a limit. */
function atMost(limit: number, fileName: string): TransformStream<Uint8Array, Uint8Array> {
  let passed = 0;
  return new TransformStream({
    transform(chunk, controller) {
      passed += chunk.length;
      if (passed <= limit) return controller.enqueue(chunk);
      const message = `${fileName} unpacks to more than ${limit} bytes, which no FHIR package does`;
      throw new SchemaStoreError("INVALID_VALUE", message, { key: fileName });
    },
  });
}

/** Directly in the archive or in one of its folders. */
function isTopLevelJson(name: string): boolean {
  return /^[^/]+(\/[^/]+)?\.json$/.test(plain(name));
}

/** The folder of the manifest, with its slash: `package/` by custom, but not always. */
function rootOf(names: readonly string[]): string {
  const manifest = names.includes(ROOT_MANIFEST)
    ? ROOT_MANIFEST
    : names.find((name) => /(^|\/)package\.json$/.test(name));
  return (manifest ?? ROOT_MANIFEST).replace(/package\.json$/, "");
}

function plain(name: string): string {
  return name.replace(/^(\.?\/)+/, "");
}
