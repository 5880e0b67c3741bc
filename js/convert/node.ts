/** `fhir-schema-store/convert/node`: the package reader for paths and standard input. */

import type { Dirent } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { buffer } from "node:stream/consumers";
import { asStoreError, SchemaStoreError } from "../errors.js";
import { check, checkGiven, nonEmpty } from "../rules.js";
import { contentsOf } from "./contents.js";
import { noManifest, type PackageManifest } from "./manifest.js";
import { type FhirPackage, openPackage, packageOfFiles } from "./package.js";
import { findInPackageCache } from "./package-cache.js";
import type { PackageFile } from "./resources.js";

export * from "./index.js";

/** Files looked at to say what a directory holds. */
const MOST_FILES = 10_000;
const NOT_ENTERED: ReadonlySet<string> = new Set(["node_modules", ".git"]);

/**
 * Opens what a path names:
 *
 * - a directory: a package in FHIR's layout (`package/package.json`) or npm's (`package.json`), or
 *   any folder of JSON files;
 * - a file: a `.tgz`, or the JSON of a Bundle or of one resource;
 * - `-`: the same from standard input;
 * - `name#version` or `name@version`: a package of the FHIR package cache, `~/.fhir/packages`, whatever the case
 *   of its name; `latest`, `6.1.x` and no version at all mean the newest installed.
 *
 * Errors: NOT_FOUND when there is nothing, DISK_ERROR when it cannot be read, INVALID_VALUE when a
 * directory holds no JSON, with what it holds instead; for contents as `openPackage`.
 */
export async function openPackagePath(path: string, none?: undefined): Promise<FhirPackage> {
  checkGiven(none);
  check(path, nonEmpty("a path"), "path");
  if (path === "-") {
    return openPackage(new Uint8Array(await buffer(process.stdin)), { fileName: "standard input" });
  }
  const found = await statOf(path);
  if (found?.isDirectory === false) {
    return openPackage(await read(path), { fileName: basename(path) });
  }
  if (found !== undefined) return openDirectory(path);
  const cached = await findInPackageCache(path);
  if (cached?.path !== undefined) return openDirectory(cached.path);
  const message = `no such file or directory: ${path}`;
  throw new SchemaStoreError("NOT_FOUND", cached ? `${message}; ${cached.sentence}` : message, {
    key: path,
  });
}

async function openDirectory(path: string): Promise<FhirPackage> {
  const isNested = (await statOf(join(path, "package", "package.json"))) !== undefined;
  const root = isNested ? "package/" : "";
  const folder = join(path, root);
  const names = (await list(folder)).filter((name) => name.endsWith(".json"));
  const files = names.map((name) => ({ name, read: () => read(join(folder, name)) }));
  const surroundings = { name: path, root, files: () => walk(path) };
  if (names.length === 0) {
    const { sentence } = await contentsOf(surroundings, []);
    throw new SchemaStoreError("INVALID_VALUE", sentence, { key: path });
  }
  return packageOfFiles(files, surroundings, manifestOfName(basename(path)));
}

/** The files in a directory and its sub-folders, as many as a package may well have. */
async function walk(path: string): Promise<PackageFile[]> {
  const found: PackageFile[] = [];
  const folders = [""];
  for (let folder = folders.shift(); folder !== undefined; folder = folders.shift()) {
    for (const entry of await entriesOf(join(path, folder)).catch(() => [])) {
      const name = `${folder}${entry.name}`;
      if (entry.isFile()) found.push({ name, read: () => read(join(path, name)) });
      if (entry.isDirectory() && !NOT_ENTERED.has(entry.name)) folders.push(`${name}/`);
    }
    if (found.length > MOST_FILES) break;
  }
  return found;
}

/** The FHIR package cache says in a folder's name who the package is. */
function manifestOfName(folder: string): PackageManifest {
  const [, name, version] = /^([^#]+)#([^#]+)$/.exec(folder) ?? [];
  return name === undefined || version === undefined
    ? noManifest
    : { ...noManifest, name, version };
}

async function statOf(path: string): Promise<{ isDirectory: boolean } | undefined> {
  try {
    return { isDirectory: (await stat(path)).isDirectory() };
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw asStoreError(cause, "DISK_ERROR", `${path} cannot be read`, path);
  }
}

async function list(path: string): Promise<string[]> {
  return (await entriesOf(path)).filter((entry) => !entry.isDirectory()).map(({ name }) => name);
}

async function entriesOf(path: string): Promise<Dirent[]> {
  try {
    return await readdir(path, { withFileTypes: true });
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
