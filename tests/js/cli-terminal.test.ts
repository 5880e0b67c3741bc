/** What packages and stores hold does not command the terminal it is shown on. */

import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Output } from "../../js/cli/output.js";
import { cache, scratchFolder } from "./commands.js";

const cwd = scratchFolder("cli-terminal");
/** Colours, the title of the window, C1's way to say the same, a forged line, writing turned round. */
const EVIL =
  "\u001b[31m\u001b]0;pwn\u0007\u009b2J\u007f\rok\nerror: forged \u202egnp.\u2066x\u2028y";
const OBEYED = /[^\P{Cc}\n]|[\u202a-\u202e\u2066-\u2069\u2028\u2029]/u;

function write(folder: string, files: Record<string, unknown>): string {
  const path = join(cwd, folder);
  mkdirSync(path, { recursive: true });
  for (const [name, value] of Object.entries(files)) {
    writeFileSync(join(path, name), typeof value === "string" ? value : JSON.stringify(value));
  }
  return path;
}

const definition = (name: string, more: object) => ({
  resourceType: "StructureDefinition",
  url: `http://example.org/${name}`,
  version: EVIL.replace(/\s/g, ""),
  name: EVIL,
  kind: "logical",
  type: EVIL,
  differential: { element: [{ path: "Patient" }] },
  ...more,
});

const evil = write("evil", {
  "package.json": { name: EVIL, version: EVIL, dependencies: { [EVIL]: EVIL } },
  "a.json": definition("a", {}),
  [`${EVIL.replaceAll("/", "")}.json`]: definition("a", {}),
  "broken\u001b[2J.json": definition("broken", { differential: { element: [{ min: 1 }] } }),
  "cut\u001b]0;pwn\u0007.json": `{"resourceType":"StructureDefinition","url":"${EVIL}`,
});
const nothing = write("nothing", {
  "package.json": { name: EVIL, version: EVIL },
  "v.json": { resourceType: EVIL },
});

test("no output of a command holds what a terminal obeys", async () => {
  const at = ["--dir", join(cwd, "store")];
  const commands = [
    ["save", evil],
    ["save", evil, "--json"],
    ["save", nothing],
    ["save", `missing${EVIL}`],
    ["list"],
    ["list", "--json"],
    ["stats"],
    ["get", `http://example.org/${EVIL.replace(/\s/g, "")}`],
    ["get", `http://example.org/a b${EVIL}`],
    ["clear", "--url", EVIL, "--yes"],
    ["list", "--config", `missing${EVIL}`],
    [`keep${EVIL}`],
  ];
  for (const words of commands) {
    const { out, err } = await cache([...words, ...at], { cwd });
    assert.ok(out !== "" || err !== "", words[0]);
    assert.doesNotMatch(out, OBEYED, words[0]);
    assert.doesNotMatch(err, OBEYED, words[0]);
    assert.doesNotMatch(out + err, /^error: forged/m, words[0]);
  }
  const listed = await cache(["list", "--json", ...at], { cwd });
  const [entry] = JSON.parse(listed.out);
  assert.deepEqual(
    [entry.type, entry.source],
    [EVIL, `${EVIL}#${EVIL}`],
    "JSON says it in escapes",
  );
});

test("an entry goes into a pipe byte for byte, and onto a terminal as the same JSON in escapes", () => {
  const json = JSON.stringify({ text: EVIL });
  const { write, isTTY } = process.stdout;
  const shown: unknown[] = [];
  const showOn = (terminal: boolean) => {
    process.stdout.isTTY = terminal;
    process.stdout.write = ((text: unknown) => shown.push(text) > 0) as typeof write;
    try {
      new Output().raw(json);
    } finally {
      Object.assign(process.stdout, { write, isTTY });
    }
    return String(shown.pop());
  };
  assert.equal(showOn(false), json);
  const safe = showOn(true);
  assert.deepEqual(JSON.parse(safe), { text: EVIL });
  assert.doesNotMatch(safe, OBEYED);
});
