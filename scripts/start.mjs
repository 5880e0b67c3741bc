/**
 * The main job on real input, in two processes: the definitions of FHIR R4B are converted and stored
 * by the first and served by the second.
 *
 *     node scripts/start.mjs [directory]
 *
 * The directory is where the store lives; by default a fresh one, removed at the end. Exit code 1
 * when a schema is missing, differs, or was converted twice.
 */

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { Failure, heading, main, root } from "./lib/run.mjs";

const PACKAGE = join(root, "node_modules", "hl7.fhir.r4b.core");
const STEPS = { write, read };

await main(async ([first, directory]) => {
  const step = STEPS[first?.replace("--step=", "")];
  if (step) process.stdout.write(JSON.stringify(await step(directory)));
  else runBoth(first);
});

/** Runs the two steps in processes of their own and compares what they report. */
function runBoth(given) {
  const { count, bytes } = definitions();
  const directory = given ? resolve(given) : mkdtempSync(join(tmpdir(), "fhir-schema-store-"));
  try {
    console.log(`FHIR R4B core: ${count} StructureDefinitions, ${megabytes(bytes)} of JSON`);
    console.log(`store:         ${directory}`);

    heading("first process: convert every definition, store the schemas");
    const written = inProcess("write", directory);
    console.log(
      `${written.converted} converted, ${written.unchanged} unchanged from an earlier run`,
    );
    console.log(`${megabytes(written.bytes)} of schemas, durable after ${written.milliseconds} ms`);

    heading("second process: open the store, list it, read every schema");
    const found = inProcess("read", directory);
    console.log(`${found.hashes.length} schemas listed ${found.listMs} ms after opening began`);
    console.log(`all of them read and parsed in another ${found.readMs} ms`);
    console.log(`${found.conversions} conversions`);

    check(written.failed.length === 0, `not converted: ${written.failed.join(", ")}`);
    check(written.converted + written.unchanged === count, `${count} definitions were to be saved`);
    check(found.hashes.length === count, `${count} schemas were to be listed`);
    check(found.conversions === 0, "the second process converted");
    check(found.damaged.length === 0, `not as stored: ${found.damaged.join(", ")}`);
    check(same(written.hashes, found.hashes), "the processes disagree about what is stored");
    console.log(`\nall ${count} schemas came back byte for byte`);
  } finally {
    if (!given) rmSync(directory, { recursive: true, force: true });
  }
}

/** First process. */
async function write(directory) {
  const { openSchemaStore } = await import("../dist/index.node.js");
  const { openPackagePath, savePackage } = await import("../dist/convert/node.js");
  const started = performance.now();
  const store = await openSchemaStore({ diskCacheDir: directory });
  const report = await savePackage(store, await openPackagePath(PACKAGE));
  const milliseconds = Math.round(performance.now() - started);
  const entries = await store.list();
  await store.close();
  return {
    converted: report.converted,
    unchanged: report.unchanged.length,
    failed: report.failed.map(({ file, error }) => `${file} (${error.message})`),
    bytes: entries.reduce((sum, { size }) => sum + size, 0),
    milliseconds,
    hashes: hashesOf(entries),
  };
}

/** Second process. */
async function read(directory) {
  const { openSchemaStore } = await import("../dist/index.node.js");
  const started = performance.now();
  const store = await openSchemaStore({ diskCacheDir: directory });
  const entries = await store.list();
  const listed = performance.now();
  const values = await store.getMany(entries.map(({ canonical }) => canonical));
  const done = performance.now();

  const damaged = [];
  for (const [at, { canonical, contentHash }] of entries.entries()) {
    const text = (await store.getText(canonical)) ?? "";
    const intact = createHash("sha256").update(text).digest("hex") === contentHash;
    if (!intact || values[at] === undefined) damaged.push(canonical);
  }
  const { conversions } = await store.stats();
  await store.close();
  return {
    listMs: Math.round(listed - started),
    readMs: Math.round(done - listed),
    conversions,
    damaged,
    hashes: hashesOf(entries),
  };
}

/** What the package holds, found without the code that is under test here. */
function definitions() {
  const names = readdirSync(PACKAGE).filter((name) => name.startsWith("StructureDefinition-"));
  const sizes = names.map((name) => statSync(join(PACKAGE, name)).size);
  return { count: names.length, bytes: sizes.reduce((sum, size) => sum + size, 0) };
}

function inProcess(step, directory) {
  const script = fileURLToPath(import.meta.url);
  const { status, stdout } = spawnSync(process.execPath, [script, `--step=${step}`, directory], {
    stdio: ["ignore", "pipe", "inherit"],
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status !== 0) throw new Failure(`the process that was to ${step} failed`);
  return JSON.parse(stdout);
}

function hashesOf(entries) {
  return entries.map(({ canonical, contentHash }) => `${canonical} ${contentHash}`);
}

function check(holds, otherwise) {
  if (!holds) throw new Failure(otherwise);
}

function same(some, others) {
  return some.length === others.length && some.every((one, at) => one === others[at]);
}

function megabytes(bytes) {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
