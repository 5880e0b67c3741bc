/** Reading a `.tgz`: the JSON files at the top of a FHIR package. */

import { type ParsedTarEntryWithData, type TarHeader, unpackTar } from "modern-tar";
import { asStoreError, SchemaStoreError } from "../errors.js";
import { onFirstUse } from "../first-use.js";
import { TurnTaking } from "../turn-taking.js";
import type { Surroundings } from "./contents.js";
import type { PackageFile } from "./resources.js";

const ROOT_MANIFEST = "package/package.json";
/** FHIR packages unpack to 5 to 15 times their size; gzip can reach 1029 times. */
const MOST_GROWTH = 64;
/** What any archive may unpack to, in bytes. */
const ALWAYS_ALLOWED = 64 * 1024 * 1024;
/** Length of a header, and what files are padded to. */
const TAR_BLOCK = 512;

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
 * left out. Several gzip members, zeros after them and a tar without its end marker are accepted on every
 * platform. An archive that is truncated or damaged anywhere is CORRUPT: gzip's checksum covers
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
  const limit = Math.max(ALWAYS_ALLOWED, MOST_GROWTH * bytes.length);
  try {
    const unpacked = new Blob([bytes as Uint8Array<ArrayBuffer>])
      .stream()
      .pipeThrough(new DecompressionStream("gzip"));
    const meter = atMost(limit, fileName);
    const entries = await unpackTar(unpacked.pipeThrough(meter.stream), { strict: true, filter });
    // Some platforms pass over what comes after the stream: then its length is not the last word.
    if (meter.passed() === lengthAtEnd(bytes)) return entries;
  } catch (cause) {
    if (cause instanceof SchemaStoreError) throw cause;
  }
  return unpackUnusual(bytes, fileName, limit, filter);
}

/** How long gzip says at its end what it holds is, below 4 GiB. */
function lengthAtEnd(bytes: Uint8Array): number | undefined {
  const at = bytes.length - 4;
  return at < 0 ? undefined : new DataView(bytes.buffer, bytes.byteOffset + at).getUint32(0, true);
}

/** The same for what not every platform unpacks, but `gzip` and `tar` do; slower. */
async function unpackUnusual(
  bytes: Uint8Array,
  fileName: string,
  limit: number,
  filter: (header: TarHeader) => boolean,
): Promise<ParsedTarEntryWithData[]> {
  try {
    const { gunzip } = await onFirstUse(import("./gunzip.js"));
    const unpacked = gunzip(bytes).pipeThrough(atMost(limit, fileName, true).stream);
    let last: TarHeader | undefined;
    const noting = (header: TarHeader) => {
      last = header;
      return filter(header);
    };
    const entries = await unpackTar(unpacked, { strict: true, filter: noting });
    const end = entries.at(-1);
    // The blocks that were added are no part of a file: JSON has no zeros.
    if (end !== undefined && end.header.name === last?.name && end.data?.includes(0)) {
      throw new Error("its last file is cut off");
    }
    return entries;
  } catch (cause) {
    throw asStoreError(cause, "CORRUPT", `${fileName} is damaged or truncated`, fileName);
  }
}

function asFiles(files: ReadonlyMap<string, Uint8Array>): PackageFile[] {
  return [...files].map(([name, data]) => ({ name, read: async () => data }));
}

/**
 * Passes bytes on and counts them, up to a limit; in turns with others, as there may be many thousands of headers
 * and no bytes that anybody waits for. With the two blocks of zeros that end an archive, if `isToEnd`.
 */
function atMost(
  limit: number,
  fileName: string,
  isToEnd = false,
): { stream: TransformStream<Uint8Array, Uint8Array>; passed: () => number } {
  let passed = 0;
  const turns = new TurnTaking();
  const stream = new TransformStream<Uint8Array, Uint8Array>({
    flush(controller) {
      if (isToEnd && passed % TAR_BLOCK === 0) controller.enqueue(new Uint8Array(2 * TAR_BLOCK));
    },
    async transform(chunk, controller) {
      passed += chunk.length;
      if (passed <= limit) {
        controller.enqueue(chunk);
        return turns.take();
      }
      const message = `${fileName} unpacks to more than ${limit} bytes, which no FHIR package does`;
      throw new SchemaStoreError("INVALID_VALUE", message, { key: fileName });
    },
  });
  return { stream, passed: () => passed };
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
