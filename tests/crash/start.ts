/** Starts the programs of this folder, compiled once: the loader of TypeScript takes longer than they live. */

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const folder = mkdtempSync(join(tmpdir(), "fss-programs-"));
after(() => rmSync(folder, { recursive: true, force: true }));

/** A program of this folder, ready to be started with arguments; its standard error is the test's. */
export async function program(name: string): Promise<(...args: string[]) => ChildProcess> {
  const outfile = join(folder, `${name}.mjs`);
  await build({
    entryPoints: [fileURLToPath(new URL(`${name}.ts`, import.meta.url))],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    plugins: [
      {
        name: "the package is what is built",
        setup({ onResolve }) {
          onResolve({ filter: /^\.\.\/\.\.\/dist\// }, ({ path }) => ({
            path: new URL(path, import.meta.url).href,
            external: true,
          }));
        },
      },
    ],
  });
  const stdio = ["pipe", "pipe", "inherit"] as const;
  return (...args) => spawn(process.execPath, [outfile, ...args], { stdio: [...stdio] });
}
