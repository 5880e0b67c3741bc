/** The packed package in every bundler: built, opened in Chromium, stored, reloaded, read. */

import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { after, before } from "node:test";
import { nodeResolve } from "@rollup/plugin-node-resolve";
import { rspack } from "@rspack/core";
import * as esbuild from "esbuild";
import type { Page } from "playwright-core";
import { rollup } from "rollup";
import type * as vite8 from "vite";
import { build, createServer, type InlineConfig, type ViteDevServer } from "vite";
import * as vite7 from "vite7";
import webpack from "webpack";
import { browserTest } from "../browser/harness.js";
import { HERE, manifest, Project, withSite, withTab } from "./project.js";
import { page, program, storesAndReloads, storing, title } from "./site.js";

const PACKAGE = "fhir-schema-store";
const QUIET = { configFile: false, logLevel: "error" } as const satisfies InlineConfig;
/** The one before, with types of its own. */
const { build: build7, createServer: createServer7 } = vite7 as unknown as typeof vite8;

let project: Project;
before(() => {
  project = new Project();
});
after(() => project.remove());

browserTest("Vite builds it, below any path", async () => {
  for (const base of ["/", "/deep/below/", "./"]) {
    const root = site("vite", "./main.js", PACKAGE);
    await build({ ...QUIET, root, base });
    const below = base === "./" ? "/anywhere/" : base;
    const use = (tab: Page, origin: string) => storesAndReloads(tab, `${origin}${below}`);
    await withSite(join(root, "dist"), use, below);
  }
});

browserTest("Vite serves it in development, its dependencies bundled beforehand", async () => {
  await withVite(createServer, { include: [PACKAGE] }, storesAndReloads);
});

browserTest("Vite 7 builds it", async () => {
  const root = site("vite7", "./main.js", PACKAGE);
  await build7({ ...QUIET, root });
  await withSite(join(root, "dist"), (tab, origin) => storesAndReloads(tab, `${origin}/`));
});

browserTest("Vite 7, which loses the core in development, is answered with the cure", async () => {
  await withVite(createServer7, {}, async (tab, url) => {
    await tab.goto(url);
    assert.match(
      await title(tab),
      /^UNSUPPORTED .* is not WebAssembly.*"fhir-schema-store\/inline"/,
    );
  });
  await withVite(createServer7, { exclude: [PACKAGE] }, storesAndReloads);
});

for (const [name, run] of [
  ["webpack", runWebpack],
  ["Rspack", runRspack],
] as const) {
  browserTest(`${name} builds it, in a page and in a Web Worker`, async () => {
    const root = site(name, "./out/main.js", PACKAGE);
    await run(root);
    await withSite(root, (tab, origin) => storesAndReloads(tab, `${origin}/`));
    const inWorker = workerSite(`${name}-worker`, "./out/main.js");
    await run(inWorker);
    await withSite(inWorker, (tab, origin) => storesAndReloads(tab, `${origin}/`));
  });
}

browserTest("Parcel builds it, in a page and in a Web Worker, and every sub-path", async () => {
  site("parcel", "./main.js", PACKAGE);
  // It loses what the parts of a worker share that are loaded on first use.
  workerSite("parcel/worker", "./main.js", { converts: false });
  workerSite("parcel/worker-inline", "./main.js", { entry: `${PACKAGE}/inline` });
  site("parcel/inline", "./main.js", `${PACKAGE}/inline`);
  const { main, browser } = manifest();
  const paths = Object.keys(browser).filter((path) => path !== main);
  const imports = paths.map((path) => `import "${PACKAGE}${path.slice(1)}";`);
  project.write("parcel/paths.js", imports.join("\n"));
  const folders = ["", "worker/", "worker-inline/", "inline/"];
  const pages = [...folders.map((folder) => `${folder}index.html`), "paths.js"];
  const parcel = join(HERE, "node_modules/parcel/lib/bin.js");
  project.run(process.execPath, [
    ...[parcel, "build", ...pages.map((path) => `parcel/${path}`)],
    ...["--dist-dir", "parcel/out", "--no-cache", "--no-autoinstall"],
  ]);
  for (const path of folders) {
    await withSite(join(project.folder, "parcel/out"), (tab, origin) =>
      storesAndReloads(tab, `${origin}/${path}`),
    );
  }
});

browserTest("Vite builds it into a Web Worker", async () => {
  const vite = workerSite("vite-worker", "./main.js");
  // The format Vite has for workers by default cannot load a part on first use.
  await build({ ...QUIET, root: vite, worker: { format: "es" } });
  await withSite(join(vite, "dist"), (tab, origin) => storesAndReloads(tab, `${origin}/`));
});

browserTest("esbuild builds it, with the core copied beside the output or inside", async () => {
  await tryCopied("esbuild", async (root) => {
    const entryPoints = [join(root, "main.js")];
    const outdir = join(root, "out");
    const format = { bundle: true, splitting: true, format: "esm" } as const;
    await esbuild.build({ entryPoints, outdir, ...format, logLevel: "error" });
  });
});

browserTest("Rollup builds it, with the core copied beside the output or inside", async () => {
  await tryCopied("rollup", async (root) => {
    const bundle = await rollup({
      input: join(root, "main.js"),
      plugins: [nodeResolve({ browser: true })],
      onwarn: (warning) => assert.fail(warning.message),
    });
    await bundle.write({ dir: join(root, "out"), format: "es" });
  });
});

/** Builds `main.js` of a folder into `out/`. */
function runWebpack(root: string): Promise<void> {
  return new Promise((resolve, reject) => {
    webpack(production(root), (error, stats) => {
      if (error || stats?.hasErrors()) reject(error ?? new Error(stats?.toString()));
      else resolve();
    });
  });
}

/** The same. */
function runRspack(root: string): Promise<void> {
  return new Promise((resolve, reject) => {
    rspack(production(root), (error, stats) => {
      if (error || stats?.hasErrors()) reject(error ?? new Error(stats?.toString()));
      else resolve();
    });
  });
}

function production(root: string) {
  const output = { path: join(root, "out") };
  return { mode: "production", context: root, entry: "./main.js", output } as const;
}

/** A page whose program shows what its worker says. */
function workerSite(
  folder: string,
  script: string,
  { entry = PACKAGE, converts = true } = {},
): string {
  const root = site(folder, script, PACKAGE);
  project.write(
    `${folder}/main.js`,
    `const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
     worker.onmessage = ({ data }) => { document.title = data; };`,
  );
  project.write(
    `${folder}/worker.js`,
    // Not at the top: the workers of Parcel are plain scripts, which cannot wait there.
    `import { openSchemaStore } from "${entry}";
     (async () => { ${storing("postMessage", "", converts)} })();`,
  );
  return root;
}

/** A bundler that leaves the file alone: without it the page names the cure, which is tried too. */
async function tryCopied(name: string, bundle: (root: string) => Promise<void>): Promise<void> {
  const root = site(name, "./out/main.js", PACKAGE);
  await bundle(root);
  await withSite(root, async (tab, origin) => {
    await tab.goto(`${origin}/`);
    assert.match(await title(tab), /^UNSUPPORTED .*"fhir-schema-store\/inline"/);
    project.copy("dist/core.wasm", `${name}/out/core.wasm`);
    await tab.reload();
    assert.match(await title(tab), /^UNSUPPORTED .*convert\.wasm.*"fhir-schema-store\/inline"/);
    project.copy("dist/load/convert.wasm", `${name}/out/convert.wasm`);
    await storesAndReloads(tab, `${origin}/`);
  });
  const inline = site(`${name}-inline`, "./out/main.js", `${PACKAGE}/inline`);
  await bundle(inline);
  await withSite(inline, (tab, origin) => storesAndReloads(tab, `${origin}/`));
}

/** A page and its program, in a folder of the project. */
function site(folder: string, script: string, specifier: string): string {
  project.write(`${folder}/index.html`, page(script));
  project.write(`${folder}/main.js`, program(specifier));
  return join(project.folder, folder);
}

/** Runs `use` on the development server of a Vite, which answers every path with the page. */
async function withVite(
  serve: (config: InlineConfig) => Promise<ViteDevServer>,
  optimizeDeps: NonNullable<InlineConfig["optimizeDeps"]>,
  use: (tab: Page, url: string) => Promise<void>,
): Promise<void> {
  site(".", "./main.js", PACKAGE);
  rmSync(join(project.folder, "node_modules/.vite"), { recursive: true, force: true });
  const server = await serve({
    ...QUIET,
    root: project.folder,
    optimizeDeps,
    server: { host: "127.0.0.1", port: 0 },
  });
  try {
    await server.listen();
    const url = server.resolvedUrls?.local[0] ?? "";
    await withTab(new URL(url).origin, (tab) => use(tab, url));
  } finally {
    await server.close();
  }
}
