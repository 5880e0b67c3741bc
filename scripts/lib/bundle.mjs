/** The esbuild half of the build: third-party code taken in, and the store's entries joined. */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { Failure, root } from "./run.mjs";

/** Modules of the store that are never joined into another file: what has an identity, and what is large. */
const APART = ["errors.js", "load/base64.js", "load/convert-base64.js"];
/** Folders whose modules keep their files: third-party code is taken into them. */
const KEPT = /^(convert|cli)\//;
/** A module that is loaded when it is first needed. */
const ON_FIRST_USE = /\bimport\(\s*"(\.[^"]+)"\s*\)/g;
/** For packages in CommonJS that require modules of Node. */
const REQUIRE =
  'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);';
/**
 * Bundles npm packages into what tsc emitted under `folder` of `dist`, in place. Our own modules
 * keep their files and their relative imports, so that every class of ours exists once; what several
 * files share of a package goes to `vendor/`. Answers the folders of the packages taken in.
 */
export async function bundleThirdParty(dist, folder, platform) {
  const entryPoints = modules(join(dist, folder));
  if (entryPoints.length === 0) return [];
  const { build } = await import("esbuild");
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints,
    outdir: dist,
    outbase: dist,
    allowOverwrite: true,
    bundle: true,
    splitting: true,
    chunkNames: "vendor/[name]-[hash]",
    format: "esm",
    platform,
    target: "es2022",
    // Named whatever the platform is: the package reader has a file that only Node loads.
    external: ["node:*"],
    nodePaths: [join(root, "node_modules")],
    plugins: [keepOwnModules(dist)],
    banner: { js: platform === "node" ? REQUIRE : "" },
    legalComments: "none",
    metafile: true,
    logLevel: "warning",
  });
  return packages(Object.keys(metafile.inputs));
}

/** The modules in `dist` that others import() on first use. */
export function loadedOnFirstUse(dist) {
  const found = modules(dist).flatMap((file) =>
    Array.from(readFileSync(file, "utf8").matchAll(ON_FIRST_USE), ([, path]) =>
      join(dirname(file), path),
    ),
  );
  return [...new Set(found)];
}

/**
 * Joins the modules behind an entry of the store into the entry's file: reading dozens of small ones
 * is most of what importing costs. What is loaded on first use stays a file of its own, into which
 * the modules behind it are joined. The entries in `whole` load nothing later: they have that inside.
 */
export async function joinEntries(dist, entries, whole) {
  const { build } = await import("esbuild");
  // First: they take in modules that are then joined themselves.
  for (const name of whole) await build(joinedWhole(dist, join(dist, name)));
  const lazy = loadedOnFirstUse(dist);
  const apart = new Set([...lazy, ...apartIn(dist)]);
  const isApart = (file) => apart.has(file) || isKept(dist, file);
  const files = new Set([...entries.map((name) => join(dist, name)), ...lazy]);
  for (const file of files) {
    if (!isKept(dist, file)) await build(joined(dist, file, isApart));
  }
}

function joined(dist, entry, isApart) {
  const folder = dirname(entry);
  return {
    absWorkingDir: root,
    entryPoints: [entry],
    outdir: folder,
    allowOverwrite: true,
    bundle: true,
    format: "esm",
    platform: "neutral",
    target: "es2022",
    external: ["node:*"],
    plugins: [keepApart(folder, isApart), moveLoaders(dist)],
    legalComments: "none",
    logLevel: "warning",
  };
}

function joinedWhole(dist, entry) {
  const apart = apartIn(dist);
  return {
    ...joined(dist, entry),
    platform: "browser",
    nodePaths: [join(root, "node_modules")],
    plugins: [
      keepApart(dirname(entry), (file) => apart.includes(file)),
      loadAtOnce(dist),
      convertInline(dist),
    ],
  };
}

function apartIn(dist) {
  return APART.map((name) => join(dist, name));
}

function isKept(dist, file) {
  return KEPT.test(relative(dist, file));
}

/** Imports of what stays apart, written as seen from the folder of the entry. */
function keepApart(folder, isApart) {
  return {
    name: "keep-apart",
    setup(build) {
      build.onResolve({ filter: /^\.\.?\// }, ({ path, resolveDir }) => {
        const file = join(resolveDir, path);
        if (!isApart(file)) return undefined;
        const seen = relative(folder, file);
        return { path: seen.startsWith(".") ? seen : `./${seen}`, external: true };
      });
    },
  };
}

/** Modules that are imported on demand, imported with the module that asks for them. */
function loadAtOnce(dist) {
  return {
    name: "load-at-once",
    setup(build) {
      build.onLoad({ filter: /\.js$/ }, ({ path }) => {
        if (!path.startsWith(dist)) return undefined;
        const parts = [];
        const contents = readFileSync(path, "utf8").replace(ON_FIRST_USE, (_, part) => {
          parts.push(part);
          return `Promise.resolve(part${parts.length})`;
        });
        const imports = parts.map((part, at) => `import * as part${at + 1} from "${part}";\n`);
        return { contents: imports.join("") + contents };
      });
    },
  };
}

/** The converter as a part of the script, in place of what loads its file. */
function convertInline(dist) {
  return {
    name: "convert-inline",
    setup(build) {
      build.onResolve({ filter: /[\\/]load[\\/]convert\.js$/ }, () => ({
        path: join(dist, "load/convert-inline.js"),
      }));
    },
  };
}

/** The loaders name the core as seen from their folder, and become part of a file beside it. */
function moveLoaders(dist) {
  return {
    name: "move-loaders",
    setup(build) {
      build.onLoad({ filter: /[\\/]load[\\/](node|web)\.js$/ }, ({ path }) => {
        const contents = readFileSync(path, "utf8").replace('"../core.wasm"', '"./core.wasm"');
        if (!contents.includes('new URL("./core.wasm", import.meta.url)')) {
          throw new Failure(`${relative(dist, path)} does not name the core`);
        }
        return { contents };
      });
    },
  };
}

/** Leaves every relative import of a file of ours as it stands. */
function keepOwnModules(dist) {
  return {
    name: "keep-own-modules",
    setup(build) {
      build.onResolve({ filter: /^\.\.?\// }, ({ path, importer }) =>
        importer.startsWith(dist) ? { path, external: true } : undefined,
      );
    },
  };
}

function modules(folder) {
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" });
  return names.filter((name) => name.endsWith(".js")).map((name) => join(folder, name));
}

/** The package folders among the inputs: the path up to the name after the last `node_modules`. */
function packages(inputs) {
  const folders = inputs.map((input) => {
    const at = input.lastIndexOf("node_modules/");
    if (at < 0) return undefined;
    let folder = dirname(join(root, input));
    while (!existsSync(join(folder, "package.json")) || !named(folder)) folder = dirname(folder);
    return folder;
  });
  return [...new Set(folders.filter((folder) => folder !== undefined))];
}

/** Packages put nameless package.json files into their folders to mark a module type. */
function named(folder) {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8")).name !== undefined;
}
