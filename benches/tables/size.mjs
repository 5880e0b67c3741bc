/** What is on disk once all schemas are stored and the store was opened once more. */

import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { openSchemaStore } from "../../dist/index.node.js";
import { DURABLE } from "../lib/peers.mjs";
import { schemas } from "../lib/read-input.mjs";
import { markdown } from "../lib/report.mjs";

/** Of the directory, times the JSON. */
const LIMIT = 1.4;
/** What `blocks` counts, on every system. */
const BLOCK = 512;

export const table = {
  name: "size",
  title: "Size on disk",
  what: `All schemas stored, the store closed, opened and closed once more. KB of 1000 bytes. "Allocated" is what the file system sets
aside: files are rounded up to its blocks, and holes are not counted. fhir-schema-store also holds the
metadata of every entry (name, type, dependencies, hashes); the others hold the text alone. An archive
is what \`export()\` makes of the store: one compressed file, to be sent and imported.`,
  subjects: DURABLE,
};

/** This table is not timed: one look is enough. */
export async function look(folder, missing) {
  const json = schemas(folder).reduce((sum, { text }) => sum + Buffer.byteLength(text), 0);
  const share = (bytes) => `${(bytes / json).toFixed(2)}x`;
  const rows = DURABLE.map(({ id, title }) => {
    if (id in missing) return [title, `not run: ${missing[id]}`, "", "", ""];
    const { bytes, allocated, files } = measured(join(folder, "full", id));
    return [title, kb(bytes), share(bytes), kb(allocated), files];
  });
  const archive = await archiveBytes(join(folder, "full", "store"));
  rows.push(["fhir-schema-store, an archive", kb(archive), share(archive), "", 1]);
  const head = ["", "bytes, KB", `of ${kb(json)} KB of JSON`, "allocated, KB", "files"];
  const ours = measured(join(folder, "full", "store")).bytes / json;
  const over = ours > LIMIT ? [`size: ${ours.toFixed(2)}x the JSON, limit ${LIMIT}x`] : [];
  return { text: markdown(head, rows), over };
}

async function archiveBytes(diskCacheDir) {
  const store = await openSchemaStore({ diskCacheDir });
  const bytes = await new Response(store.export()).arrayBuffer();
  await store.close();
  return bytes.byteLength;
}

function measured(folder) {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const stats = files.map(({ parentPath, name }) => statSync(join(parentPath, name)));
  return {
    bytes: stats.reduce((sum, { size }) => sum + size, 0),
    allocated: stats.reduce((sum, { blocks }) => sum + blocks * BLOCK, 0),
    files: files.length,
  };
}

function kb(bytes) {
  return Math.round(bytes / 1000);
}
