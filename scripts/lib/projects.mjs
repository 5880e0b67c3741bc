/** The folders that bring their own packages, apart from those of the root. */

import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { root, run } from "./run.mjs";

/** `npm ci` wants the lock to name the programs of all platforms, which not every registry has. */
const INSTALL = ["install", "--no-save", "--ignore-scripts", "--loglevel=error"];

/** Installs what is missing in those of tests/, and says so; does nothing twice. No package runs a script. */
export function installTestPackages() {
  for (const name of readdirSync(join(root, "tests"))) installPackages(join("tests", name));
}

/** The same for one folder, which need not have any. */
export function installPackages(folder) {
  const lock = stamp(join(root, folder, "package-lock.json"));
  const installed = stamp(join(root, folder, "node_modules/.package-lock.json"));
  if (lock === undefined || installed >= lock) return;
  console.log(`Installing the packages of ${folder}/package-lock.json`);
  run("npm", [...INSTALL, "--prefix", folder]);
}

function stamp(path) {
  return existsSync(path) ? statSync(path).mtimeMs : undefined;
}
