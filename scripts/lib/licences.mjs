/** The licences of other people's code in the package: npm packages in its scripts, crates in its WebAssembly. */

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Failure, output } from "./run.mjs";

const FILE = /^(licen|copying|notice)/i;
/** Of several files, the one of the shorter licence: nearly every crate may be had under MIT. */
const PREFERRED = /^licen[cs]e-mit/i;

/** Writes the licence texts of these npm packages, by their folders, and of all crates, as `cratesOf` has them. */
export function writeLicences(dist, folders, crates) {
  const packages = [...new Set(folders)].sort().map((folder) => {
    const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    return licenceOf(manifest, folder);
  });
  const texts = [...packages, ...crates].join(`\n${"-".repeat(80)}\n\n`);
  writeFileSync(join(dist, "THIRD-PARTY-LICENSES.txt"), texts);
}

/** The licence texts of the crates that are compiled for this target. */
export function cratesOf(target) {
  const described = output("cargo", [
    ...["metadata", "--format-version", "1", "--locked", "--filter-platform", target],
  ]);
  if (described === undefined) throw new Failure("cargo metadata failed");
  const { packages, resolve } = JSON.parse(described);
  const byId = new Map(packages.map((one) => [one.id, one]));
  const needs = new Map(resolve.nodes.map(({ id, deps }) => [id, deps]));
  const found = new Set([resolve.root]);
  for (const id of found) {
    for (const { pkg, dep_kinds: kinds } of needs.get(id)) {
      // What runs while compiling is not in what was compiled.
      const isMacro = byId.get(pkg).targets.some(({ kind }) => kind.includes("proc-macro"));
      if (!isMacro && kinds.some(({ kind }) => kind === null)) found.add(pkg);
    }
  }
  found.delete(resolve.root);
  const crates = [...found].map((id) => byId.get(id));
  return crates
    .sort((one, other) => (one.name < other.name ? -1 : 1))
    .map((crate) => licenceOf(crate, dirname(crate.manifest_path)));
}

function licenceOf({ name, version, license }, folder) {
  const files = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile() && FILE.test(entry.name))
    .map((entry) => entry.name);
  const file = files.find((one) => PREFERRED.test(one)) ?? files[0];
  const text = file && readFileSync(join(folder, file), "utf8").trim();
  if (!text && !license) throw new Failure(`${name} has no licence: it cannot be bundled`);
  return `${name} ${version} (${license})\n\n${text ?? "No licence text came with the package."}\n`;
}
