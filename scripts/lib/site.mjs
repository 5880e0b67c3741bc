/** The page as a site: which files it consists of, and where each comes from. */

import { cpSync, existsSync, mkdirSync, readdirSync, statSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { build } from "esbuild";
import { Failure, root, run } from "./run.mjs";
import { stageDir } from "./tools.mjs";

/** What `www/` imports of the package. */
const ENTRIES = ["dist/index.js", "dist/convert/index.js"];
/** What is fetched or read beside the modules. */
const ASSETS = ["dist/core.wasm", "dist/load/convert.wasm", "dist/THIRD-PARTY-LICENSES.txt"];

/** Packages the page offers, as archives: no definitions are sent, and none converted. */
const SAMPLES = [
  { name: "us-core.fss", from: "tests/fixtures/us_core_311.tgz" },
  { name: "r4b.fss", from: "node_modules/hl7.fhir.r4b.core" },
];

/** Every file of the site: its path in the site, and the file of the repository it is. */
export async function siteFiles() {
  const pages = filesOf(join(root, "www")).map((name) => [name, join(root, "www", name)]);
  const modules = [...(await reached()), ...ASSETS].map((path) => [path, join(root, path)]);
  const samples = SAMPLES.map((one) => [`samples/${one.name}`, packed(one)]);
  return new Map([...pages, ...modules, ...samples]);
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

/** Makes the archive of a sample, unless the one there is as new as what makes it. */
function packed({ name, from }) {
  const archive = join(stageDir, "samples", name);
  const command = join(root, "dist/cli/main.js");
  const made = statSync(archive, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (made < statSync(command).mtimeMs || made < statSync(join(root, from)).mtimeMs) {
    mkdirSync(dirname(archive), { recursive: true });
    run(process.execPath, [command, "cache", "pack", from, "--output", archive]);
  }
  return archive;
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
