/** Takes the pictures of the page in `docs/screenshots/`: `node scripts/screenshots.mjs`. */

import { mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { findChromium } from "./lib/browser.mjs";
import { Failure, main, root } from "./lib/run.mjs";
import { serveSite } from "./lib/site-server.mjs";

const FOLDER = join(root, "docs/screenshots");
const MOST_BYTES = 150_000;
const DESK = { width: 1280, height: 800 };
const PHONE = { width: 360, height: 740 };
const PATIENT = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient|3.1.1";

await main(async () => {
  const executablePath = findChromium();
  if (executablePath === undefined) throw new Failure("there is no Chromium; set CHROME_PATH");
  mkdirSync(FOLDER, { recursive: true });
  const site = await serveSite(0);
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
  try {
    await pictures(await browser.newPage({ viewport: DESK }), site.address);
  } finally {
    await browser.close();
    await site.close();
  }
});

async function pictures(page, address) {
  await page.goto(address);
  for (const [sample, count] of [
    ["r4b.fss", 651],
    ["us-core.fss", 30],
  ]) {
    await page.locator(`[data-sample="${sample}"]`).click();
    await page.locator("#status", { hasText: `: ${count} added in ` }).waitFor();
  }
  await page.reload();
  await page.locator("#status", { hasText: "681 schemas ready" }).waitFor();
  await take(page, "list");

  await page.evaluate((entry) => {
    location.hash = `#${new URLSearchParams({ entry })}`;
  }, PATIENT);
  await page.locator("#tab-elements").waitFor();
  await page.locator("[role=treeitem]", { hasText: "identifier" }).first().click();
  await page.locator("#filter").fill("us-core patient");
  await page.locator("#filter").blur();
  await take(page, "tree");
  await page.emulateMedia({ colorScheme: "dark" });
  await take(page, "dark");
  await page.emulateMedia({ colorScheme: "light" });

  await page.setViewportSize(PHONE);
  await page.evaluate(() => scrollTo(0, 0));
  await take(page, "phone");
  await page.setViewportSize(DESK);

  await page.locator("#warm").click();
  await page.locator("#status", { hasText: "681 schemas read" }).waitFor();
  // The charts are over time: some seconds of them.
  await page.waitForTimeout(4000);
  await page.locator("#limit-entries").focus();
  for (let step = 0; step < 2; step++) await page.keyboard.press("ArrowLeft");
  await page.locator("#status", { hasText: /evictions?\.$/ }).waitFor();
  await page.locator(".squares .out").first().waitFor();
  await page.waitForTimeout(2000);
  await page.setViewportSize({ ...DESK, height: 1080 });
  await take(page.locator(".panel"), "panel");
}

async function take(shot, name) {
  const path = join(FOLDER, `${name}.png`);
  await shot.screenshot({ path });
  const { size } = statSync(path);
  if (size > MOST_BYTES) throw new Failure(`${name}.png has ${size} bytes, above ${MOST_BYTES}`);
  console.log(`${name}.png  ${Math.round(size / 1000)} KB`);
}
