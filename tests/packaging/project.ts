/** The package as a user gets it: packed, installed into an empty project, served to Chromium. */

import { execFile, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Page, Worker } from "playwright-core";
import { preview } from "vite";
import { type Chromium, launchChromium } from "../browser/engines/chromium.js";

/** The root of the repository. */
export const ROOT: string = fileURLToPath(new URL("../..", import.meta.url));

/** The folder of these tests, with the bundlers and runtimes of its package-lock.json. */
export const HERE: string = join(ROOT, "tests", "packaging");

/** What an export leads to, by condition. */
export type Target = string | { readonly [condition: string]: Target };

/** What tells tools where the modules of the package are. */
export function manifest(): {
  readonly name: string;
  readonly main: string;
  readonly browser: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, Target>>;
} {
  return JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
}

/** Every entry of the package that is a module, as one imports it. */
export function entries(): string[] {
  const { name, exports } = manifest();
  const paths = Object.keys(exports).filter((path) => !/\.(json|wasm)$/.test(path));
  return paths.map((path) => name + path.slice(1));
}

/** An empty project with the packed package installed, in a temporary folder. */
export class Project {
  readonly folder: string;

  /**
   * Packs the built package and installs it without a network. With `inside`, the project is a
   * folder of that one, where it finds the packages installed there.
   */
  constructor(inside?: string) {
    this.folder = mkdtempSync(join(inside ?? tmpdir(), ".fhir-schema-store-project-"));
    const flags = ["--pack-destination", this.folder, "--ignore-scripts", "--json"];
    const packed = execute("npm", ["pack", ...flags], ROOT);
    const [{ filename }] = JSON.parse(packed) as [{ filename: string }];
    this.write("package.json", JSON.stringify({ private: true, type: "module" }));
    this.run("npm", [
      "install",
      "--offline",
      "--no-audit",
      "--no-fund",
      join(this.folder, filename),
    ]);
  }

  /** Writes a file of the project. */
  write(path: string, text: string): void {
    const target = join(this.folder, path);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, text);
  }

  /** Copies a file or folder of the package to another place of the project. */
  copy(path: string, to: string): void {
    const from = join(this.folder, "node_modules/fhir-schema-store", path);
    cpSync(from, join(this.folder, to), { recursive: true });
  }

  /** Runs a program in the project and answers what it printed; throws with it when it fails. */
  run(program: string, args: readonly string[]): string {
    return execute(program, args, this.folder);
  }

  /** The same without waiting: several at once. */
  async start(program: string, args: readonly string[]): Promise<string> {
    const { stdout } = await promisify(execFile)(program, args, { cwd: this.folder });
    return stdout.trim();
  }

  /** Runs JavaScript in a process of its own. */
  node(script: string): string {
    this.write("script.mjs", script);
    return this.run(process.execPath, ["script.mjs"]);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Serves a folder below `base` and runs `use` with a tab of Chromium on a fresh profile. */
export async function withSite(
  folder: string,
  use: (page: Page, origin: string) => Promise<void>,
  base?: string,
): Promise<void> {
  const server = await preview({
    root: folder,
    ...(base === undefined ? {} : { base }),
    configFile: false,
    logLevel: "silent",
    build: { outDir: "." },
    preview: { host: "127.0.0.1", port: 0 },
  });
  try {
    await withTab(new URL(server.resolvedUrls?.local[0] ?? "").origin, use);
  } finally {
    await server.close();
  }
}

/** Runs `use` with a tab of Chromium on a fresh profile. */
export function withTab(
  origin: string,
  use: (page: Page, origin: string) => Promise<void>,
): Promise<void> {
  return withProfile((profile) =>
    withChromium(profile, undefined, async ({ context }) => use(await context.newPage(), origin)),
  );
}

/** Runs `use` with a fresh profile. */
export async function withProfile(use: (profile: string) => Promise<void>): Promise<void> {
  const profile = mkdtempSync(join(tmpdir(), "fhir-schema-store-profile-"));
  try {
    await use(profile);
  } finally {
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Runs `use` with Chromium on a profile that has the extension in this folder. */
export function withExtension(
  profile: string,
  folder: string,
  use: (background: Worker, tab: Page) => Promise<void>,
): Promise<void> {
  return withChromium(profile, folder, async ({ context }) => {
    const [running] = context.serviceWorkers();
    const background = running ?? (await context.waitForEvent("serviceworker"));
    await use(background, await context.newPage());
  });
}

async function withChromium(
  profile: string,
  extension: string | undefined,
  use: (browser: Chromium) => Promise<void>,
): Promise<void> {
  const browser = await launchChromium(profile, extension === undefined ? {} : { extension });
  try {
    await use(browser);
  } finally {
    await browser.close();
  }
}

function execute(program: string, args: readonly string[], cwd: string): string {
  // A runner of tests in there is none of ours.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const { error, status, stdout, stderr } = spawnSync(program, args, {
    cwd,
    env,
    encoding: "utf8",
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`${program} ${args.join(" ")} failed:\n${stdout}\n${stderr}`);
  return stdout.trim();
}
