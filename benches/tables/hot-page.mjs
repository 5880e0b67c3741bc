/** The same in a page of Chromium. */

import { columns, SUBJECTS, WHAT } from "../lib/hits.mjs";
import { openTabs } from "../lib/tab.mjs";

export const table = {
  name: "hot-page",
  title: "Hot hit by policy, in Chromium",
  what: `${WHAT} A process of its own is a tab of its own here.`,
  unit: "ns",
  base: "lru-cache",
  columns: columns(11, [{ of: "w-tiny-lfu", against: "lru-cache", most: 1.05 }]),
  subjects: SUBJECTS,
  session,
};

/** A new tab for each sample. */
async function session() {
  const tabs = await openTabs("lib/hits.mjs");
  return {
    async sample(subject, task) {
      const page = await tabs.open();
      try {
        return await page.evaluate(measured, { subject, task });
      } finally {
        await page.context().close();
      }
    },
    close: () => tabs.close(),
  };
}

/** Runs in the page. */
async function measured({ subject, task }) {
  const [{ hits }, { openSchemaStore }] = await Promise.all([
    import("/bench.js"),
    import("/dist/index.js"),
  ]);
  return hits(subject, task, openSchemaStore);
}
