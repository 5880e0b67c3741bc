/** `fhir-schema-store/convert/node`: the package reader for paths and standard input. */

import { readdir, readFile, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, join } from "node:path";
import { buffer } from "node:stream/consumers";
import { asStoreError, SchemaStoreError } from "../errors.js";
import { noManifest, type PackageManifest } from "./manifest.js";
import { type FhirPackage, openPackage, packageOfFiles } from "./package.js";

export * from "./index.js";

/**
 * Opens what a path names:
 *
 * - a directory: a package in FHIR's layout (`package/package.json`) or npm's (`package.json`), or
 *   any folder of JSON files;
 * - a file: a `.tgz`, or the JSON of a Bundle or of one resource;
 * - `-`: the same from standard input;
 * - `name#version`: a package of the FHIR package cache, `~/.fhir/packages`.
 *
 * Errors: NOT_FOUND when there is nothing, DISK_ERROR when it cannot be read, INVALID_VALUE when a
 * directory holds no JSON; for contents as `openPackage`.
 */
export async function openPackagePath(path: string): Promise<FhirPackage> {
  if (path === "-") {
    return openPackage(new Uint8Array(await buffer(process.stdin)), { fileName: "standard input" });
  }
  const found = (await statOf(path)) ?? (await statOf(inPackageCache(path)));
  if (found === undefined) {
    throw new SchemaStoreError("NOT_FOUND", `no such file or directory: ${path}`, { key: path });
  }
  if (found.isDirectory) return openDirectory(found.path);
  return openPackage(await read(found.path), { fileName: basename(found.path) });
}

async function openDirectory(path: string): Promise<FhirPackage> {
  const nested = join(path, "package");
  const root = (await statOf(join(nested, "package.json"))) ? nested : path;
  const names = (await list(root)).filter((name) => name.endsWith(".json"));
  if (names.length === 0) {
    throw new SchemaStoreError("INVALID_VALUE", `${path} holds no JSON files`, { key: path });
  }
  const files = names.map((name) => ({ name, read: () => read(join(root, name)) }));
  return packageOfFiles(files, manifestOfName(basename(path)));
}

/** The FHIR package cache says in a folder's name who the package is. */
function manifestOfName(folder: string): PackageManifest {
  const [, name, version] = /^([^#]+)#([^#]+)$/.exec(folder) ?? [];
  return name === undefined || version === undefined
    ? noManifest
    : { ...noManifest, name, version };
}

function inPackageCache(path: string): string {
  return /^[\w.-]+#[\w.-]+$/.test(path) ? join(homedir(), ".fhir", "packages", path) : path;
}

async function statOf(path: string): Promise<{ path: string; isDirectory: boolean } | undefined> {
  try {
    return { path, isDirectory: (await stat(path)).isDirectory() };
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw asStoreError(cause, "DISK_ERROR", `${path} cannot be read`, path);
  }
}

async function list(path: string): Promise<string[]> {
  try {
    const entries = await readdir(path, { withFileTypes: true });
    return entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name);
  } catch (cause) {
    throw asStoreError(cause, "DISK_ERROR", `${path} cannot be read`, path);
  }
}

async function read(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw asStoreError(cause, "DISK_ERROR", `${path} cannot be read`, path);
  }
}
