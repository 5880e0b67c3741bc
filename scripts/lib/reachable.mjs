/** What of a built package somebody can get at: from its exports and commands, along imports. */

import { existsSync, readdirSync, readFileSync, rmdirSync, rmSync } from "node:fs";
import { dirname, join, sep } from "node:path";
import { Failure } from "./run.mjs";

const SPECIFIERS = [
  /\b(?:from|import)\s*\(?\s*["'](\.{1,2}\/[^"']+)["']/g,
  /new URL\(["'](\.{1,2}\/[^"']+)["'],\s*import\.meta\.url\)/g,
];
/** Is not imported, and belongs to the package. */
const KEPT = "THIRD-PARTY-LICENSES.txt";

/** Removes the files of `dist` that nothing leads to from the exports and commands of a manifest. */
export function removeUnreachable(dist, { exports, bin }) {
  const entries = [...Object.values(exports), ...Object.values(bin)].flatMap(targets);
  const reached = reachedFrom(
    dist,
    entries.map((target) => join(dist, "..", target)),
  );
  const all = readdirSync(dist, { recursive: true, withFileTypes: true });
  const path = (entry) => join(entry.parentPath, entry.name);
  for (const entry of all) {
    const isKept = entry.name === KEPT || reached.has(path(entry));
    if (entry.isFile() && !isKept) rmSync(path(entry));
  }
  // Those that lie deepest first.
  for (const entry of all.reverse()) {
    if (entry.isDirectory() && readdirSync(path(entry)).length === 0) rmdirSync(path(entry));
  }
}

/** These files of `dist`, and whatever they import of it. */
function reachedFrom(dist, files) {
  const reached = new Set();
  const waiting = [...files];
  for (const file of waiting) {
    // The manifest, for one, lies beside what was built.
    if (reached.has(file) || !file.startsWith(dist + sep)) continue;
    if (!existsSync(file)) throw new Failure(`${file} is exported or imported, and not there`);
    reached.add(file);
    if (/\.(js|d\.ts)$/.test(file)) waiting.push(...imported(file));
  }
  return reached;
}

/** The files that conditions and subpaths of an entry of the manifest lead to. */
function targets(entry) {
  return typeof entry === "string" ? [entry] : Object.values(entry).flatMap(targets);
}

function imported(file) {
  const text = readFileSync(file, "utf8");
  const specifiers = SPECIFIERS.flatMap((shape) =>
    Array.from(text.matchAll(shape), ([, to]) => to),
  );
  return specifiers.map((specifier) => {
    const target = join(dirname(file), specifier);
    const types = target.replace(/\.js$/, ".d.ts");
    return file.endsWith(".d.ts") && existsSync(types) ? types : target;
  });
}
