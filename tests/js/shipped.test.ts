/** The package holds nothing that no export or command leads to, found by the tools of its users. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const DIST = join(ROOT, "dist");
const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));

type Target = string | { readonly [condition: string]: Target };

/** What the conditions of an export lead to, those of one name where one is given. */
function targets(entry: Target, wanted?: string, condition?: string): string[] {
  if (typeof entry !== "string") {
    return Object.entries(entry).flatMap(([name, target]) => targets(target, wanted, name));
  }
  return wanted === undefined || condition === wanted ? [join(ROOT, entry)] : [];
}

function shipped(ending: string): string[] {
  const names = readdirSync(DIST, { recursive: true, encoding: "utf8" });
  return names.filter((name) => name.endsWith(ending)).sort();
}

test("installing it brings nothing else: what it needs of others is inside", () => {
  for (const kind of ["dependencies", "optionalDependencies", "peerDependencies"]) {
    assert.equal(manifest[kind], undefined, kind);
  }
  const licences = readFileSync(join(DIST, "THIRD-PARTY-LICENSES.txt"), "utf8");
  assert.match(licences, /^commander \d/m);
  for (const crate of ["serde_json", "itoa", "memchr", "postcard", "wasm-bindgen"]) {
    assert.match(licences, new RegExp(`^${crate} \\d.*\\n\\n\\S`, "m"), crate);
  }
});

test("no other converter is inside", () => {
  const licences = readFileSync(join(DIST, "THIRD-PARTY-LICENSES.txt"), "utf8");
  assert.doesNotMatch(licences, /fhirschema/i);
  for (const name of shipped(".js")) {
    const text = readFileSync(join(DIST, name), "utf8");
    // The validator is told of in comments, and imported by nobody.
    assert.doesNotMatch(text, /["']@atomic-ehr|Circular Reference/, name);
  }
});

test("a bundler finds a way to every module", async () => {
  const all = [...Object.values<Target>(manifest.exports), manifest.bin].flatMap((entry) =>
    targets(entry),
  );
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: [...new Set(all.filter((path) => path.endsWith(".js")))],
    outdir: "nowhere",
    bundle: true,
    write: false,
    metafile: true,
    format: "esm",
    platform: "node",
    splitting: true,
    external: ["fhir-schema-store"],
  });
  const found = Object.keys(metafile.inputs).map((path) => relative(DIST, resolve(ROOT, path)));
  assert.ok(found.length > 50, `${found.length}`);
  assert.deepEqual(shipped(".js"), found.filter((path) => path.endsWith(".js")).sort());
});

test("the inline entry loads nothing later, as a service worker may not", async () => {
  const bundleOf = (entry: string) =>
    build({
      absWorkingDir: DIST,
      entryPoints: [entry],
      outdir: "nowhere",
      bundle: true,
      write: false,
      metafile: true,
      format: "esm",
      splitting: true,
    });
  const later = async (entry: string) => {
    const { metafile } = await bundleOf(entry);
    return Object.values(metafile.inputs)
      .flatMap(({ imports }) => imports)
      .filter(({ kind }) => kind === "dynamic-import");
  };
  assert.ok((await later("index.js")).length > 5);
  assert.deepEqual(await later("index.inline.js"), []);
});

test("the compiler finds a way to every declaration", () => {
  const entries = Object.values<Target>(manifest.exports).flatMap((entry) =>
    targets(entry, "types"),
  );
  const tsc = join(ROOT, "node_modules/.bin/tsc");
  const options = [
    "--noEmit",
    "--listFilesOnly",
    "--module",
    "nodenext",
    "--skipLibCheck",
    "--ignoreConfig",
  ];
  const { stdout, stderr } = spawnSync(tsc, [...options, ...new Set(entries)], {
    cwd: ROOT,
    encoding: "utf8",
  });
  const found = stdout
    .split("\n")
    .filter((path) => path.startsWith(DIST))
    .map((path) => relative(DIST, path));
  assert.ok(found.length > 30, stderr);
  assert.deepEqual(shipped(".d.ts"), [...new Set(found)].sort());
});
