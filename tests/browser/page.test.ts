/** The page as its readers use it: load, filter, open, follow, stop, reload, delete. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { fhirSchemaConverter } from "../../dist/convert/index.js";
import { openPackagePath } from "../../dist/convert/node.js";
import type { Page } from "./engines/engine.js";
import { type Browser, browserTest } from "./harness.js";
import {
  choose,
  listed,
  loadUsCore,
  PATIENT,
  RACE,
  row,
  said,
  shown,
  US_CORE,
  US_CORE_ENTRIES,
  withSite,
} from "./page-kit.js";

const MODULES = fileURLToPath(new URL("../../node_modules/", import.meta.url));

browserTest("the page keeps a package over a reload and says how long it took", () =>
  withSite(async ({ page, complaints }) => {
    await loadUsCore(page);
    const warnings = page.locator("#warnings");
    const count = await page.locator("#warning-count").textContent();
    assert.equal(count, "Not said by the schemas, 2 warnings: 2 additional-binding");
    assert.equal(await page.locator("#warning-list").isVisible(), false);
    await page.locator("#warning-count").click();
    assert.match(
      await page.locator("#warning-list").innerText(),
      /us-core-smokingstatus\|3\.1\.1 /,
    );
    await page.reload();
    await said(page, /^30 schemas ready in [\d.]+ m?s, [\d.]+ m?s after navigation\.$/);
    await listed(page, US_CORE_ENTRIES);

    await page.locator("#files").setInputFiles(US_CORE);
    await said(page, /: 0 converted, 30 unchanged in /);
    await page.locator("#work").waitFor({ state: "hidden" });
    assert.equal(await warnings.isVisible(), false, "nothing was converted");
    assert.deepEqual(complaints, []);
  }),
);

browserTest("the page shows elements, follows types and says who needs what", () =>
  withSite(async ({ page, complaints }) => {
    await loadUsCore(page);
    await choose(page, PATIENT);
    assert.equal(await page.locator("#title").textContent(), "US Core Patient Profile");
    const facts = (await page.locator("#entry > dl").innerText()).split("\n");
    assert.equal(facts[facts.indexOf("Version") + 1], "3.1.1");
    assert.equal(facts[facts.indexOf("Source") + 1], "hl7.fhir.us.core#3.1.1");

    const name = row(page, "name");
    assert.equal(await name.locator("> .row .cardinality").textContent(), "1..*");
    assert.match((await name.locator("> .row .notes").textContent()) ?? "", /us-core-8 Either/);
    const gender = row(page, "gender").locator("> .row .notes");
    assert.match(
      (await gender.textContent()) ?? "",
      /Binding \(required\) http:\/\/hl7\.org\/fhir\/ValueSet\/administrative-gender/,
    );
    await name.locator("> .row").click();
    await row(page, "family").waitFor({ state: "visible" });
    await name.locator("> .row").click();
    await row(page, "family").waitFor({ state: "hidden" });

    await row(page, "race").locator(".types a").click();
    await shown(page, RACE);
    await page.locator("#tab-needs").click();
    assert.equal(await page.locator("#needed").textContent(), "Needed by 1 schema stored here");
    await page.locator(`#needed ~ ul a`, { hasText: PATIENT }).click();
    await shown(page, PATIENT);
    await page.goBack();
    await shown(page, RACE);
    assert.equal(await page.locator("#tab-needs").getAttribute("aria-selected"), "true");
    assert.deepEqual(complaints, []);
  }),
);

browserTest("the page shows JSON as stored, byte for byte", () =>
  withSite(async ({ page, complaints }) => {
    await loadUsCore(page);
    await choose(page, PATIENT);
    await page.locator("#tab-json").click();
    await page.locator("#json").waitFor();
    const expected = await expectedText();
    const indented = await page.locator("#json").textContent();
    assert.equal(indented, JSON.stringify(JSON.parse(expected), undefined, 2));
    await page.locator("#indent").uncheck();
    assert.equal(await page.locator("#json").textContent(), expected);
    assert.deepEqual(complaints, []);
  }),
);

browserTest("a load can be stopped, and a whole release filters at once", async () => {
  const folder = await mkdtemp(join(tmpdir(), "fhir-schema-store-r4b-"));
  try {
    const archive = join(folder, "r4b.tgz");
    const files = ["-C", join(MODULES, "hl7.fhir.r4b.core"), "."];
    execFileSync("tar", ["--use-compress-program", "gzip -1", "-cf", archive, ...files]);
    await withSite(async ({ page, complaints }) => {
      await page.locator("#files").setInputFiles(archive);
      await page.locator("#work-count", { hasText: /^\d+ of \d{4}$/ }).waitFor({ timeout: 60_000 });
      await page.locator("#stop").click();
      await said(page, /^Stopped\. \d+ schemas? of r4b\.tgz were converted and stay\.$/);
      const kept = Number(/\d+/.exec((await page.locator("#status").textContent()) ?? "")?.[0]);
      assert.ok(kept > 0 && kept < 651, `${kept} were kept`);
      await page.reload();
      await said(page, new RegExp(`^${kept} schemas? ready in `));

      await page.locator("#files").setInputFiles(archive);
      await said(page, new RegExp(`: ${651 - kept} converted, ${kept} unchanged in `));
      await page.locator("#count", { hasText: /^651 schemas$/ }).waitFor();
      const medians: number[] = [];
      for (let round = 0; round < 5; round++) {
        const times = await page.evaluate(typeIntoFilter, "observation");
        medians.push(times.sort((a, b) => a - b)[5] ?? 0);
      }
      // The best round: what else this machine does is not the page's.
      const median = Math.min(...medians);
      console.log(`a key in the filter over 651 schemas: ${median.toFixed(1)} ms`);
      assert.ok(median < 16.7, "a frame at 60 Hz");
      assert.equal(await page.locator("#entries .name").first().textContent(), "Observation");
      assert.deepEqual(complaints, []);
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

browserTest("the page deletes everything, when asked twice", () =>
  withSite(async ({ page, answers }) => {
    await loadUsCore(page);
    answers.push(false);
    await page.locator("#clear").click();
    await listed(page, US_CORE_ENTRIES);
    answers.push(true);
    await page.locator("#clear").click();
    await listed(page, 0);
    await page.reload();
    await said(page, /^0 schemas ready in /);
  }),
);

browserTest("sliders evict what does not fit, and the panel tells the same as the store", () =>
  withSite(async ({ page, complaints }) => {
    await loadUsCore(page);
    await page.locator("#warm").click();
    await page.locator("#stat-resident", { hasText: /^30 of 30$/ }).waitFor();
    assert.equal(await page.locator(".squares .in").count(), 30);
    // 5 is the first choice.
    await page.locator("#limit-entries:enabled").focus();
    await page.keyboard.press("Home");
    await said(page, /^Reopened with the new budget in .*: 25 evictions\.$/);
    await page.locator("#stat-resident", { hasText: /^5 of 30$/ }).waitFor();
    await page.locator("#stat-evictions", { hasText: /^25$/ }).waitFor();
    assert.equal(await page.locator(".squares .in").count(), 5);
    assert.equal(await page.locator(".squares .out").count(), 25);
    const label = await page.locator(".evictions svg").getAttribute("aria-label");
    assert.match(label ?? "", /^Evictions: 25, /);
    assert.notEqual(await page.locator(".evictions path").getAttribute("d"), "M0 0");
    assert.deepEqual(complaints, []);
  }),
);

browserTest("a sample comes in, goes out as a file, and comes back from it", () =>
  withSite(async ({ page, browser, complaints, answers }) => {
    await page.locator("[data-sample='us-core.fss']").click();
    await said(page, /^us-core\.fss: 30 added in /);
    await listed(page, US_CORE_ENTRIES);
    await choose(page, PATIENT);
    assert.match((await page.locator("#read").textContent()) ?? "", /^Read from memory in /);
    assert.equal(await page.locator(".squares .in").count(), 30);
    const exported = await exportedBytes(page, browser);

    answers.push(true);
    await page.locator("#clear").click();
    await listed(page, 0);
    const file = { name: "back.fss", mimeType: "application/octet-stream", buffer: exported };
    await page.locator("#files").setInputFiles([file]);
    await said(page, /^back\.fss: 30 added in /);
    await listed(page, US_CORE_ENTRIES);
    assert.deepEqual(await exportedBytes(page, browser), exported);
    await page.locator("#files").setInputFiles([file]);
    await said(page, /^back\.fss: 0 added, 30 there already in /);

    const damaged = { ...file, name: "damaged.fss", buffer: exported.subarray(0, -1) };
    await page.locator("#files").setInputFiles([damaged]);
    await page.locator("#problem-list li", { hasText: "damaged.fss: CORRUPT: " }).waitFor();
    assert.deepEqual(complaints, []);
  }),
);

browserTest("the sample of a whole release makes types links", () =>
  withSite(async ({ page, complaints }) => {
    await page.locator("[data-sample='r4b.fss']").click();
    await said(page, /^r4b\.fss: 651 added in /);
    await page.locator("#filter").fill("patient");
    await choose(page, "http://hl7.org/fhir/StructureDefinition/Patient|4.3.0");
    assert.equal(await row(page, "name").locator("> .row .cardinality").textContent(), "0..*");
    await row(page, "name").locator("> .row .types a", { hasText: "HumanName" }).click();
    await shown(page, "http://hl7.org/fhir/StructureDefinition/HumanName|4.3.0");
    await page.locator("#tab-needs").click();
    await page.locator("#needed-type ~ ul a", { hasText: "/Practitioner|4.3.0" }).waitFor();
    await page.locator("#warm").click();
    await said(page, /^651 schemas read in /);
    await page.locator("#limit-mb:enabled").focus();
    await page.keyboard.press("Home");
    await said(page, /^Reopened with the new budget in .*: \d{2,3} evictions\.$/);
    await page.waitForFunction(() => document.querySelectorAll(".squares .out").length > 50);
    assert.deepEqual(complaints, []);
  }),
);

browserTest("a package may be dropped anywhere", () =>
  withSite(async ({ page, complaints }) => {
    const bytes = [...(await readFile(US_CORE))];
    await page.evaluate((bytes) => {
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File([new Uint8Array(bytes)], "dropped.tgz"));
      for (const type of ["dragover", "drop"]) {
        const event = new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true });
        document.querySelector("main")?.dispatchEvent(event);
      }
    }, bytes);
    await said(page, /: 30 converted in /);
    assert.deepEqual(complaints, []);
  }),
);

browserTest("a package with nothing to save says what it has", () =>
  withSite(async ({ page, complaints }) => {
    const resource = { resourceType: "ValueSet", url: "http://example.org/ValueSet/v" };
    const buffer = Buffer.from(JSON.stringify(resource));
    await page.locator("#files").setInputFiles({ name: "v.json", mimeType: "text/json", buffer });
    await said(page, /^v\.json has no StructureDefinition .*: it has 1 ValueSet$/);
    assert.deepEqual(complaints, []);
  }),
);

browserTest("another tab's package appears without a reload", () =>
  withSite(async ({ page, browser, complaints }) => {
    const other = await browser.newPage();
    await other.goto(await page.evaluate(() => location.href));
    await said(other, /^0 schemas ready in /);
    await loadUsCore(other);
    await listed(page, US_CORE_ENTRIES);
    assert.deepEqual(complaints, []);
  }),
);

/** What the page exports. */
async function exportedBytes(page: Page, { downloads }: Browser): Promise<Buffer> {
  const file = join(downloads, "schemas.fss");
  await page.locator("#export").click();
  // Whole when it no longer grows: an engine may write it under its name from the beginning.
  let bytes = Buffer.alloc(0);
  for (let before = -1; bytes.length === 0 || bytes.length !== before; ) {
    before = bytes.length;
    await page.waitForTimeout(200);
    bytes = await readFile(file).catch(() => bytes);
  }
  await rm(file);
  return bytes;
}

/** In the page: types a word and answers the time from each key to its finished layout, in ms. */
function typeIntoFilter(word: string): number[] {
  const filter = document.querySelector<HTMLInputElement>("#filter");
  const times: number[] = [];
  for (let length = 1; filter && length <= word.length; length++) {
    const started = performance.now();
    filter.value = word.slice(0, length);
    filter.dispatchEvent(new Event("input"));
    document.body.getBoundingClientRect();
    times.push(performance.now() - started);
  }
  return times;
}

/** What the converter makes of the definition in Node: what was stored. */
async function expectedText(): Promise<string> {
  for await (const { resource, text } of (await openPackagePath(US_CORE)).resources()) {
    if (`${resource.url}|${resource.version}` !== PATIENT) continue;
    return (await fhirSchemaConverter().convert(resource, text)).schema;
  }
  throw new Error(`${PATIENT} is not in the package`);
}
