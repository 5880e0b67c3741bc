/** `npm pack`, install into an empty project, use it there: in Node, on the command line, in types. */

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { entries, manifest, Project, ROOT } from "./project.js";
import { CANONICAL, PATIENT } from "./site.js";

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
  const imports = entries().map((entry) => `await import("${entry}");`);
  project.node(imports.join("\n"));
});

test("tools that pass over exports are told the same by main and browser", () => {
  const { main, browser, exports } = manifest();
  const { ".": root, ...others } = exports;
  assert.ok(typeof root === "object" && typeof root.node === "object");
  assert.equal(main, root.node.default);
  const needNode = ["./convert/node", "./adapters/fs"];
  const inBrowsers = Object.entries(others).flatMap(([path, target]) =>
    typeof target === "string" || needNode.includes(path) ? [] : [[path, target.default]],
  );
  assert.ok(inBrowsers.length > 5);
  assert.deepEqual(browser, Object.fromEntries([[main, root.default], ...inBrowsers]));
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
     import { keyvAdapter } from "fhir-schema-store/keyv";
     import { unstorageAdapter, unstorageDriver } from "fhir-schema-store/unstorage";
     import { indexedDbAdapter } from "fhir-schema-store/adapters/indexeddb";
     import { schemasFor, validate, type ValidationIssue } from "fhir-schema-store/validate";
     const store = await openSchemaStore({ strategy: "memory", converter: fhirSchemaConverter() });
     const patient = await store.get<{ url: string }>("http://example.org/Patient");
     export const url: string | undefined = patient?.url;
     export const stats: Stats = await store.stats();
     export const code = new SchemaStoreError("NOT_FOUND", "").code satisfies string;
     export const issues: readonly ValidationIssue[] = validate(
       await schemasFor(store, "http://example.org/Patient", { thawed: true }),
       { resourceType: "Patient" },
     ).issues;
     export { indexedDbAdapter, inline, keyvAdapter, unstorageAdapter, unstorageDriver };`,
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
