/** The examples of README.md run, and print what stands behind their `console.log`. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { copyFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { OPTIONS } from "../../dist/cli/options.js";
import { checkOptions, OPTION_RULES } from "../../dist/options.js";
import { browserTest, withBrowser } from "../browser/harness.js";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const PACKAGE = "us_core_311.tgz";
const readme = await readFile(join(ROOT, "README.md"), "utf8");

const examples = [...readme.matchAll(/^```js\n(.*?)^```$/gms)].map(([, code = ""]) => code);
const inBrowser = examples.filter((code) => code.includes("document."));
const inNode = examples.filter((code) => !inBrowser.includes(code));

test("the README has examples for Node and for browsers", () => {
  assert.ok(inNode.length >= 2);
  assert.equal(inBrowser.length, 1);
});

for (const [index, code] of inNode.entries()) {
  test(`example ${index + 1} for Node prints what it says`, async () => {
    const folder = await mkdtemp(join(tmpdir(), "fhir-schema-store-readme-"));
    try {
      await mkdir(join(folder, "node_modules"));
      await symlink(ROOT, join(folder, "node_modules", "fhir-schema-store"), "dir");
      await copyFile(join(ROOT, "tests/fixtures", PACKAGE), join(folder, PACKAGE));
      await writeFile(join(folder, "example.mjs"), code);
      const { status, stdout, stderr } = spawnSync(process.execPath, ["example.mjs"], {
        cwd: folder,
        encoding: "utf8",
        timeout: 60_000,
      });
      assert.equal(stderr, "");
      assert.deepEqual(stdout.trim().split("\n"), promised(code));
      assert.equal(status, 0);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
}

for (const code of inBrowser) {
  browserTest("the example for browsers prints what it says", () =>
    withBrowser(async ({ context, origin }) => {
      const page = await context.newPage();
      const printed: string[] = [];
      page.on("console", (message) => printed.push(message.text()));
      page.on("pageerror", (error) => printed.push(String(error)));
      await page.route(`${origin}/example`, (route) =>
        route.fulfill({ contentType: "text/html", body: pageWith(code) }),
      );
      await page.goto(`${origin}/example`);
      await page.locator("#package[data-ready]").waitFor();
      await page.locator("#package").setInputFiles(join(ROOT, "tests/fixtures", PACKAGE));
      const expected = promised(code);
      for (let tries = 0; printed.length < expected.length && tries < 300; tries += 1) {
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      assert.deepEqual(printed, expected);
    }),
  );
}

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
  const { memoryLimitBytes, maxCatalogBytes, ...checked } = checkOptions({});
  const defaults = {
    strategy: checked.strategy,
    memoryLimitMb: memoryLimitBytes / 2 ** 20,
    maxEntries: checked.maxEntries,
    maxEntryBytes: checked.maxEntryBytes,
    maxCatalogMb: maxCatalogBytes / 2 ** 20,
    evictionPolicy: checked.evictionPolicy,
    values: checked.values,
    durability: checked.durability,
  };
  for (const [option, value] of Object.entries(defaults)) {
    const cells = rowOf(option).split("|");
    assert.equal(cells[4]?.replaceAll("`", "").trim(), String(value), option);
  }
});

test("the README names every error code", async () => {
  const source = await readFile(join(ROOT, "js/errors.ts"), "utf8");
  const codes = [...source.matchAll(/^ {2}\| "(\w+)"/gm)].map(([, code = ""]) => code);
  assert.ok(codes.length > 20);
  assert.deepEqual(
    codes.filter((code) => !new RegExp(`^\\| ${code} \\||\`${code}\``, "m").test(readme)),
    [],
  );
});

/** What the comments behind `console.log` promise, in order. */
function promised(code: string): string[] {
  const lines = [...code.matchAll(/console\.log\(.*\); \/\/ (.*)$/gm)];
  assert.equal(lines.length, code.split("console.log").length - 1, "every output is promised");
  return lines.map(([, output = ""]) => output);
}

/** A page that finds the package's modules as a bundler would. */
function pageWith(code: string): string {
  const imports = {
    "fhir-schema-store": "/dist/index.js",
    "fhir-schema-store/convert": "/dist/convert/index.js",
  };
  return `<!doctype html><title>example</title><input type="file" id="package">
<script type="importmap">${JSON.stringify({ imports })}</script>
<script type="module">${code}
document.querySelector("#package").dataset.ready = "";</script>`;
}

function rowOf(option: string): string {
  const row = readme.split("\n").find((line) => line.startsWith(`| \`${option}\``));
  assert.ok(row, `${option} has a row`);
  return row;
}
