/** What a package needs, and a store has nothing of. */

import { dependencyOf, isVersion, type PackageManifest } from "./manifest.js";
import { isIncompleteMark, type MarkStore } from "./package-marks.js";

/** Packages that a package needs and of which the store has nothing, as `name#version` in code unit order. */
async function missingDependencies(
  store: Pick<MarkStore, "list">,
  { dependencies }: PackageManifest,
): Promise<string[]> {
  const missing = new Set<string>();
  for (const [key, value] of Object.entries(dependencies)) {
    const { name, version } = dependencyOf(key, value);
    const present = (await store.list({ package: name })).filter(
      (entry) => !isIncompleteMark(entry),
    );
    if (!present.some(({ source }) => source !== undefined && satisfies(source, version))) {
      missing.add(`${name}#${version}`);
    }
  }
  return [...missing].sort();
}

/** Whether a source is of a version; a label such as `current` names whichever build is at hand. */
function satisfies(source: string, wanted: string): boolean {
  const isLabel = /^(latest|current|dev)($|\$)/.test(wanted);
  return isLabel || isVersion(source.slice(source.indexOf("#") + 1), wanted);
}

/** Reports of packages with what each of them misses now that all are saved. */
export async function withMissing<Report>(
  store: Pick<MarkStore, "list">,
  saved: readonly (readonly [fhirPackage: PackageManifest, report: Report])[],
): Promise<(Report & { readonly missingDependencies: readonly string[] })[]> {
  return Promise.all(
    saved.map(async ([fhirPackage, report]) => ({
      ...report,
      missingDependencies: await missingDependencies(store, fhirPackage),
    })),
  );
}
