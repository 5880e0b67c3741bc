/** A new process over a store that is full, and filling an empty one. */

import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DURABLE, DURABLE_NOTE, peers } from "../lib/peers.mjs";
import { canonicals, schemas } from "../lib/read-input.mjs";

export const table = {
  name: "cold",
  title: "Cold start and durable import",
  what: `Each sample is a new process. Time begins before the library is imported (Node's own start is not
in it) and ends when the values are there as objects; fhir-schema-store has frozen them as well. The
third column is the import of all schemas into an empty place until they are durable, as JSON text.

${DURABLE_NOTE}`,
  unit: "ms",
  base: "store",
  columns: [
    { task: "first", title: "first value", rounds: 31, limit: { against: "lmdb", most: 1.0 } },
    { task: "all", title: "all values", rounds: 21, limit: { against: "lmdb", most: 1.5 } },
    { task: "save", title: "durable import", rounds: 15, limit: { against: "lmdb", most: 2.0 } },
  ],
  subjects: DURABLE,
};

/** Milliseconds. */
export async function sample({ subject, task, folder }) {
  if (task === "save") return saved(subject, folder);
  const keys = canonicals(folder);
  const start = performance.now();
  const opened = await peers[subject](join(folder, "full", subject));
  const values = task === "first" ? [await opened.one(keys[0])] : await opened.many(keys);
  const time = performance.now() - start;
  if (values.some((value) => typeof value?.url !== "string")) throw new Error("a value is missing");
  await opened.close();
  return time;
}

async function saved(subject, folder) {
  const entries = schemas(folder);
  const target = mkdtempSync(join(folder, "save-"));
  const start = performance.now();
  const opened = await peers[subject](target);
  await opened.save(entries);
  const time = performance.now() - start;
  await opened.close();
  rmSync(target, { recursive: true });
  return time;
}
