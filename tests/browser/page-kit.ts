/** The built page, served from below a path of its own, and what its tests do with it. */

import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import type { LaunchOptions, Locator, MadeFile, Page } from "./engines/engine.js";
import { type Browser, engineName, withBrowser } from "./harness.js";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
/** Where the site is on its server: a static build must not care. */
const BASE = "/some/sub path/";
const TYPES: Readonly<Record<string, string>> = {
  ".css": "text/css",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
};

export const US_CORE = join(ROOT, "tests/fixtures/us_core_311.tgz");
/** StructureDefinitions in it. */
export const US_CORE_ENTRIES = 30;
export const PATIENT = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient|3.1.1";
export const RACE = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-race|3.1.1";

/** The page, ready, and everything it was blamed for: policy violations, errors, dialogs. */
export interface OpenPage {
  readonly page: Page;
  readonly browser: Browser;
  readonly complaints: string[];
  /** What the next questions are answered; one that has no answer here is a complaint. */
  readonly answers: boolean[];
}

/** Runs `use` with the page, on a fresh profile. */
export async function withSite(
  use: (open: OpenPage) => Promise<void>,
  prefers: Pick<LaunchOptions, "colorScheme"> = {},
): Promise<void> {
  const complaints: string[] = [];
  const folder = await mkdtemp(join(tmpdir(), "fhir-schema-store-site-"));
  execFileSync(process.execPath, [join(ROOT, "scripts/www.mjs"), "build", folder]);
  await writeFile(join(folder, "tell.js"), TELL);
  const server = createServer(async (request, response) => {
    if (request.method === "POST") {
      complaints.push(await text(request));
      response.end();
      return;
    }
    const path = decodeURIComponent(new URL(request.url ?? "/", "http://localhost").pathname);
    const name = path.startsWith(BASE) ? path.slice(BASE.length) || "index.html" : "";
    const found = await readFile(join(folder, name)).catch(() => undefined);
    if (found === undefined) response.writeHead(404).end();
    else {
      const page = name === "index.html" && !driverTells ? telling(found) : found;
      response.setHeader("content-type", TYPES[extname(name)] ?? "text/plain").end(page);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  try {
    await withBrowser(async (browser) => {
      const answers: boolean[] = [];
      const page = await browser.newPage({
        complaint: (text) => complaints.push(text),
        dialog(message) {
          const answer = answers.shift();
          if (answer === undefined) complaints.push(message);
          return answer ?? false;
        },
      });
      await page.goto(`http://127.0.0.1:${port}${BASE}`);
      await said(page, / ready in /);
      await use({ page, browser, complaints, answers });
    }, prefers);
  } finally {
    server.closeAllConnections();
    server.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Whether the driver tells what pages complain of; else they tell it themselves. */
const driverTells = engineName !== "webkit";

/** A page that begins with a script which sends its complaints to the server. */
function telling(page: Buffer): string {
  return String(page).replace("<link", '<script src="tell.js"></script><link');
}

const TELL = `
  const tell = (text) => void navigator.sendBeacon("complaint", text);
  addEventListener("error", ({ message }) => tell(message));
  addEventListener("unhandledrejection", ({ reason }) => tell(String(reason)));
  addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) => {
    tell("policy: " + violatedDirective + " " + blockedURI);
  });
  const { error } = console;
  console.error = (...parts) => {
    tell(parts.join(" "));
    error.apply(console, parts);
  };`;

/** Waits until the page's line of news says so. */
export async function said(page: Page, status: RegExp): Promise<void> {
  await page.locator("#status", { hasText: status }).waitFor({ timeout: 60_000 });
}

/** Waits until the list has so many rows. */
export async function listed(page: Page, count: number): Promise<void> {
  await page.waitForFunction(
    (count) => document.querySelectorAll("#entries li").length === count,
    count,
    { timeout: 30_000 },
  );
}

/** Takes the small package in. */
export async function loadUsCore(page: Page): Promise<void> {
  await page.locator("#files").setInputFiles(US_CORE);
  await said(page, /^hl7\.fhir\.us\.core#3\.1\.1: 30 converted in /);
  await listed(page, US_CORE_ENTRIES);
}

/** Chooses an entry from the list and waits until it is shown. */
export async function choose(page: Page, canonical: string): Promise<void> {
  await page.locator(`#entries a[data-canonical="${canonical}"]`).click();
  await shown(page, canonical);
}

/** Waits until that entry is shown. */
export async function shown(page: Page, canonical: string): Promise<void> {
  await page.waitForFunction(
    (canonical) => document.querySelector("#canonical")?.textContent === canonical,
    canonical,
    { timeout: 10_000 },
  );
}

/** A row of the element tree by its name. */
export function row(page: Page, name: string): Locator {
  return page.locator("[role=treeitem]", {
    has: page.locator(":scope > .row > .element > bdi", { hasText: new RegExp(`^${name}$`) }),
  });
}

/** By how many pixels the page is wider than what shows it. */
export function overflow(page: Page): Promise<number> {
  return page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    return scrollWidth - clientWidth;
  });
}

/** A file made on the spot. */
export function jsonFile(name: string, value: unknown): MadeFile {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return { name, mimeType: "application/json", buffer: Buffer.from(text) };
}
