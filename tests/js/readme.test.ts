/** README.md and docs/errors.md say what the code does. */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { DEFAULTS, OPTION_RULES } from "../../js/arguments/options.js";
import { OPTIONS } from "../../js/cli/flags.js";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const readme = await readFile(join(ROOT, "README.md"), "utf8");
const errors = await readFile(join(ROOT, "docs/errors.md"), "utf8");

test("the README names every option with its spellings and its range", () => {
  for (const option of Object.keys(OPTION_RULES)) {
    const row = rowOf(option);
    const spelled = OPTIONS.find((one) => one.option === option);
    if (spelled === undefined) continue;
    assert.ok(row.includes(`\`${spelled.toml}\``), `${option} is ${spelled.toml} in TOML`);
    assert.ok(row.includes(`\`${spelled.environment}\``), `${option} is ${spelled.environment}`);
    const [least, most] = OPTION_RULES[option as keyof typeof OPTION_RULES].range
      .split("whole number from ")
      .slice(1)
      .flatMap((range) => range.split(" to "));
    if (least !== undefined) assert.ok(row.includes(`${least} to ${most}`), row);
  }
});

test("the README names the defaults of the options", () => {
  for (const [option, value] of Object.entries(DEFAULTS)) {
    const cells = rowOf(option).split("|");
    assert.equal(cells[4]?.replaceAll("`", "").trim(), String(value), option);
  }
});

test("docs/errors.md names every error code, and none that does not exist", async () => {
  const source = await readFile(join(ROOT, "js/errors.ts"), "utf8");
  const codes = [...source.matchAll(/^ {2}\| "(\w+)"/gm)].map(([, code = ""]) => code);
  assert.ok(codes.length > 20);
  const rows = [...errors.matchAll(/^\| ([A-Z_]+) \|/gm)].map(([, code]) => code);
  const unused = [...errors.matchAll(/`([A-Z_]+)`/g)].map(([, code]) => code);
  assert.deepEqual([...rows, ...unused].sort(), codes.sort());
});

test("the README names the limits of size", async () => {
  const script = await readFile(join(ROOT, "scripts/size.mjs"), "utf8");
  const limits = [...script.matchAll(/(?:row|entry)\("([^"]+)",.* (\d+) \* KB\)/g)];
  assert.equal(limits.length, 6);
  const said = readme.replaceAll("`", "").replaceAll("\n", " ");
  for (const [, name = "", limit = ""] of limits) {
    assert.ok(said.includes(`${name} ${limit} KB`), `${name} is at most ${limit} KB`);
  }
});

function rowOf(option: string): string {
  const row = readme.split("\n").find((line) => line.startsWith(`| \`${option}\``));
  assert.ok(row, `${option} has a row`);
  return row;
}
