/** The `package.json` of a FHIR package, as far as a store needs it. */

import type { OptionRule } from "../rules.js";
import type { JsonObject } from "../types.js";

/** Who a package is and what it builds on. */
export interface PackageManifest {
  /** Absent, as is the version, where the manifest does not give both. */
  readonly name?: string;
  readonly version?: string;
  /** FHIR versions the package is written for; empty where it does not say. */
  readonly fhirVersions: readonly string[];
  /** Packages needed, with the version asked for. */
  readonly dependencies: Readonly<Record<string, string>>;
}

/** How a package is named: `name#version`. */
export const PACKAGE_NAME: OptionRule = {
  range: "name#version",
  accepts: (value) => typeof value === "string" && /^[^#\s]+#[^#\s]+$/.test(value),
};

/** Whether a version is one that was asked for; `4.0.x` asks for any that begins so. */
export function isVersion(version: string, wanted: string): boolean {
  return wanted.endsWith(".x") ? version.startsWith(wanted.slice(0, -1)) : version === wanted;
}

/** A package that another one needs. */
export interface PackageDependency {
  readonly name: string;
  readonly version: string;
}

/**
 * What a member of `dependencies` asks for. An alias of npm, by which a package can need two versions of another,
 * has its name in the key, `v610@npm:hl7.fhir.us.core`, or in the value, `npm:hl7.fhir.us.core@6.1.0`.
 */
export function dependencyOf(key: string, value: string): PackageDependency {
  const [, named] = /@npm:(.+)$/.exec(key) ?? [];
  const [, aliased, version] = /^npm:(.+)@([^@]+)$/.exec(value) ?? [];
  return { name: aliased ?? named ?? key, version: version ?? value };
}

/** The manifest of resources that came without a package. */
export const noManifest: PackageManifest = { fhirVersions: [], dependencies: {} };

/**
 * Reads a manifest, tolerantly: members of another shape than expected count as absent. A package
 * without both name and version has no identity, so its resources are filed as coming from none.
 */
export function readManifest(manifest: JsonObject): PackageManifest {
  const { name, version } = manifest;
  return {
    ...(isText(name) && isText(version) ? { name, version } : undefined),
    fhirVersions: fhirVersions(manifest),
    dependencies: dependencies(manifest.dependencies),
  };
}

/** The member has had three names over the years, and one of them is a single version. */
function fhirVersions(manifest: JsonObject): readonly string[] {
  const given = ["fhirVersions", "fhir-version-list", "fhirVersion"].map((key) => manifest[key]);
  return given.map((value) => [value].flat().filter(isText)).find((list) => list.length > 0) ?? [];
}

function dependencies(given: unknown): Readonly<Record<string, string>> {
  if (typeof given !== "object" || given === null || Array.isArray(given)) return {};
  const entries = Object.entries(given).filter((entry): entry is [string, string] =>
    isText(entry[1]),
  );
  return Object.fromEntries(entries);
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value.trim() !== "";
}
