/** Text in and text out, against what JavaScript itself offers. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { deserialize, serialize } from "node:v8";
import { schemas } from "../lib/read-input.mjs";
import { quartiles } from "../lib/report.mjs";

const LAPS = 15;
const LAP_MS = 20;

export const table = {
  name: "serialise",
  title: "Serialisation",
  what: `One document, in memory (strategies \`memory\` for text and \`disk\`, which keeps text and parses at every
get). The first half is on the way in, compared with JSON.stringify; the second is on the way out,
compared with JSON.parse. A put also checks the value, takes its SHA-256 and files it in the catalog.`,
  unit: "us",
  base: "parse",
  columns: [
    { task: "median", title: "median schema", rounds: 9 },
    { task: "largest", title: "largest schema", rounds: 9 },
    { task: "definition", title: "StructureDefinition of Patient", rounds: 9 },
  ],
  subjects: [
    { id: "stringify", title: "JSON.stringify", base: "stringify" },
    { id: "serialize", title: "v8.serialize", base: "stringify" },
    { id: "clone", title: "structuredClone", base: "stringify" },
    { id: "putText", title: "fhir-schema-store `putText`", base: "stringify", ours: true },
    { id: "put", title: "fhir-schema-store `put`", base: "stringify", ours: true },
    { id: "parse", title: "JSON.parse" },
    { id: "deserialize", title: "v8.deserialize" },
    { id: "getText", title: "fhir-schema-store `getText`", ours: true },
    { id: "shared", title: "fhir-schema-store `get`, parsing, values shared", ours: true },
    { id: "frozen", title: "fhir-schema-store `get`, parsing, values frozen", ours: true },
  ],
};

/** Microseconds per document. */
export async function sample({ subject, task, folder }) {
  const text = documents[task](folder);
  const work = await subjects[subject](text, folder);
  let times = 1;
  // As many as fill a lap; what runs until then warms up.
  while ((await lap(work, times)) < LAP_MS) times *= 2;
  const laps = [];
  for (let count = 0; count < LAPS; count++) laps.push((await lap(work, times)) / times);
  await work.close?.();
  return quartiles(laps)[1] * 1000;
}

async function lap({ run, waits }, times) {
  const start = performance.now();
  if (waits) for (let count = 0; count < times; count++) await run();
  else for (let count = 0; count < times; count++) run();
  return performance.now() - start;
}

const bySize = (folder) => schemas(folder).sort((a, b) => a.text.length - b.text.length);

const documents = {
  median: (folder) => bySize(folder)[Math.floor(schemas(folder).length / 2)].text,
  largest: (folder) => bySize(folder).at(-1).text,
  definition: (folder) =>
    JSON.stringify(
      JSON.parse(readFileSync(join(folder, "input", "StructureDefinition-Patient.json"), "utf8")),
    ),
};

const subjects = {
  stringify: (text) => withValue(text, (value) => JSON.stringify(value)),
  serialize: (text) => withValue(text, (value) => serialize(value)),
  clone: (text) => withValue(text, (value) => structuredClone(value)),
  parse: async (text) => ({ run: () => JSON.parse(text) }),
  deserialize: async (text) => {
    const bytes = serialize(JSON.parse(text));
    return { run: () => deserialize(bytes) };
  },
  putText: (text) => withStore({ strategy: "memory" }, text, (store) => store.putText(text)),
  put: async (text) => {
    const value = JSON.parse(text);
    return withStore({ strategy: "memory" }, text, (store) => store.put(value));
  },
  getText: (text) =>
    withStore({ strategy: "memory" }, text, (store, canonical) => store.getText(canonical)),
  shared: (text, folder) => parsing("shared", text, folder),
  frozen: (text, folder) => parsing("frozen", text, folder),
};

async function withValue(text, work) {
  const value = JSON.parse(text);
  return { run: () => work(value) };
}

function parsing(values, text, folder) {
  const diskCacheDir = join(folder, `serialise-${values}-${text.length}`);
  const options = { strategy: "disk", diskCacheDir, values };
  return withStore(options, text, (store, canonical) => store.get(canonical));
}

async function withStore(options, text, work) {
  const { openSchemaStore } = await import("../../dist/index.node.js");
  const store = await openSchemaStore(options);
  const { canonical } = await store.putText(text, { durable: options.strategy !== "memory" });
  if ((await store.get(canonical)) === undefined) throw new Error("the value is missing");
  return { run: () => work(store, canonical), waits: true, close: () => store.close() };
}
