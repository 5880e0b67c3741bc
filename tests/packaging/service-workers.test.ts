/**
 * The packed package in service workers, which may load no module on demand: every call is made in one without a
 * bundler, in those that bundlers make, and in the background of an extension.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before } from "node:test";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";
import type { Worker } from "playwright-core";
import { build } from "vite";
import { browserTest } from "../browser/harness.js";
import { definition, packageOf } from "../js/made-packages.js";
import type { Answers } from "./every-call.js";
import { Project, withExtension, withProfile, withSite } from "./project.js";
import { PATIENT, page, program, storesAndReloads, storing } from "./site.js";

const PACKAGE = "fhir-schema-store";
/** Where a worker without a bundler has the package. */
const COPY = "./copy/dist";
/** What a service worker is told where it lacks a part. */
const CURE =
  /^UNSUPPORTED .*; bundle the worker into one file, or import "fhir-schema-store\/inline"/;
/** What an extension must allow. */
const POLICY = { extension_pages: "script-src 'self' 'wasm-unsafe-eval'" };

let project: Project;
/** The module that makes the calls. */
let everyCall: string;
/** A package for them, as JavaScript. */
let archive: string;
before(async () => {
  project = new Project();
  const { outputFiles } = await esbuild.build({
    entryPoints: [fileURLToPath(new URL("every-call.ts", import.meta.url))],
    format: "esm",
    write: false,
  });
  everyCall = outputFiles[0]?.text ?? "";
  const cup = { "cup.json": definition("http://example.org/Cup", "a cup") };
  const base64 = Buffer.from(await packageOf("cups", cup)).toString("base64");
  archive = `Uint8Array.from(atob("${base64}"), (character) => character.charCodeAt(0))`;
});
after(() => project.remove());

browserTest("without a bundler, the inline entry does everything", async () => {
  const root = unbundled("plain-inline", "index.inline.js");
  assertOnlyUnusualRefused(await inServiceWorker(root, "worker.js"));
});

browserTest("without a bundler, the small entry says what is missing", async () => {
  const root = unbundled("plain", "index.js", "adapters/indexeddb.js");
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
  const root = bundled("esbuild", PACKAGE);
  await runEsbuild(root, "esm");
  project.copy("dist/core.wasm", "esbuild/out/core.wasm");
  assertAllRight(await inServiceWorker(root, "out/worker.js"));

  const plain = bundled("esbuild-plain", `${PACKAGE}/inline`);
  await runEsbuild(plain, "iife");
  assertAllRight(await inServiceWorker(plain, "out/worker.js", "classic"));
});

browserTest("a plain script that cannot find the core names the inline entry", async () => {
  const root = bundled("esbuild-lost", PACKAGE);
  await runEsbuild(root, "iife");
  await withServiceWorker(root, "out/worker.js", "classic", async (worker) => {
    assert.match(await worker.evaluate("storing()"), /^UNSUPPORTED .*"fhir-schema-store\/inline"/);
  });
});

browserTest("Vite makes one file of it, and of the inline entry without being asked", async () => {
  const root = bundled("vite", PACKAGE);
  await runVite(root, { codeSplitting: false });
  assertAllRight(await inServiceWorker(root, "out/worker.js"));

  const inline = bundled("vite-inline", `${PACKAGE}/inline`);
  await runVite(inline, {});
  assertOnlyUnusualRefused(await inServiceWorker(inline, "out/worker.js"));
});

browserTest("an extension without a bundler does everything with the inline entry", async () => {
  const root = unbundled("extension", "index.inline.js");
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
  const root = bundled("extension-esbuild", PACKAGE);
  await runEsbuild(root, "esm");
  project.copy("dist/core.wasm", "extension-esbuild/out/core.wasm");
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

/** A worker for a bundler. */
function bundled(folder: string, entry: string): string {
  return writeWorker(folder, { entry, convert: `${PACKAGE}/convert` });
}

/** A worker with the package beside it, as it is; `adapter`: a module to pass the adapter of. */
function unbundled(folder: string, entry: string, adapter?: string): string {
  project.copy("dist", `${folder}/${COPY}`);
  return writeWorker(folder, {
    entry: `${COPY}/${entry}`,
    convert: `${COPY}/convert/index.js`,
    ...(adapter && { adapter: `${COPY}/${adapter}` }),
  });
}

/** `worker.js` in a folder of the project, which can be told to make every call, or to store. */
function writeWorker(
  folder: string,
  from: { readonly entry: string; readonly convert: string; readonly adapter?: string },
): string {
  project.write(`${folder}/every-call.js`, everyCall);
  const adapter = from.adapter ? `import { indexedDbAdapter } from "${from.adapter}";` : "";
  const passed = from.adapter ? "adapter: indexedDbAdapter," : "";
  project.write(
    `${folder}/worker.js`,
    `import { openSchemaStore } from "${from.entry}";
     import { savePackage } from "${from.convert}";
     import { everyCall } from "./every-call.js";
     ${adapter}
     globalThis.everyCall = () =>
       everyCall({ openSchemaStore, savePackage, ${passed} package: ${archive} });
     globalThis.storing = () => new Promise(async (tell) => { ${storing("tell")} });`,
  );
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

/** Every call in a service worker of a page. */
async function inServiceWorker(
  root: string,
  script: string,
  type: WorkerType = "module",
): Promise<Answers> {
  const answers: Answers[] = [];
  await withServiceWorker(root, script, type, async (worker) => {
    answers.push(await answersOf(worker));
  });
  assert.ok(answers[0]);
  return answers[0];
}

async function withServiceWorker(
  root: string,
  script: string,
  type: WorkerType,
  use: (worker: Worker) => Promise<void>,
): Promise<void> {
  await withSite(root, async (tab, origin) => {
    await tab.route(`${origin}/`, (route) =>
      route.fulfill({ contentType: "text/html", body: "<!doctype html><title>-</title>" }),
    );
    await tab.goto(`${origin}/`);
    const started = tab.context().waitForEvent("serviceworker");
    await tab.evaluate(
      ([script, type]) => navigator.serviceWorker.register(script, { type }).then(() => {}),
      [script, type] as const,
    );
    await use(await started);
  });
}

function answersOf(worker: Worker): Promise<Answers> {
  return worker.evaluate("everyCall()");
}

function assertAllRight({ calls, options, packages, forgotten }: Answers): void {
  const all = Object.entries({ ...calls, ...options, ...packages });
  assert.ok(all.length > 35, `${all.length}`);
  assert.deepEqual(
    all.filter(([, answer]) => answer !== "right"),
    [],
  );
  assert.deepEqual(forgotten, [], "members of a store that every-call.ts does not call");
}

/** The package reader has one part that it loads on demand, for archives that are rare. */
function assertOnlyUnusualRefused(answers: Answers): void {
  const { "of several gzip members": unusual, ...packages } = answers.packages;
  assert.match(unusual ?? "", /^UNSUPPORTED .*; bundle the worker into one file/);
  assertAllRight({ ...answers, packages });
}
