/** The package as a user gets it: packed, installed into an empty project, served to Chromium. */

import { execFile, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Page } from "playwright-core";
import { preview } from "vite";
import { launchChromium } from "../browser/engines/chromium.js";

/** The root of the repository. */
export const ROOT: string = fileURLToPath(new URL("../..", import.meta.url));

/** The folder of these tests, with the bundlers and runtimes of its package-lock.json. */
export const HERE: string = join(ROOT, "tests", "packaging");

/** Every entry of the package that is a module, as one imports it. */
export function entries(): string[] {
  const { name, exports } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
    name: string;
    exports: Record<string, unknown>;
  };
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

  /** Copies a file of the package to another place of the project. */
  copy(path: string, to: string): void {
    cpSync(join(this.folder, "node_modules/fhir-schema-store", path), join(this.folder, to));
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
export async function withTab(
  origin: string,
  use: (page: Page, origin: string) => Promise<void>,
): Promise<void> {
  const profile = mkdtempSync(join(tmpdir(), "fhir-schema-store-profile-"));
  try {
    const browser = await launchChromium(profile);
    try {
      await use(await browser.context.newPage(), origin);
    } finally {
      await browser.close();
    }
  } finally {
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
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
