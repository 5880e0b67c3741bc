/** The page as a site: which files it consists of, and where each comes from. */

import { cpSync, existsSync, mkdirSync, readdirSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { build } from "esbuild";
import { Failure, root } from "./run.mjs";

/** What `www/` imports of the package. */
const ENTRIES = ["dist/index.js", "dist/convert/index.js"];
/** What is fetched or read beside the modules. */
const ASSETS = ["dist/core.wasm", "dist/THIRD-PARTY-LICENSES.txt"];

/** Every file of the site: its path in the site, and the file of the repository it is. */
export async function siteFiles() {
  const pages = filesOf(join(root, "www")).map((name) => [name, join(root, "www", name)]);
  const modules = [...(await reached()), ...ASSETS].map((path) => [path, join(root, path)]);
  return new Map([...pages, ...modules]);
}

/** Writes the site to a new or empty directory; it works from any path of any static server. */
export async function buildSite(directory) {
  if (existsSync(directory) && readdirSync(directory).length > 0) {
    throw new Failure(`${directory} is not empty`);
  }
  const files = await siteFiles();
  for (const [path, from] of files) {
    const to = join(directory, path);
    mkdirSync(dirname(to), { recursive: true });
    cpSync(from, to);
  }
  return files.size;
}

/** The modules a page loads, at once or later. */
async function reached() {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: ENTRIES,
    bundle: true,
    splitting: true,
    metafile: true,
    write: false,
    format: "esm",
    platform: "browser",
    outdir: "unused",
    logLevel: "error",
  });
  return Object.keys(metafile.inputs);
}

function filesOf(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join("/"));
}
