/** The numbers that both sides of the wall go by: `src/wasm/wall.rs` as a module of TypeScript. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Failure, root } from "./run.mjs";

const SOURCE = "src/wasm/wall.rs";
const HEAD = `/** Made of \`${SOURCE}\` by the build. */\n`;
const CONSTANT = /\/\/\/ (.*)\npub const (\w+): (?:u32|\[&str; \d+\]) = ([\w\s,"[\]-]+);\n/g;

/** The module. A `Failure` shows what of the source is no number and no list of names. */
export function wallModule() {
  const source = readFileSync(join(root, SOURCE), "utf8").replace(/^\/\/!.*\n/gm, "");
  const rest = source.replace(CONSTANT, "").trim();
  if (rest !== "") throw new Failure(`${SOURCE} holds more than constants: ${rest.split("\n")[0]}`);
  const constants = Array.from(source.matchAll(CONSTANT), ([, doc, name, value]) => {
    const literal = value.startsWith("[") ? `${oneLine(value)} as const` : value;
    return `/** ${doc} */\nexport const ${name} = ${literal};\n`;
  });
  return `${HEAD}\n${constants.join("\n")}`;
}

function oneLine(list) {
  return list
    .replace(/,?\s*\]$/, "]")
    .replace(/\[\s+/, "[")
    .replace(/\s+/g, " ");
}
