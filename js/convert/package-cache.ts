/** Packages that other FHIR tools have installed in `~/.fhir/packages`, a folder `name#version` each. */

import { readdir } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { isVersion } from "./manifest.js";

/** How a package is named: `name#version` or, as npm has it, `name@version`; the name alone, the newest. */
const SPELLING = /^([\w-][\w.-]*)(?:[#@](.+))?$/;
/** Installed versions that a message lists. */
const LISTED = 8;

/** What a name means in the package cache. */
export interface CachedPackage {
  /** The folder of the package; undefined if it is not installed. */
  readonly path: string | undefined;
  /** What was looked for, and where, and what there is instead. */
  readonly sentence: string;
}

/**
 * Looks a package up; undefined for what is no name of one. Names match without regard to case. A version is one
 * that is installed, as it is spelled there (`4.0.0+cibuild`, `current$branch`), or `latest` for the newest, or
 * `6.1.x` for the newest that begins so; a release rather than a ballot.
 */
export async function findInPackageCache(text: string): Promise<CachedPackage | undefined> {
  const [, name, wanted = "latest"] = SPELLING.exec(text) ?? [];
  if (name === undefined) return undefined;
  const place = join(homedir(), ".fhir", "packages");
  const folders = await readdir(place).catch(() => []);
  const installed = folders
    .map((folder) => ({ folder, at: folder.indexOf("#") }))
    .filter(({ folder, at }) => at > 0 && folder.slice(0, at).toLowerCase() === name.toLowerCase())
    .map(({ folder, at }) => ({ folder, version: folder.slice(at + 1) }))
    .sort((a, b) => compareVersions(b.version, a.version));
  const meant = installed.filter(({ version }) => isMeant(version, wanted));
  const found =
    installed.find(({ version }) => version === wanted) ??
    meant.find(({ version }) => !version.includes("-")) ??
    meant[0];
  const versions = installed.slice(0, LISTED).map(({ version }) => version);
  const there = versions.length > 0 ? `only ${versions.join(", ")}` : "no package of that name";
  return {
    path: found && join(place, found.folder),
    sentence: `in ${place} there is ${there}`,
  };
}

function isMeant(version: string, wanted: string): boolean {
  return isNumbered(version) && (wanted === "latest" || isVersion(version, wanted));
}

/** Builds under way have a name, such as `current`, for a version. */
function isNumbered(version: string): boolean {
  return /^\d/.test(version);
}

/** Names of builds come before numbers, which compare as such; 6.1.0 comes after 6.1.0-ballot. */
function compareVersions(one: string, other: string): number {
  const [[release, label], [otherRelease, otherLabel]] = [parted(one), parted(other)];
  const byNumber = new Intl.Collator("en", { numeric: true });
  return (
    Number(isNumbered(one)) - Number(isNumbered(other)) ||
    byNumber.compare(release, otherRelease) ||
    Number(label === "") - Number(otherLabel === "") ||
    byNumber.compare(label, otherLabel)
  );
}

function parted(version: string): [release: string, label: string] {
  const dash = version.indexOf("-");
  return dash < 0 ? [version, ""] : [version.slice(0, dash), version.slice(dash + 1)];
}
