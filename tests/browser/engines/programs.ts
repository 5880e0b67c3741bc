/** Programs of this machine. */

import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

/** Where a program is: what a variable of the environment names, or the first name that is on PATH. */
export function findProgram(variable: string, ...names: string[]): string | undefined {
  const folders = (process.env.PATH ?? "").split(delimiter);
  const onPath = names.flatMap((name) => folders.map((folder) => join(folder, name)));
  return [process.env[variable], ...onPath].find((path) => path && existsSync(path));
}
