/**
 * Prints how the published snapshots of packages differ from their chains of schemas:
 * `node --import tsx tests/convert/oracle-of.ts [--peer] [--with=BASE...] PACKAGE...`. Packages of `--with`
 * and those before are what profiles are based on.
 */

import { basename } from "node:path";
import { type Convert, ours, peer } from "./converters.js";
import { Library } from "./library.js";
import type { Converted } from "./model.js";
import { ASPECTS, type Aspect, type Difference, differences, tell } from "./oracle.js";
import { KINDS } from "./oracle-kinds.js";
import { definitionTexts } from "./packages.js";

const SHOWN = Number(process.env["SHOWN"] ?? 5);
const args = process.argv.slice(2);
const convert: Convert = args.includes("--peer") ? peer : ours;
const library = new Library();

async function convertPackage(path: string): Promise<Converted[]> {
  const all: Converted[] = [];
  for (const text of definitionTexts(path)) {
    try {
      all.push(await convert(text));
    } catch (error) {
      console.log(`- not converted: ${error instanceof Error ? error.message : error}`);
    }
  }
  return all;
}

for (const arg of args)
  if (arg.startsWith("--with=")) library.add(await convertPackage(arg.slice("--with=".length)));
for (const path of args.filter((arg) => !arg.startsWith("--"))) {
  const all = await convertPackage(path);
  library.add(all);
  const byAspect = new Map<Aspect, Difference[]>(ASPECTS.map((aspect) => [aspect, []]));
  const byKind = new Map<string, number>();
  let compared = 0;
  for (const one of all) {
    const result = differences(one, library);
    compared += result.compared;
    for (const difference of result.found) {
      const kind = KINDS.find((one) => one.is(difference, library))?.name;
      if (kind === undefined) byAspect.get(difference.aspect)?.push(difference);
      else byKind.set(kind, (byKind.get(kind) ?? 0) + 1);
    }
  }
  console.log(`\n## ${basename(path)}: ${all.length} definitions, ${compared} comparisons`);
  for (const { name, why } of KINDS) console.log(`- ${byKind.get(name) ?? 0} ${name}: ${why}`);
  for (const [aspect, found] of byAspect) {
    console.log(`- ${aspect}: ${found.length}`);
    for (const difference of found.slice(0, SHOWN)) console.log(`    ${tell(difference)}`);
  }
}
