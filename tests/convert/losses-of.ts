/**
 * Prints what conversion loses of packages, each an archive or a folder, by kind:
 * `node --import tsx tests/convert/losses-of.ts [--peer] PACKAGE...`. With `--peer`, of the published
 * converter. Exits with 1 if anything is lost without a warning.
 */

import { basename } from "node:path";
import { type Convert, ours, peer } from "./converters.js";
import { LossTable } from "./losses.js";
import { definitionTexts } from "./packages.js";

const args = process.argv.slice(2);
const convert: Convert = args.includes("--peer") ? peer : ours;
for (const path of args.filter((arg) => !arg.startsWith("--"))) {
  const table = new LossTable();
  const failures: string[] = [];
  for (const text of definitionTexts(path)) {
    try {
      table.add(await convert(text));
    } catch (error) {
      failures.push(error instanceof Error ? error.message : String(error));
    }
  }
  console.log(`\n## ${basename(path)}\n\n${table}`);
  for (const failure of failures) console.log(`- not converted: ${failure}`);
  if (table.lost + failures.length > 0) process.exitCode = 1;
}
