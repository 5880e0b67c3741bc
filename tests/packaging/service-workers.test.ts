/**
 * The packed package in service workers, which may load no module on demand: every call is made in one without a
 * bundler, in those that bundlers make, and in the background of an extension.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before } from "node:test";
import * as esbuild from "esbuild";
import { build } from "vite";
import { browserTest } from "../browser/harness.js";
import { Project, withExtension, withProfile } from "./project.js";
import { PATIENT, page, program, storesAndReloads } from "./site.js";
import {
  answersOf,
  assertAllRight,
  assertOnlyUnusualRefused,
  inServiceWorker,
  type WorkerImports,
  withServiceWorker,
  writeWorker,
} from "./workers.js";

const PACKAGE = "fhir-schema-store";
/** Where a worker without a bundler has the package. */
const COPY = "./copy/dist";
/** What a service worker is told where it lacks a part. */
const CURE =
  /^UNSUPPORTED .*; bundle the worker into one file, or import "fhir-schema-store\/inline"/;
/** What an extension must allow. */
const POLICY = { extension_pages: "script-src 'self' 'wasm-unsafe-eval'" };

let project: Project;
before(() => {
  project = new Project();
});
after(() => project.remove());

browserTest("without a bundler, the inline entry does everything", async () => {
  const root = await unbundled("plain-inline", "index.inline.js");
  assertOnlyUnusualRefused(await inServiceWorker(root, "worker.js"));
});

browserTest("without a bundler, the small entry says what is missing", async () => {
  const root = await unbundled("plain", "index.js", "adapters/indexeddb.js");
  const { calls, options, packages } = await inServiceWorker(root, "worker.js");
  const refused = [
    ...["convert", "export", "import", "stats", "pin", "unpin", "lease", "warm"],
    ...Object.keys(options),
    ...Object.keys(packages),
  ];
  const all = Object.entries({ ...calls, ...options, ...packages });
  const unlike = all.filter(([, answer]) => answer !== "right");
  assert.deepEqual(
    unlike.map(([name]) => name),
    refused,
  );
  for (const [, answer] of unlike) assert.match(answer, CURE);
});

browserTest("esbuild makes one file of it, a module or a plain script", async () => {
  const root = await bundled("esbuild", PACKAGE);
  await runEsbuild(root, "esm");
  copyModules("esbuild/out");
  assertAllRight(await inServiceWorker(root, "out/worker.js"));

  const plain = await bundled("esbuild-plain", `${PACKAGE}/inline`);
  await runEsbuild(plain, "iife");
  assertAllRight(await inServiceWorker(plain, "out/worker.js", "classic"));
});

browserTest("a plain script that cannot find the core names the inline entry", async () => {
  const root = await bundled("esbuild-lost", PACKAGE);
  await runEsbuild(root, "iife");
  await withServiceWorker(
    root,
    "out/worker.js",
    async (worker) => {
      assert.match(
        await worker.evaluate("storing()"),
        /^UNSUPPORTED .*"fhir-schema-store\/inline"/,
      );
    },
    "classic",
  );
});

browserTest("Vite makes one file of it, and of the inline entry without being asked", async () => {
  const root = await bundled("vite", PACKAGE);
  await runVite(root, { codeSplitting: false });
  assertAllRight(await inServiceWorker(root, "out/worker.js"));

  const inline = await bundled("vite-inline", `${PACKAGE}/inline`);
  await runVite(inline, {});
  assertOnlyUnusualRefused(await inServiceWorker(inline, "out/worker.js"));
});

browserTest("an extension without a bundler does everything with the inline entry", async () => {
  const root = await unbundled("extension", "index.inline.js");
  writeManifest("extension", "worker.js", POLICY);
  project.write("extension/page.html", page("./page.js"));
  project.write("extension/page.js", program(`${COPY}/index.inline.js`));
  await withProfile(async (profile) => {
    await withExtension(profile, root, async (background, tab) => {
      assertOnlyUnusualRefused(await answersOf(background));
      await storesAndReloads(tab, new URL("page.html", background.url()).href);
    });
    // The background of a browser started again.
    await withExtension(profile, root, async (background) => {
      assert.deepEqual(JSON.parse(await background.evaluate("storing()")), PATIENT);
    });
  });
});

browserTest("an extension may be bundled, and is told of the policy it needs", async () => {
  const root = await bundled("extension-esbuild", PACKAGE);
  await runEsbuild(root, "esm");
  copyModules("extension-esbuild/out");
  writeManifest("extension-esbuild", "out/worker.js", POLICY);
  await withProfile((profile) =>
    withExtension(profile, root, async (background) => assertAllRight(await answersOf(background))),
  );
  writeManifest("extension-esbuild", "out/worker.js");
  await withProfile((profile) =>
    withExtension(profile, root, async (background) => {
      assert.match(await background.evaluate("storing()"), /^UNSUPPORTED .*'wasm-unsafe-eval'/);
    }),
  );
});

/** Puts both modules where a bundler that leaves files alone has put the scripts. */
function copyModules(folder: string): void {
  project.copy("dist/core.wasm", `${folder}/core.wasm`);
  project.copy("dist/load/convert.wasm", `${folder}/convert.wasm`);
}

/** A worker for a bundler. */
function bundled(folder: string, entry: string): Promise<string> {
  const [convert, validate] = [`${PACKAGE}/convert`, `${PACKAGE}/validate`];
  return written(folder, { entry, convert, validate });
}

/** A worker with the package beside it, as it is; `adapter`: a module to pass the adapter of. */
function unbundled(folder: string, entry: string, adapter?: string): Promise<string> {
  project.copy("dist", `${folder}/${COPY}`);
  return written(folder, {
    entry: `${COPY}/${entry}`,
    convert: `${COPY}/convert/index.js`,
    validate: `${COPY}/validate/index.js`,
    ...(adapter && { adapter: `${COPY}/${adapter}` }),
  });
}

/** `worker.js` in a folder of the project. */
async function written(folder: string, from: WorkerImports): Promise<string> {
  await writeWorker(project, `${folder}/worker.js`, from);
  return join(project.folder, folder);
}

function writeManifest(folder: string, worker: string, policy?: object): void {
  const manifest = {
    manifest_version: 3,
    name: PACKAGE,
    version: "1",
    background: { service_worker: worker, type: "module" },
    content_security_policy: policy,
  };
  project.write(`${folder}/manifest.json`, JSON.stringify(manifest));
}

/** Joins `worker.js` of a folder into `out/worker.js`. */
async function runEsbuild(root: string, format: "esm" | "iife"): Promise<void> {
  const [entryPoints, outdir] = [[join(root, "worker.js")], join(root, "out")];
  // It warns of what a plain script cannot find, and the error says that too.
  await esbuild.build({ entryPoints, outdir, format, bundle: true, logLevel: "error" });
}

/** The same with Vite, which names assets as it likes. */
async function runVite(root: string, output: { readonly codeSplitting?: boolean }): Promise<void> {
  await build({
    configFile: false,
    logLevel: "error",
    root,
    build: {
      outDir: "out",
      rolldownOptions: {
        input: join(root, "worker.js"),
        output: { ...output, entryFileNames: "[name].js" },
      },
    },
    base: "./",
  });
}
