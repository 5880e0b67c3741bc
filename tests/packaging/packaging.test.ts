/** `npm pack`, install into an empty project, use it there: in Node, in types, in a Vite build. */

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { Page } from "playwright-core";
import { build } from "vite";
import { browserTest } from "../browser/harness.js";
import { Project, ROOT, withSite } from "./project.js";

const PATIENT = { url: "http://example.org/Patient", version: "1.0.0", type: "Patient" };
const CANONICAL = `${PATIENT.url}|${PATIENT.version}`;

let project: Project;
before(() => {
  project = new Project();
});
after(() => project.remove());

test("installing brings this package and nothing else", () => {
  const installed = readdirSync(join(project.folder, "node_modules"));
  assert.deepEqual(
    installed.filter((name) => !name.startsWith(".")),
    ["fhir-schema-store"],
  );
});

test("the tarball holds licences and no source", () => {
  const files = readdirSync(join(project.folder, "node_modules/fhir-schema-store"));
  for (const name of ["LICENSE-MIT", "LICENSE-APACHE", "dist"])
    assert.ok(files.includes(name), name);
  for (const name of ["js", "src", "tests", "target"]) assert.ok(!files.includes(name), name);
});

test("every entry of exports can be imported in Node", () => {
  const { exports } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
    exports: Record<string, unknown>;
  };
  const entries = Object.keys(exports).filter((entry) => !/\.(json|wasm)$/.test(entry));
  const imports = entries.map((entry) => `await import("fhir-schema-store${entry.slice(1)}");`);
  project.node(imports.join("\n"));
});

test("what one process stores the next one gets", () => {
  const open = `
    import { openSchemaStore } from "fhir-schema-store";
    const store = await openSchemaStore({ diskCacheDir: "cache" });`;
  const put = `await store.put(${JSON.stringify(PATIENT)}, { durable: true });`;
  const get = `console.log(JSON.stringify(await store.get("${CANONICAL}")));`;
  project.node(`${open} ${put} await store.close();`);
  const printed = project.node(`${open} ${get} await store.close();`);
  assert.deepEqual(JSON.parse(printed), PATIENT);
});

test("the command runs", () => {
  const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  assert.equal(project.run("npx", ["--no-install", "fhir-schema-store", "--version"]), version);
});

test("the types serve a strict user under both module resolutions", () => {
  project.write(
    "user.ts",
    `import { openSchemaStore, SchemaStoreError, type Stats } from "fhir-schema-store";
     import { openSchemaStore as inline } from "fhir-schema-store/inline";
     import { fhirSchemaConverter } from "fhir-schema-store/convert";
     import { indexedDbAdapter } from "fhir-schema-store/adapters/indexeddb";
     const store = await openSchemaStore({ strategy: "memory", converter: fhirSchemaConverter() });
     const patient = await store.get<{ url: string }>("http://example.org/Patient");
     export const url: string | undefined = patient?.url;
     export const stats: Stats = await store.stats();
     export const code = new SchemaStoreError("NOT_FOUND", "").code satisfies string;
     export { indexedDbAdapter, inline };`,
  );
  const tsc = join(ROOT, "node_modules/.bin/tsc");
  const flags = ["--noEmit", "--strict", "--target", "es2022", "--types", "", "--ignoreConfig"];
  const lib = ["--lib", "es2022,esnext.disposable,dom,dom.iterable,dom.asynciterable"];
  for (const [module, resolution] of [
    ["nodenext", "nodenext"],
    ["esnext", "bundler"],
  ] as const) {
    const modules = ["--module", module, "--moduleResolution", resolution];
    project.run(tsc, ["user.ts", ...flags, ...lib, ...modules]);
  }
});

browserTest("a Vite build stores, and reads again after a reload", async () => {
  project.write("site/index.html", page("./main.js"));
  project.write("site/main.js", program("fhir-schema-store"));
  const root = join(project.folder, "site");
  await build({ root, configFile: false, logLevel: "error" });
  await withSite(join(root, "dist"), async (tab, origin) => {
    await storesAndReloads(tab, `${origin}/`);
  });
});

browserTest("the inline entry works in a page without a bundler", async () => {
  project.write("plain/index.html", page("./main.js"));
  project.write("plain/main.js", program("../node_modules/fhir-schema-store/dist/index.inline.js"));
  await withSite(project.folder, async (tab, origin) => {
    const requested: string[] = [];
    tab.on("request", (request) => requested.push(request.url()));
    await storesAndReloads(tab, `${origin}/plain/index.html`);
    assert.deepEqual(
      requested.filter((url) => url.endsWith(".wasm")),
      [],
    );
  });
});

function page(script: string): string {
  return `<!doctype html><title>-</title><script type="module" src="${script}"></script>`;
}

/** A page that shows what it finds in the store as its title, and puts it there the first time. */
function program(specifier: string): string {
  return `
    import { openSchemaStore } from "${specifier}";
    const store = await openSchemaStore({ databaseName: "packaging" });
    const found = await store.get("${CANONICAL}");
    if (!found) await store.put(${JSON.stringify(PATIENT)}, { durable: true });
    document.title = found ? JSON.stringify(found) : "stored";`;
}

async function storesAndReloads(tab: Page, url: string): Promise<void> {
  const errors: Error[] = [];
  tab.on("pageerror", (error) => errors.push(error));
  await tab.goto(url);
  assert.equal(await title(tab), "stored", errors.join("\n"));
  await tab.reload();
  assert.deepEqual(JSON.parse(await title(tab)), PATIENT);
}

async function title(tab: Page): Promise<string> {
  const changed = () => document.title !== "-";
  await tab.waitForFunction(changed, undefined, { timeout: 20_000 }).catch(() => undefined);
  return tab.title();
}
