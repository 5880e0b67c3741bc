/** A page that is loaded again: how long until it has its schemas. */

import { openSite } from "../lib/site.mjs";

export const table = {
  name: "page",
  title: "Reload of a page",
  what: `Chromium, the page's files in the HTTP cache, the database filled by an earlier visit. Time from the
start of the navigation to the value, as the page's own clock tells it. idb-keyval stores objects, which
the browser clones. The floor is IndexedDB without a library: open, one read, JSON.parse. The JSON file
holds all schemas and comes from the HTTP cache; it is there only as long as the browser likes.

The first visit begins without a database and ends with one that holds all schemas and with the first
value: fhir-schema-store is filled by \`seed\` from an archive, the others from the JSON file; both files
come from the HTTP cache. The commit of idb-keyval is as durable as the browser's default, those of
fhir-schema-store and of the floor are strict.`,
  unit: "ms",
  base: "store",
  columns: [
    { task: "first", title: "first schema", rounds: 31 },
    { task: "all", title: "all schemas", rounds: 21 },
    { task: "visit", title: "first visit", rounds: 15 },
  ],
  subjects: [
    { id: "store", title: "fhir-schema-store", ours: true },
    { id: "idb-keyval", title: "idb-keyval, objects" },
    { id: "native", title: "floor: IndexedDB alone, text" },
    { id: "json-file", title: "one JSON file, fetched" },
  ],
  session,
};

/** One tab for each subject, filled once, loaded again for each sample. */
async function session({ subjects }, folder) {
  const site = await openSite(folder);
  for (const { id } of subjects) await site.fill(id);
  return {
    sample: (subject, task) => site.load(subject, task),
    close: () => site.close(),
  };
}
