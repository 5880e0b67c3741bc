/** What a package needs, and a store has nothing of. */

import { dependencyOf, type PackageManifest } from "./manifest.js";
import { isIncompleteMark, type MarkStore } from "./package-marks.js";

/** Packages that a package needs and of which the store has nothing, as `name#version` in code unit order. */
export async function missingDependencies(
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

/** Versions may be asked for as `4.0.x`, or by a label that names whichever build is at hand. */
function satisfies(source: string, wanted: string): boolean {
  const version = source.slice(source.indexOf("#") + 1);
  if (/^(latest|current|dev)($|\$)/.test(wanted)) return true;
  return wanted.endsWith(".x") ? version.startsWith(wanted.slice(0, -1)) : version === wanted;
}
