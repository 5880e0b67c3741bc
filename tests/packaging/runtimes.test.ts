/** The packed package wherever it runs without a bundler. */

import assert from "node:assert/strict";
import { chmodSync, existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { Page } from "playwright-core";
import { browserTest } from "../browser/harness.js";
import { entries, HERE, Project, withSite } from "./project.js";
import {
  CANONICAL,
  DEFINITION,
  PATIENT,
  page,
  program,
  storesAndReloads,
  storing,
  title,
} from "./site.js";

const DIST = "../node_modules/fhir-schema-store/dist";

let project: Project;
before(() => {
  project = new Project();
});
after(() => project.remove());

/** Opens a store over a directory, puts, and tells what was there before. */
const ON_DISK = `
  const store = await openSchemaStore({ diskCacheDir: process.argv[2] });
  const found = await store.get("${CANONICAL}");
  if (!found) {
    await store.convert(${JSON.stringify(DEFINITION)});
    await store.put(${JSON.stringify(PATIENT)}, { durable: true });
  }
  await store.close();
  console.log(found ? JSON.stringify(found) : "stored");`;
const MODULE = `import { openSchemaStore } from "fhir-schema-store"; import process from "node:process"; ${ON_DISK}`;

test("every entry can be required by CommonJS", () => {
  const requires = entries().map((entry) => `require("${entry}");`);
  project.write("common.cjs", requires.join("\n"));
  // As Node 20.19 and 22.12 do without being asked; a newer Node warns no more.
  project.run(process.execPath, ["--disable-warning=ExperimentalWarning", "common.cjs"]);
  project.write(
    "store.cjs",
    `const { openSchemaStore } = require("fhir-schema-store"); (async () => { ${ON_DISK} })();`,
  );
  storesAndReads(process.execPath, ["store.cjs"]);
});

test("worker_threads open stores, two at once on one directory", () => {
  project.write("thread.mjs", MODULE);
  project.write(
    "threads.mjs",
    `import { Worker } from "node:worker_threads";
     for (let i = 0; i < 2; i += 1) new Worker("./thread.mjs", { argv: process.argv.slice(2) });`,
  );
  const run = () => project.run(process.execPath, ["threads.mjs", "of-threads"]).split("\n");
  assert.ok(run().includes("stored"));
  assert.deepEqual(
    run().map((line) => JSON.parse(line)),
    [PATIENT, PATIENT],
  );
});

const RUNTIMES = [
  runtime("Bun", "@oven", "bin/bun", ["run"]),
  runtime("Deno", "@deno", "deno", [
    ...["run", "--no-prompt", "--node-modules-dir=manual"],
    // The network is for the lock, which is a socket without a file.
    ...["--allow-read", "--allow-write", "--allow-net"],
  ]),
];

for (const { name, program, args, skip } of RUNTIMES) {
  // The lock of Bun is one that only Bun sees.
  const node = { name: "Node", program: process.execPath, args: [] };
  const beside = name === "Bun" ? { name, program, args } : node;

  test(`${name} stores, and reads again in a new process`, { skip }, () => {
    project.write("store.mjs", MODULE);
    storesAndReads(program, [...args, "store.mjs"]);
  });

  test(`${name} and ${beside.name} update one directory at once, and lose nothing`, {
    skip,
  }, async () => {
    const times = 100;
    const [url, directory] = ["urn:count", `shared-with-${name}`];
    const update = (more: string) => `
      import { openSchemaStore } from "fhir-schema-store";
      const store = await openSchemaStore({ diskCacheDir: "${directory}" });
      ${more}
      console.log(JSON.stringify(await store.get("${url}")));
      await store.close();`;
    const count = `for (let i = 0; i < ${times}; i += 1)
      await store.update("${url}", (now) => ({ url: "${url}", n: (now?.n ?? 0) + 1 }));`;
    project.write("count.mjs", update(count));
    project.write("read.mjs", update(""));
    await Promise.all([
      project.start(program, [...args, "count.mjs"]),
      project.start(beside.program, [...beside.args, "count.mjs"]),
    ]);
    const counted = JSON.parse(project.run(process.execPath, ["read.mjs"]));
    assert.deepEqual(counted, { url, n: 2 * times });
  });
}

for (const entry of ["index.js", "index.inline.js"]) {
  browserTest(`a page without a bundler loads ${entry}`, async () => {
    project.write("plain/index.html", page("./main.js"));
    project.write("plain/main.js", program(`${DIST}/${entry}`));
    await withSite(project.folder, async (tab, origin) => {
      const requested: string[] = [];
      tab.on("request", (request) => requested.push(request.url()));
      await storesAndReloads(tab, `${origin}/plain/index.html`);
      const files = requested.filter((url) => url.endsWith(".wasm")).length;
      assert.equal(files > 0, entry === "index.js");
    });
  });
}

browserTest("a Web Worker opens a store", async () => {
  await inWorker(
    "worker",
    `new Worker("./worker.js", { type: "module" }).onmessage = ({ data }) => tell(data);`,
    `import { openSchemaStore } from "${DIST}/index.js";
     ${storing("postMessage")}`,
    storesAndReloads,
  );
});

/** What a page does to hear from its Service Worker. */
const ASK_SERVICE = `
  navigator.serviceWorker.onmessage = ({ data }) => tell(data);
  await navigator.serviceWorker.register("./worker.js", { type: "module" });
  (await navigator.serviceWorker.ready).active.postMessage("go");`;

browserTest("a Service Worker opens a store over the adapter it is given", async () => {
  await inWorker(
    "service",
    ASK_SERVICE,
    `import { openSchemaStore } from "${DIST}/index.js";
     import { indexedDbAdapter } from "${DIST}/adapters/indexeddb.js";
     onmessage = async ({ source }) => {
       const answer = (text) => source.postMessage(text);
       ${storing("answer", 'adapter: indexedDbAdapter("packaging")', false)}
     };`,
    storesAndReloads,
  );
});

browserTest("a Service Worker without an adapter is told what it needs", async () => {
  await inWorker(
    "bare-service",
    ASK_SERVICE,
    `import { openSchemaStore } from "${DIST}/index.js";
     onmessage = async ({ source }) => {
       const answer = (text) => source.postMessage(text);
       ${storing("answer")}
     };`,
    async (tab, url) => {
      await tab.goto(url);
      assert.match(await title(tab), /^UNSUPPORTED .*"fhir-schema-store\/inline"/);
    },
  );
});

/** A program of npm, with the arguments that come before a script. */
function runtime(name: string, scope: string, path: string, args: readonly string[]) {
  const folder = join(HERE, "node_modules", scope);
  const packages = existsSync(folder) ? readdirSync(folder) : [];
  const program = packages.map((one) => join(folder, one, path)).find((file) => existsSync(file));
  if (program === undefined) {
    return { name, program: name, args, skip: `npm has no ${name} for this platform` };
  }
  // Its package leaves that to a script, and no script is run here.
  chmodSync(program, 0o755);
  return { name, program, args, skip: false };
}

/** Runs a program twice: it stores, and finds what it has stored. */
function storesAndReads(program: string, args: readonly string[]): void {
  const directory = join(project.folder, `of-${args.at(-1)}-${program.split("/").at(-1)}`);
  assert.equal(project.run(program, [...args, directory]), "stored");
  assert.deepEqual(JSON.parse(project.run(program, [...args, directory])), PATIENT);
}

/** Runs `use` on a page whose program `start` runs `worker` and shows what it says. */
async function inWorker(
  folder: string,
  start: string,
  worker: string,
  use: (tab: Page, url: string) => Promise<void>,
): Promise<void> {
  project.write(`${folder}/index.html`, page("./main.js"));
  project.write(`${folder}/main.js`, `const tell = (text) => { document.title = text; }; ${start}`);
  project.write(`${folder}/worker.js`, worker);
  await withSite(project.folder, (tab, origin) => use(tab, `${origin}/${folder}/index.html`));
}
