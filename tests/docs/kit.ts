/**
 * The code in the documents, as programs. What a fence says decides how a block is run:
 *
 *     js              in Node
 *     js browser      in a page that has `<input type="file" id="package">`, its server `/us-core.fss`
 *     js next         after the block before it, in one program
 *     html            as the page itself
 *     sh              in a shell, after writing the `toml` block before it, if there is one
 *     toml            as fhir-schema-store.toml
 *     text, console   not at all: pictures and output; commands that need a network or a screen
 *
 * Every program runs in a folder of its own in which the package is installed, with
 * `us_core_311.tgz` beside it. It must end well and print what the comments behind `console.log` say.
 */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { copyFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openPackagePath, savePackage } from "../../dist/convert/node.js";
import { openSchemaStore } from "../../dist/index.node.js";
import { withChromium } from "../browser/harness.js";

export const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const PACKAGE = "us_core_311.tgz";
/** Libraries that programs may import besides; installed for the tests of the bridges. */
const OTHERS = ["keyv", "unstorage"];
/** Packages of definitions that programs may read. */
const DEFINITIONS = ["hl7.fhir.r4b.core"];
const TIMEOUT_MS = 60_000;

/** A program made of one block or of several that follow each other. */
export interface Program {
  readonly kind: "node" | "browser" | "html" | "sh";
  readonly code: string;
  /** What fhir-schema-store.toml says. */
  readonly settings: string | undefined;
  /** Line of the first block in its document. */
  readonly line: number;
}

const KINDS: Readonly<Record<string, Program["kind"]>> = {
  js: "node",
  "js browser": "browser",
  html: "html",
  sh: "sh",
};
const NOT_RUN = new Set(["text", "console"]);

/** The programs of a document; a fence that says anything else is an error. */
export function programsOf(markdown: string): Program[] {
  const programs: Program[] = [];
  let settings: string | undefined;
  for (const { info, code, line } of fences(markdown)) {
    const kind = KINDS[info];
    const last = programs.at(-1);
    if (kind !== undefined) programs.push({ kind, code, settings, line });
    else if (info === "js next" && last) programs.push({ ...last, code: last.code + code });
    else if (info !== "toml" && !NOT_RUN.has(info)) assert.fail(`line ${line}: fence "${info}"`);
    // The longer program runs the shorter one too.
    if (info === "js next") programs.splice(-2, 1);
    settings = info === "toml" ? code : undefined;
  }
  return programs;
}

function fences(markdown: string): { info: string; code: string; line: number }[] {
  const found = [...markdown.matchAll(/^```(.*)\n([\s\S]*?)^```$/gm)];
  return found.map(({ 1: info = "", 2: code = "", index }) => ({
    info,
    code,
    line: markdown.slice(0, index).split("\n").length,
  }));
}

/** Runs a program and compares what it prints with what it promises. */
export async function check(program: Program): Promise<void> {
  if (program.kind === "browser" || program.kind === "html") return checkInBrowser(program);
  const folder = await mkdtemp(join(tmpdir(), "fhir-schema-store-docs-"));
  try {
    await prepare(folder, program);
    const command =
      program.kind === "node" ? [process.execPath, "program.mjs"] : ["sh", "-eu", "program.sh"];
    const { status, stdout, stderr } = await run(command, folder);
    assert.equal(status, 0, stdout + stderr);
    if (program.kind === "sh") return;
    assert.equal(stderr, "");
    assert.deepEqual(stdout.split("\n").slice(0, -1), promised(program.code));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function prepare(folder: string, { kind, code, settings }: Program): Promise<void> {
  const modules = join(folder, "node_modules");
  await mkdir(join(modules, ".bin"), { recursive: true });
  await symlink(ROOT, join(modules, "fhir-schema-store"), "dir");
  await symlink(join(ROOT, "dist/cli/main.js"), join(modules, ".bin", "fhir-schema-store"), "file");
  for (const name of OTHERS.filter((one) => code.includes(`"${one}`))) {
    const installed = join(ROOT, "tests/bridges/node_modules", name);
    assert.ok(existsSync(installed), `${name} is not there: npm ci in tests/bridges`);
    await symlink(installed, join(modules, name), "dir");
  }
  for (const name of DEFINITIONS.filter((one) => code.includes(`node_modules/${one}`))) {
    await symlink(join(ROOT, "node_modules", name), join(modules, name), "dir");
  }
  await copyFile(join(ROOT, "tests/fixtures", PACKAGE), join(folder, PACKAGE));
  await writeFile(join(folder, kind === "node" ? "program.mjs" : "program.sh"), code);
  if (settings !== undefined) await writeFile(join(folder, "fhir-schema-store.toml"), settings);
}

/** Runs a command that finds no store, package or home but in its folder. */
async function run(
  [command = "", ...args]: readonly string[],
  folder: string,
): Promise<{ status: number | null; stdout: string; stderr: string }> {
  const child = spawn(command, args, {
    cwd: folder,
    env: {
      PATH: `${join(folder, "node_modules/.bin")}:${process.env.PATH}`,
      HOME: folder,
      XDG_CACHE_HOME: join(folder, "cache"),
    },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: TIMEOUT_MS,
  });
  const printed = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => {
      printed[name] += text;
    });
  }
  const status = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject).on("close", resolve);
  });
  return { status, ...printed };
}

/** What the comments behind `console.log` promise, in order. */
export function promised(code: string): string[] {
  const lines = [...code.matchAll(/console\.log\(.*\); \/\/ (.*)$/gm)];
  assert.equal(lines.length, code.split("console.log").length - 1, "every output is promised");
  return lines.map(([, output = ""]) => output);
}

function checkInBrowser({ kind, code }: Program): Promise<void> {
  const expected = promised(code);
  return withChromium(async ({ context, origin }) => {
    const page = await context.newPage();
    const printed: string[] = [];
    page.on("console", (message) => printed.push(message.text()));
    page.on("pageerror", (error) => printed.push(String(error)));
    await page.route(`${origin}/program`, (route) =>
      route.fulfill({ contentType: "text/html", body: kind === "html" ? code : pageWith(code) }),
    );
    // Where a page without a bundler has it.
    await page.route(`${origin}/node_modules/fhir-schema-store/**`, async (route) => {
      const path = new URL(route.request().url()).pathname.split("fhir-schema-store/")[1] ?? "";
      await route.fulfill({ response: await context.request.get(`${origin}/${path}`) });
    });
    await page.route(`${origin}/us-core.fss`, async (route) =>
      route.fulfill({ body: await packedPackage() }),
    );
    await page.goto(`${origin}/program`);
    if (code.includes("#package")) {
      await page.locator("#package[data-ready]").waitFor();
      await page.locator("#package").setInputFiles(join(ROOT, "tests/fixtures", PACKAGE));
    }
    for (let tries = 0; printed.length < expected.length && tries < 300; tries += 1) {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    assert.deepEqual(printed, expected);
  });
}

/** The package as an archive, for pages that fetch one. */
async function packedPackage(): Promise<Buffer> {
  const store = await openSchemaStore({ strategy: "memory" });
  await savePackage(store, await openPackagePath(join(ROOT, "tests/fixtures", PACKAGE)));
  return Buffer.from(await new Response(store.export()).arrayBuffer());
}

/** A page that finds the package's modules as a bundler would. */
function pageWith(code: string): string {
  const imports = {
    "fhir-schema-store": "/dist/index.js",
    "fhir-schema-store/convert": "/dist/convert/index.js",
  };
  return `<!doctype html><title>program</title><input type="file" id="package">
<script type="importmap">${JSON.stringify({ imports })}</script>
<script type="module">${code}
document.querySelector("#package").dataset.ready = "";</script>`;
}

/** The documents for users, by their path from the root. */
export async function read(path: string): Promise<string> {
  return readFile(join(ROOT, path), "utf8");
}
