/** Chromium killed while it writes, and started again on the same profile. */

import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { type Chromium, launchChromium } from "./engines/chromium.js";
import { chromiumTest, openBlank, serve } from "./harness.js";

const KILLS = 5;
/**
 * Starts at which Chromium may have thrown the whole profile's storage away: its quota database did
 * not survive the kill, so it deletes what it no longer knows of, whoever had written it. The place is
 * then a new one, with a new `storeId`, and nothing about this adapter is learned from that kill.
 */
const MOST_WIPES = 2;
const BATCH = 10;

const WHY = "it can be killed with all its processes and started again on its profile";

chromiumTest("SIGKILL: nothing acknowledged is lost, no commit is there in part", WHY, async () => {
  const profile = await mkdtemp(join(tmpdir(), "fhir-schema-store-kill-"));
  const site = await serve();
  let acknowledged = 0;
  let wipes = 0;
  let place: string | undefined;
  let running: Chromium | undefined;
  try {
    for (let kill = 0; kill < KILLS; kill += 1) {
      const browser = await launchChromium(profile);
      running = browser;
      const page = await openBlank(await browser.context.newPage(), site.origin);
      const { storeId, sizes } = await stored(page);
      if (place !== undefined && storeId !== place) {
        wipes += 1;
        acknowledged = 0;
      }
      place = storeId;
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
      let reached = () => {};
      const enough = new Promise<void>((resolve) => {
        reached = resolve;
      });
      await page.exposeFunction("acknowledge", () => {
        acknowledged += 1;
        if (acknowledged === target) reached();
      });
      await writeForEver(page, sizes.length);
      await enough;
      await browser.kill();
    }
    console.log(`${KILLS} kills, ${wipes} wipes by Chromium, ${acknowledged} commits at the end`);
    assert.ok(wipes <= MOST_WIPES, `Chromium threw the profile away ${wipes} times`);
  } finally {
    await running?.close();
    await site.close();
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  }
});

declare global {
  /** In the page: tells this side of a commit. */
  var acknowledge: () => Promise<void>;
}

/** Which place it is, and of each batch there is, how many entries are there with their bodies. */
function stored(page: Page): Promise<{ storeId: string; sizes: number[] }> {
  return page.evaluate(async () => {
    const adapter = kit.indexedDbAdapter("db");
    const { storeId } = await adapter.open({ core: await kit.loadCore() });
    const { rows } = await adapter.allRows();
    const bodies = await adapter.bodies(rows.map(({ hash }) => hash));
    const sizes = new Map<string, number>();
    rows.forEach(({ url }, i) => {
      if (bodies[i]) sizes.set(url, (sizes.get(url) ?? 0) + 1);
    });
    return { storeId, sizes: [...sizes.values()] };
  });
}

/** Starts writing batches, the first of that number; goes on when this side has heard that one is stored. */
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
        await acknowledge();
      }
    };
    void run();
  };
  await page.evaluate(write, [first, BATCH] as const);
}
