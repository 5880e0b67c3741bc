/** Chromium killed while it writes, and started again on the same profile. */

import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { browserTest, type Chromium, launch, serve } from "./harness.js";

const KILLS = 5;
const BATCH = 10;

browserTest("SIGKILL: nothing acknowledged is lost, no commit is there in part", async () => {
  const profile = await mkdtemp(join(tmpdir(), "fhir-schema-store-kill-"));
  const site = await serve();
  let acknowledged = 0;
  let running: Chromium | undefined;
  try {
    for (let kill = 0; kill < KILLS; kill += 1) {
      const browser = await launch(profile, site.origin);
      running = browser;
      const page = await browser.open();
      const sizes = await batchSizes(page);
      assert.ok(
        sizes.every((size) => size === BATCH),
        "a commit is there in part",
      );
      // The one under way when the browser was killed may be there as well.
      const unanswered = sizes.length - acknowledged;
      assert.ok(unanswered >= 0, `${-unanswered} acknowledged commits are lost`);
      assert.ok(unanswered <= 1, `${unanswered} commits came from nowhere`);

      acknowledged = sizes.length;
      const target = acknowledged + 5 + 7 * kill;
      const enough = new Promise<void>((resolve) => {
        page.on("console", (message) => {
          if (message.text() !== "acknowledged") return;
          acknowledged += 1;
          if (acknowledged === target) resolve();
        });
      });
      await writeForEver(page, sizes.length);
      await enough;
      await browser.kill();
    }
    console.log(`${acknowledged} commits acknowledged over ${KILLS} kills`);
  } finally {
    await running?.close();
    await site.close();
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  }
});

/** Of each batch there is, how many entries are there with their bodies. */
function batchSizes(page: Page): Promise<number[]> {
  return page.evaluate(async () => {
    const adapter = await kit.open("db");
    const { rows } = await adapter.allRows();
    const bodies = await adapter.bodies(rows.map(({ hash }) => hash));
    const sizes = new Map<string, number>();
    rows.forEach(({ url }, i) => {
      if (bodies[i]) sizes.set(url, (sizes.get(url) ?? 0) + 1);
    });
    return [...sizes.values()];
  });
}

/** Starts writing batches, the first of that number, and says on the console what was stored. */
async function writeForEver(page: Page, first: number): Promise<void> {
  const write = async ([first, size]: readonly [number, number]): Promise<void> => {
    const adapter = await kit.open("db");
    const entry = (batch: number, i: number) =>
      kit.put({
        key: `${batch} ${i}`,
        url: `urn:${batch}`,
        body: kit.noise(batch * size + i, 3000),
      });
    const run = async (): Promise<void> => {
      for (let batch = first; ; batch += 1) {
        const put = await Promise.all(Array.from({ length: size }, (_, i) => entry(batch, i)));
        await kit.commit(adapter, { put });
        console.log("acknowledged");
      }
    };
    void run();
  };
  await page.evaluate(write, [first, BATCH] as const);
}
