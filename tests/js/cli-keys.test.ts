/** Keys on a real terminal, and the terminal going away: needs the `script` of Linux. */

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { incompletePackages } from "../../dist/convert/node.js";
import { openSchemaStore } from "../../dist/index.node.js";
import { archiveOf, tea } from "./archives.js";
import { cache, scratchFolder } from "./commands.js";

const program = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const r4b = fileURLToPath(new URL("../../node_modules/hl7.fhir.r4b.core", import.meta.url));
const cwd = scratchFolder("cli-keys");
const skip = process.platform !== "linux" || !existsSync("/usr/bin/script");

/** Runs the commands of a shell on a terminal of their own. */
function onTerminal(command: string): { child: ChildProcess; shown(): string } {
  const child = spawn("/usr/bin/script", ["-qc", command, "/dev/null"], {
    cwd,
    env: { PATH: process.env.PATH, HOME: cwd, TERM: "xterm", SHELL: "/bin/sh" },
  });
  let shown = "";
  child.stdout.setEncoding("utf8").on("data", (text) => {
    shown += text;
  });
  return { child, shown: () => shown };
}

async function waitFor(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 20));
}

test("a question is ended by Ctrl-C and refused by Ctrl-D", { skip, timeout: 60_000 }, async () => {
  const store = join(cwd, "asked");
  await cache(["import", "-", "--dir", store], { cwd }, await archiveOf(tea("a")));
  for (const [key, code, said] of [
    ["\u0003", "130\n", "error: interrupted by SIGINT"],
    ["\u0004", "1\n", "nothing removed"],
    ["no\r", "1\n", "nothing removed"],
    ["y\r", "0\n", "removed 1 entry"],
  ] as const) {
    const file = join(cwd, `code-${code.trim()}-${key.length}`);
    const { child, shown } = onTerminal(
      `${process.execPath} ${program} cache clear --all --dir ${store}; echo $? > ${file}`,
    );
    await waitFor(() => shown().includes("[y/N]"));
    // The question is shown before it takes keys.
    const typing = setInterval(() => child.stdin?.write(key), 300);
    await waitFor(() => existsSync(file) && readFileSync(file, "utf8") !== "");
    clearInterval(typing);
    child.kill();
    assert.equal(readFileSync(file, "utf8"), code, shown());
    assert.ok(shown().includes(said), shown());
  }
});

test("a terminal that goes away ends a save in order", { skip, timeout: 60_000 }, async () => {
  const store = join(cwd, "left");
  const file = join(cwd, "code");
  // Only the shell is told of the hang-up, and tells its jobs: the first wait ends with it.
  const { child, shown } = onTerminal(`trap 'kill -HUP $job' HUP
    ${process.execPath} ${program} cache save ${r4b} --dir ${store} & job=$!
    wait $job; wait $job; echo $? > ${file}`);
  await waitFor(() => /\d+ StructureDefinition-[B-Va-v]/.test(shown()));
  child.kill("SIGKILL");
  await waitFor(() => existsSync(file) && readFileSync(file, "utf8") !== "");
  assert.equal(readFileSync(file, "utf8"), "129\n");
  await using opened = await openSchemaStore({ diskCacheDir: store });
  assert.ok((await opened.size()) > 10);
  assert.deepEqual(await incompletePackages(opened), ["hl7.fhir.r4b.core#4.3.0"]);
});
