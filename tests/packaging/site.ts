/** Pages that store, and read again after a reload: what every bundler's output is tried with. */

import assert from "node:assert/strict";
import type { Page } from "playwright-core";

/** What the pages store. */
export const PATIENT = { url: "http://example.org/Patient", version: "1.0.0", type: "Patient" };
/** What it is asked for by. */
export const CANONICAL: string = `${PATIENT.url}|${PATIENT.version}`;

/** What they convert first. */
export const DEFINITION = {
  resourceType: "StructureDefinition",
  url: "http://example.org/Cup",
  differential: { element: [{ path: "Basic" }] },
};

/** A page with one module. */
export function page(script: string): string {
  return `<!doctype html><title>-</title><script type="module" src="${script}"></script>`;
}

/** JavaScript that finds the patient in the store of a browser, or converts and puts it there, and tells which. */
export function storing(tell: string, options = "", converts = true): string {
  const convert = converts ? `await store.convert(${JSON.stringify(DEFINITION)});` : "";
  return `
    try {
      const store = await openSchemaStore({ databaseName: "packaging", ${options} });
      const found = await store.get("${CANONICAL}");
      if (!found) {
        ${convert}
        await store.put(${JSON.stringify(PATIENT)}, { durable: true });
      }
      await store.close();
      ${tell}(found ? JSON.stringify(found) : "stored");
    } catch (error) {
      ${tell}(error.code + " " + error.message);
    }`;
}

/** A page's program that shows in its title what it found. */
export function program(specifier: string): string {
  return `
    import { openSchemaStore } from "${specifier}";
    const tell = (text) => { document.title = text; };
    ${storing("tell")}`;
}

/** Opens the page twice: it stores, and finds what it has stored. */
export async function storesAndReloads(tab: Page, url: string): Promise<void> {
  const errors: Error[] = [];
  tab.on("pageerror", (error) => errors.push(error));
  await tab.goto(url);
  assert.equal(await title(tab), "stored", errors.join("\n"));
  await tab.reload();
  assert.deepEqual(JSON.parse(await title(tab)), PATIENT);
}

/** The title of a page as soon as its program has set one. */
export async function title(tab: Page): Promise<string> {
  const changed = () => document.title !== "-";
  await tab.waitForFunction(changed, undefined, { timeout: 20_000 }).catch(() => undefined);
  return tab.title();
}
