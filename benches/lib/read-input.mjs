/** What `prepareInput` wrote, for the processes that are measured: this loads no more than it must. */

import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The schemas as `{ canonical, text }`, in the order of the package's files. */
export function schemas(folder) {
  return JSON.parse(readFileSync(join(folder, "input", "schemas.json"), "utf8"));
}

/** Their canonicals alone. */
export function canonicals(folder) {
  return JSON.parse(readFileSync(join(folder, "input", "canonicals.json"), "utf8"));
}
