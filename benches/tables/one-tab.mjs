/** What a store does to its keys: a Map of the page may have the same ones. */

import { openTabs } from "../lib/tab.mjs";

const LIMITS = [
  { of: "store", against: "apart", most: 1.1 },
  { of: "lru-cache", against: "apart", most: 1.1 },
];

export const table = {
  name: "one-tab",
  title: "Fresh strings, all caches in one tab",
  what: `Chromium, all caches in one tab. They hold the same entries under the same string objects, which \`getMany\` of
the store was given before; one lru-cache has other keys, which the store never saw. A sample is one lap of 100000
gets, each with a string made anew, whose hash is not known yet; laps take turns.`,
  unit: "ns",
  base: "apart",
  columns: [1000, 100_000].map((count) => ({
    task: String(count),
    title: `${count.toLocaleString("en")} entries`,
    rounds: 41,
    limits: LIMITS,
  })),
  subjects: [
    { id: "apart", title: "lru-cache, `max`, with keys of its own" },
    { id: "lru-cache", title: "lru-cache, `max`, with the store's keys" },
    { id: "map", title: "Map, with the store's keys" },
    { id: "store", title: "fhir-schema-store `getSync`", ours: true },
  ],
  session,
};

/** One tab for each number of entries. */
async function session() {
  const tabs = await openTabs("lib/beside.mjs");
  const pages = new Map();
  return {
    async sample(subject, task) {
      const page = pages.get(task) ?? (await filled(await tabs.open(), Number(task)));
      pages.set(task, page);
      return page.evaluate((subject) => globalThis.beside.lap(subject), subject);
    },
    close: () => tabs.close(),
  };
}

async function filled(page, count) {
  await page.evaluate(async (count) => {
    const [{ beside }, { openSchemaStore }] = await Promise.all([
      import("/bench.js"),
      import("/dist/index.js"),
    ]);
    globalThis.beside = await beside(count, openSchemaStore);
  }, count);
  return page;
}
