/** The code in the documents runs, and prints what stands behind its `console.log`. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { browserTest } from "../browser/harness.js";
import { check, programsOf, promised, ROOT, read } from "./kit.js";

const guides = await readdir(join(ROOT, "docs/guides"));
const documents = [
  ...["README.md", "docs/format.md", "docs/eviction.md"],
  ...guides.map((name) => `docs/guides/${name}`),
];

for (const document of documents) {
  const programs = programsOf(await read(document));
  for (const program of programs) {
    const inBrowser = program.kind === "browser" || program.kind === "html";
    const name = `${document}:${program.line} (${program.kind})`;
    if (inBrowser) browserTest(name, () => check(program));
    else test(name, () => check(program));
  }
}

test("the guide to validating is for TypeScript, too", async () => {
  const [program] = programsOf(await read("docs/guides/validate.md"));
  // Within the package, so that its name is known.
  const directory = await mkdtemp(join(ROOT, "target/guide-"));
  try {
    const file = join(directory, "guide.mts");
    await writeFile(file, program?.code ?? "");
    const tsc = join(ROOT, "node_modules/.bin/tsc");
    const flags = ["--noEmit", "--strict", "--target", "es2022", "--module", "nodenext"];
    const lib = ["--lib", "es2022,esnext.disposable,dom,dom.iterable,dom.asynciterable"];
    const options = [...flags, ...lib, "--types", "node", "--skipLibCheck", "--ignoreConfig"];
    const { stdout } = spawnSync(tsc, [...options, file], { cwd: ROOT, encoding: "utf8" });
    assert.equal(stdout, "");
  } finally {
    await rm(directory, { recursive: true });
  }
});

test("the README has examples for Node and for browsers", async () => {
  const kinds = programsOf(await read("README.md")).map(({ kind }) => kind);
  assert.ok(kinds.filter((kind) => kind === "node").length >= 2);
  assert.ok(kinds.includes("browser"));
  assert.ok(kinds.includes("sh"));
});

test("the guide to the bridges has an example of each, and says what it prints", async () => {
  const programs = programsOf(await read("docs/guides/bridges.md"));
  assert.equal(programs.length, 3);
  for (const { code } of programs) assert.ok(promised(code).length > 0);
});

test("the links between the documents lead somewhere", async () => {
  const all = [...documents, "ARCHITECTURE.md", "CONTRIBUTING.md", "docs/benchmarks.md"];
  const broken: string[] = [];
  let links = 0;
  for (const document of all) {
    for (const [, target = ""] of (await read(document)).matchAll(/\]\(([^):#]+)(?:#[^)]*)?\)/g)) {
      links += 1;
      if (!existsSync(join(ROOT, dirname(document), target))) broken.push(`${document}: ${target}`);
    }
  }
  assert.ok(links > 5);
  assert.deepEqual(broken, []);
});
