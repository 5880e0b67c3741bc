/** The page of `www/` in Chromium: a package in through the file input, a reload, all of it there. */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { fhirSchemaConverter } from "../../dist/convert/index.js";
import { openPackagePath } from "../../dist/convert/node.js";
import { browserTest, type Chromium, withBrowser } from "./harness.js";

const PACKAGE = fileURLToPath(new URL("../fixtures/us_core_311.tgz", import.meta.url));
const ENTRIES = 30;
const CHOSEN = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient|3.1.1";
const HOSTILE = '<img src=x onerror="alert(1)"><script>alert(2)</script>';

browserTest("the page keeps a package over a reload, under its own policy", () =>
  withBrowser(async (browser) => {
    const { page, complaints } = await openPage(browser);
    await page.locator("#files").setInputFiles(PACKAGE);
    await settled(page, /us\.core#3\.1\.1: 30 converted, 0 unchanged, 0 failed/);
    await listed(page, ENTRIES);

    await page.reload();
    await settled(page, /^Opened; 30 entries listed after \d+ ms\.$/);
    await listed(page, ENTRIES);
    await choose(page, CHOSEN);
    assert.equal(await page.locator("#text").textContent(), await expectedText());

    await page.locator("#files").setInputFiles(PACKAGE);
    await settled(page, /: 0 converted, 30 unchanged, 0 failed/);
    assert.deepEqual(complaints, []);
  }),
);

browserTest("the page works from the keyboard: filter, choose, go back", () =>
  withBrowser(async (browser) => {
    const { page, complaints } = await openPage(browser);
    await page.locator("#files").setInputFiles(PACKAGE);
    await listed(page, ENTRIES);

    await page.locator("#filter").focus();
    await page.keyboard.type("us-core-patient 3.1.1");
    await listed(page, 1);
    assert.equal(await page.locator("#count").textContent(), "1 of 30 entries");
    // "Delete all" lies between the filter and the list.
    for (const key of ["Tab", "Tab", "Enter"]) await page.keyboard.press(key);
    await page.locator("#entry").waitFor({ state: "visible" });
    assert.equal(await page.locator("#title").textContent(), CHOSEN);
    await page.goBack();
    await page.locator("#entry").waitFor({ state: "hidden" });
    assert.deepEqual(complaints, []);
  }),
);

browserTest("the page deletes everything, when asked twice", () =>
  withBrowser(async (browser) => {
    const { page } = await openPage(browser);
    await page.locator("#files").setInputFiles(PACKAGE);
    await listed(page, ENTRIES);
    page.once("dialog", (dialog) => dialog.dismiss());
    await page.locator("#clear").click();
    await listed(page, ENTRIES);
    page.once("dialog", (dialog) => dialog.accept());
    await page.locator("#clear").click();
    await listed(page, 0);
    await page.reload();
    await settled(page, /^Opened; 0 entries listed/);
  }),
);

browserTest("the page shows hostile text as text and names what it cannot read", () =>
  withBrowser(async (browser) => {
    const { page, complaints } = await openPage(browser);
    const definition = {
      resourceType: "StructureDefinition",
      url: "javascript:alert(3)",
      version: "1.0.0",
      name: HOSTILE,
      type: "Patient",
      kind: "resource",
      status: "draft",
      abstract: false,
      description: HOSTILE,
      differential: { element: [{ id: "Patient", path: "Patient", short: HOSTILE }] },
    };
    const file = (name: string, text: string) => ({
      name,
      mimeType: "application/json",
      buffer: Buffer.from(text),
    });
    await page
      .locator("#files")
      .setInputFiles([
        file("hostile.json", JSON.stringify(definition)),
        file(`${HOSTILE}.json`, '{"resourceType":'),
      ]);
    await listed(page, 1);
    await page.locator("#problems li").waitFor();
    assert.match((await page.locator("#problems").textContent()) ?? "", /^SERIALIZATION: .*<img /);
    await page.locator("#entries a").click();
    await page.locator("#entry").waitFor({ state: "visible" });
    assert.equal(await page.locator("#title").textContent(), "javascript:alert(3)|1.0.0");
    assert.ok((await page.locator("#facts").textContent())?.includes(HOSTILE));
    assert.equal(await page.locator("img, main script, article script").count(), 0);
    assert.deepEqual(complaints, []);
  }),
);

/** The page, ready, and all it was blamed for: policy violations, errors, dialogs. */
async function openPage(browser: Chromium): Promise<{ page: Page; complaints: string[] }> {
  const page = await browser.context.newPage();
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("dialog", (dialog) => complaints.push(dialog.message()));
  await page.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) => {
      console.error(`policy: ${violatedDirective} ${blockedURI}`);
    });
  });
  await page.goto(`${browser.origin}/www/index.html`);
  await settled(page, /^Opened; /);
  return { page, complaints };
}

/** Waits until the page says so. */
async function settled(page: Page, status: RegExp): Promise<void> {
  await page.locator("#status", { hasText: status }).waitFor({ timeout: 30_000 });
}

/** Waits until the list has so many entries. */
async function listed(page: Page, count: number): Promise<void> {
  await page.waitForFunction(
    (count) => document.querySelectorAll("#entries li").length === count,
    count,
    { timeout: 30_000 },
  );
}

/** Opens an entry from the list, its text as stored. */
async function choose(page: Page, canonical: string): Promise<void> {
  await page.locator("#entries a", { hasText: canonical }).click();
  await page.locator("#entry").waitFor({ state: "visible" });
  await page.locator("#indent").uncheck();
  await page.waitForFunction(() => document.querySelector("#text")?.textContent?.[1] === '"');
}

/** What the converter makes of the definition in Node: what was stored. */
async function expectedText(): Promise<string> {
  for await (const { resource } of (await openPackagePath(PACKAGE)).resources()) {
    if (`${resource.url}|${resource.version}` !== CHOSEN) continue;
    return JSON.stringify(fhirSchemaConverter().convert(resource).schema);
  }
  throw new Error(`${CHOSEN} is not in the package`);
}
