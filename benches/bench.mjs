/**
 * Prints the tables of docs/benchmarks.md: `node bench.mjs [--write] [--rounds <n>] [table...]`.
 *
 * Without names every table is made. `--rounds` takes that many samples instead of each table's own
 * number. `--write` puts the tables made into docs/benchmarks.md. Exits with 1 when ours is over a limit.
 */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { prepareInput } from "./lib/input.mjs";
import { measure, reason } from "./lib/measure.mjs";
import { DURABLE, peers } from "./lib/peers.mjs";
import { grid, overLimits, where } from "./lib/report.mjs";

const TABLES = [
  ...["hot", "hot-policies", "hot-page", "one-tab", "hit-ratio", "cold", "size"],
  ...["serialise", "concurrent", "lookups", "convert", "restart", "memory", "page"],
];
const DOCUMENT = fileURLToPath(new URL("../docs/benchmarks.md", import.meta.url));

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { write: { type: "boolean", default: false }, rounds: { type: "string" } },
});
const rounds = options.rounds === undefined ? undefined : Number(options.rounds);
const wanted = positionals.length > 0 ? positionals : TABLES;
const unknown = wanted.filter((name) => !TABLES.includes(name));
if (unknown.length > 0 || rounds === 0 || Number.isNaN(rounds)) {
  console.error(`usage: bench.mjs [--write] [--rounds <n>] [${TABLES.join(" | ")}]...`);
  process.exit(2);
}

const folder = mkdtempSync(join(tmpdir(), "fhir-schema-store-bench-"));
const over = [];
// Once: writing the document changes the tree.
const circumstances = where(folder);
try {
  const entries = await prepareInput(join(folder, "input"));
  console.error(`${entries.length} schemas`);
  const missing = await fillPeers(entries);
  for (const name of wanted) {
    console.error(`${name} ...`);
    const block = await made(name, missing);
    console.log(`${block}\n`);
    if (options.write) replaceInDocument(name, block);
  }
} finally {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}
for (const sentence of over) console.error(`over its limit: ${sentence}`);
if (over.length > 0) process.exitCode = 1;

/**
 * Stores everything once with each and opens each once more, as some tidy up only then. Answers
 * which cannot run, with the reason.
 */
async function fillPeers(entries) {
  const missing = {};
  for (const { id, ours } of DURABLE) {
    try {
      const opened = await peers[id](join(folder, "full", id));
      await opened.save(entries);
      await opened.close();
      const again = await peers[id](join(folder, "full", id));
      await again.one(entries[0].canonical);
      await again.close();
    } catch (error) {
      if (ours) throw error;
      missing[id] = reason(error);
    }
  }
  return missing;
}

/** The text of one table, with its circumstances. */
async function made(name, missing) {
  const { table, prepare, look } = await import(`./tables/${name}.mjs`);
  await prepare?.(folder);
  let text;
  if (look) {
    const looked = await look(folder, missing, options.write);
    text = looked.text;
    over.push(...looked.over);
  } else {
    const measured = await measure(table, { folder, rounds });
    text = `${grid(table, measured)}\n\n${legend(table)}`;
    over.push(...overLimits(table, measured));
  }
  return `### ${table.title}\n\n${table.what}\n\n${text}\n\n${circumstances}`;
}

function legend({ columns }) {
  const counts = new Set(columns.map((column) => rounds ?? column.rounds));
  return `Median (quartiles) of ${[...counts].join(", ")} samples, then the ratio to the row without one.`;
}

/** Replaces what stands between the marks of a table. */
function replaceInDocument(name, block) {
  const text = readFileSync(DOCUMENT, "utf8");
  const begin = `<!-- table ${name} -->`;
  const end = `<!-- end ${name} -->`;
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`docs/benchmarks.md has no place for ${name}`);
  const before = text.slice(0, from + begin.length);
  writeFileSync(DOCUMENT, `${before}\n${block}\n${text.slice(to)}`);
}
