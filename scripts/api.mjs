/**
 * Writes docs/api.md from the doc comments of everything the package exports: `node scripts/api.mjs`
 * after a build. With `--check` it writes nothing and fails when the file is out of date.
 */

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { exportsOf, fileDoc, membersOf } from "./lib/declarations.mjs";
import { Failure, main, root } from "./lib/run.mjs";

const target = join(root, "docs/api.md");
const VALUES = new Set(["class", "function", "const"]);
const LONG_LINE = 100;

const HEAD = `# API reference

Made from the doc comments by \`node scripts/api.mjs\`; change those, not this file. A code such as
CORRUPT is the \`code\` of a \`SchemaStoreError\`; docs/errors.md lists them.
`;

await main(([option]) => {
  if (option !== undefined && option !== "--check") {
    throw new Failure(`usage: api.mjs [--check], not "${option}"`);
  }
  const text = [HEAD, ...entries().map(section)].join("\n");
  const old = existsSync(target) ? readFileSync(target, "utf8") : "";
  if (option === undefined) writeFileSync(target, text);
  else if (old !== text) throw new Failure("docs/api.md is out of date: node scripts/api.mjs");
});

/** The entry points that have types: those that share a file are one, with all its names. */
function entries() {
  const { name, exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const byFile = new Map();
  for (const [path, { types }] of Object.entries(exports)) {
    if (types === undefined) continue;
    const names = byFile.get(types) ?? [];
    byFile.set(types, [...names, `\`${name}${path.slice(1)}\``]);
  }
  const shown = new Map();
  return Array.from(byFile, ([file, names]) => {
    const path = join(root, file);
    const all = [...exportsOf(path).values()];
    const fresh = all.filter((one) => !shown.has(origin(one)));
    const from = new Set(all.map((one) => shown.get(origin(one))));
    from.delete(undefined);
    for (const one of fresh) shown.set(origin(one), names[0]);
    // The comment at the top of the first speaks of browsers; Node's file has the same names.
    const intro = names.length > 1 ? undefined : fileDoc(path);
    return { names, intro, fresh, from: [...from] };
  });
}

/** The same for what several entry points pass on. */
function origin({ file, name }) {
  return `${file} ${name}`;
}

function section({ names, intro, fresh, from }) {
  const values = fresh.filter(({ kind }) => VALUES.has(kind));
  const types = fresh.filter(({ kind }) => !VALUES.has(kind));
  const byName = (a, b) => (a.name < b.name ? -1 : 1);
  const parts = [`## ${names.join(", ")}`];
  if (intro) parts.push(intro);
  if (from.length > 0) parts.push(`Everything of ${from.join(", ")}, and:`);
  parts.push(...[...values.sort(byName), ...types.sort(byName)].map(described));
  return `${parts.join("\n\n")}\n`;
}

function described({ name, kind, doc, code }) {
  const parts = [`### ${name}`];
  if (doc) parts.push(doc);
  if (kind === "class") parts.push(...membersOf(code).map(member));
  else parts.push(block(code));
  return parts.filter(Boolean).join("\n\n");
}

/** A member of a class: its declaration, then what it does. */
function member({ doc, code }) {
  if (code === "#private;") return "";
  return [block(code), doc].filter(Boolean).join("\n\n");
}

function block(code) {
  const indented = code.replace(/^( {4})+/gm, (spaces) => " ".repeat(spaces.length / 2));
  const [, head, union] = /^(export type \w+ = )(.*\|.*);$/.exec(indented) ?? [];
  const wrapped =
    union !== undefined && indented.length > LONG_LINE
      ? `${head.trimEnd()}\n  | ${union.split(" | ").join("\n  | ")};`
      : indented;
  return `\`\`\`ts\n${wrapped.replace(/^export (declare )?/, "")}\n\`\`\``;
}
