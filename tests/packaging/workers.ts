/** Workers that make every call, wherever they are made and run. */

import assert from "node:assert/strict";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import type { Worker } from "playwright-core";
import { definition, packageOf } from "../js/made-packages.js";
import type { Answers } from "./every-call.js";
import { type Project, withSite } from "./project.js";
import { storing } from "./site.js";

/** Where a worker has what from. */
export interface WorkerImports {
  readonly entry: string;
  /** Absent where no package is to be saved. */
  readonly convert?: string;
  /** Absent where nothing is to be validated. */
  readonly validate?: string;
  /** The module of the adapter, where it is to be passed. */
  readonly adapter?: string;
}

/** Writes a worker that can be told to make every call, or to store. */
export async function writeWorker(
  project: Project,
  path: string,
  from: WorkerImports,
): Promise<void> {
  project.write(`${dirname(path)}/every-call.js`, await everyCallModule());
  const { entry, convert, validate, adapter } = from;
  const imports = [
    `import { openSchemaStore } from "${entry}";`,
    convert ? `import { savePackage } from "${convert}";` : "",
    validate ? `import { schemasFor, validate } from "${validate}";` : "",
    adapter ? `import { indexedDbAdapter as adapter } from "${adapter}";` : "",
  ];
  const given = [
    "openSchemaStore",
    ...(convert ? ["savePackage"] : []),
    ...(validate ? ["schemasFor", "validate"] : []),
    ...(adapter ? ["adapter"] : []),
  ];
  const cup = { "cup.json": definition("http://example.org/Cup", "a cup") };
  const base64 = Buffer.from(await packageOf("cups", cup)).toString("base64");
  const archive = `Uint8Array.from(atob("${base64}"), (character) => character.charCodeAt(0))`;
  project.write(
    path,
    `${imports.join("\n")}
     import { everyCall } from "./every-call.js";
     globalThis.everyCall = () => everyCall({ ${given.join(", ")}, package: ${archive} });
     globalThis.storing = () => new Promise(async (tell) => { ${storing("tell")} });`,
  );
}

async function everyCallModule(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL("every-call.ts", import.meta.url))],
    format: "esm",
    write: false,
  });
  return outputFiles[0]?.text ?? "";
}

/** Every call in a service worker, registered by a page of the site. */
export async function inServiceWorker(
  root: string,
  script: string,
  type?: WorkerType,
): Promise<Answers> {
  const answers: Answers[] = [];
  const use = async (worker: Worker) => {
    answers.push(await answersOf(worker));
  };
  await withServiceWorker(root, script, use, type);
  assert.ok(answers[0]);
  return answers[0];
}

/** Runs `use` with a service worker, registered by a page of the site in this folder. */
export function withServiceWorker(
  root: string,
  script: string,
  use: (worker: Worker) => Promise<void>,
  type: WorkerType = "module",
): Promise<void> {
  return withSite(root, async (tab, origin) => {
    const url = `${origin}/registers`;
    await tab.route(url, (route) => route.fulfill({ contentType: "text/html", body: "" }));
    await tab.goto(url);
    const started = tab.context().waitForEvent("serviceworker");
    const register = ([script, type]: readonly [string, WorkerType]) =>
      navigator.serviceWorker.register(script, { type }).then(() => {});
    await tab.evaluate(register, [script, type] as const);
    await use(await started);
  });
}

/** Every call in a worker that `writeWorker` has written. */
export function answersOf(worker: Worker): Promise<Answers> {
  return worker.evaluate("everyCall()");
}

/** Asserts that every call was made, and answered rightly. */
export function assertAllRight({ calls, options, packages, forgotten }: Answers): void {
  const all = Object.entries({ ...calls, ...options, ...packages });
  assert.ok(all.length > 35, `${all.length}`);
  const unlike = all.filter(([, answer]) => answer !== "right");
  assert.deepEqual(unlike, []);
  assert.deepEqual(forgotten, [], "members of a store that every-call.ts does not call");
}

/** The same, but the package reader lacks the part that it loads on demand, for archives that are rare. */
export function assertOnlyUnusualRefused(answers: Answers): void {
  const { "of several gzip members": unusual, ...packages } = answers.packages;
  assert.match(unusual ?? "", /^UNSUPPORTED .*; bundle the worker into one file/);
  assertAllRight({ ...answers, packages });
}
