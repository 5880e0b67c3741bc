/**
 * A real browser on a page of our own: a static server over `dist/`, the engine that FSS_BROWSER
 * names, and a blank page that has the package's modules at hand as `kit`.
 */

import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import type { Page as FullPage } from "playwright-core";
import type { IndexedDbOptions } from "../../dist/adapters/indexeddb.js";
import type { HostAdapter, HostContext } from "../../dist/host.js";
import { type Chromium, chromium, launchChromium } from "./engines/chromium.js";
import type { Engine, EngineName, LaunchOptions, Page, Running } from "./engines/engine.js";
import { firefox } from "./engines/firefox.js";
import { webkit } from "./engines/webkit.js";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** Folders of the repository that are served; nothing else is. */
const SERVED = /^\/(dist|www|tests\/browser|tests\/fixtures)\//;

const TYPES: Readonly<Record<string, string>> = {
  ".css": "text/css",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".wasm": "application/wasm",
};

/** The compiler of the tests names functions by `__name`, which functions sent to a page need. */
const BLANK = `<!doctype html><meta charset="utf-8"><title>fhir-schema-store test</title>
<script>globalThis.__name = (named) => named;</script>
<script type="module">
  const modules = ["adapters/indexeddb.js", "adapters/memory.js", "testing.js", "testing/kit.js"];
  const loaded = await Promise.all(modules.map((path) => import("/dist/" + path)));
  const kit = Object.assign({}, ...loaded);
  const { openSchemaStore } = await import("/dist/index.js");
  // The core of the page, as a store hands it to its adapter.
  const core = await new Promise((resolve, reject) => {
    const adapter = kit.memoryAdapter();
    const { open } = adapter;
    adapter.open = (context) => {
      resolve(context.core);
      return open(context);
    };
    openSchemaStore({ adapter }).then((store) => store.close(), reject);
  });
  kit.loadCore = async () => core;
  kit.open = async (...options) => {
    const adapter = kit.indexedDbAdapter(...options);
    await adapter.open({ core });
    return adapter;
  };
  globalThis.kit = kit;
</script>`;

/** A page with nothing on it but what functions sent to it need. */
function plainPage(title: string): string {
  return `<!doctype html><title>${title}</title><script>globalThis.__name = (named) => named;</script>`;
}

/** Pages that are no files. */
const PAGES: Readonly<Record<string, string>> = {
  "/": BLANK,
  "/away": plainPage("elsewhere"),
  "/blank": plainPage("blank"),
};

/** What a page opened by `Browser.open` has as the global `kit`. */
export type PageKit = typeof import("../../dist/adapters/indexeddb.js") &
  typeof import("../../dist/testing.js") &
  typeof import("../../dist/adapters/memory.js") &
  typeof import("../../js/testing/kit.js") & {
    /** The compiled core of the page. */
    loadCore(): Promise<HostContext["core"]>;
    /** An adapter of that database, open. */
    open(databaseName: string, options?: IndexedDbOptions): Promise<HostAdapter>;
  };

declare global {
  var kit: PageKit;
}

/** An engine with one profile, and the site it looks at. */
export interface Browser extends Running {
  /** `http://127.0.0.1:<port>`, a secure context. */
  readonly origin: string;
  /** Files that the site has for this test besides, by their paths; asked for at each request. */
  readonly files: Map<string, () => Buffer>;
  /** A new tab on the blank page, with `kit` ready. */
  open(): Promise<Page>;
}

/** Why tests cannot run in an engine. */
export type Limits = { readonly [name in EngineName]?: string };

const ENGINES: Readonly<Record<EngineName, Engine>> = { chromium, firefox, webkit };

/** The engine that `FSS_BROWSER` names. */
export const engineName: EngineName = named(process.env.FSS_BROWSER ?? "chromium");
const engine = ENGINES[engineName];

function named(name: string): EngineName {
  if (name in ENGINES) return name as EngineName;
  throw new Error(`FSS_BROWSER is one of ${Object.keys(ENGINES).join(", ")}, not ${name}`);
}

/** A test in the engine; skipped where the engine is missing, but failed where CI=true. */
export function browserTest(
  name: string,
  run: (context: TestContext) => Promise<void>,
  limits: Limits = {},
): void {
  const missing = engine.missing();
  const lenient = process.env.CI !== "true";
  const skip = limits[engineName] ?? (missing && lenient ? `missing ${missing}` : undefined);
  test(name, skip === undefined ? {} : { skip }, async (context) => {
    if (missing) throw new Error(`missing ${missing}`);
    await run(context);
  });
}

/** A test that needs Chromium, and says what for. */
export function chromiumTest(
  name: string,
  why: string,
  run: (context: TestContext) => Promise<void>,
): void {
  const reason = `only in Chromium: ${why}`;
  browserTest(name, run, { firefox: reason, webkit: reason });
}

/** Runs `use` with a browser on a fresh profile; its site may store `quota` bytes. */
export function withBrowser<T>(
  use: (browser: Browser) => Promise<T>,
  { quota, ...prefers }: Pick<LaunchOptions, "colorScheme"> & { quota?: number } = {},
): Promise<T> {
  return withProfile(async (profile, site) => {
    const { origin, files } = site;
    const running = await engine.launch(profile, {
      ...prefers,
      ...(quota === undefined ? {} : { quota: { origin, bytes: quota } }),
    });
    try {
      return await use({
        ...running,
        origin,
        files,
        open: async () => openBlank(await running.newPage(), origin),
      });
    } finally {
      await running.close();
    }
  });
}

/** The same in Chromium, with all that its driver can do. */
export function withChromium<T>(
  use: (browser: Chromium & { origin: string; open(): Promise<FullPage> }) => Promise<T>,
): Promise<T> {
  return withProfile(async (profile, { origin }) => {
    const browser = await launchChromium(profile);
    const open = async () => openBlank(await browser.context.newPage(), origin);
    try {
      return await use({ ...browser, origin, open });
    } finally {
      await browser.close();
    }
  });
}

async function withProfile<T>(use: (profile: string, site: Site) => Promise<T>): Promise<T> {
  const profile = await mkdtemp(join(tmpdir(), "fhir-schema-store-profile-"));
  const site = await serve();
  try {
    return await use(profile, site);
  } finally {
    await site.close();
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Shows a tab the blank page and waits for its `kit`. */
export async function openBlank<P extends Page>(page: P, origin: string): Promise<P> {
  await page.goto(`${origin}/`);
  await page.waitForFunction(() => "kit" in globalThis);
  return page;
}

/** Runs `use` with a tab on the blank page of a browser on a fresh profile. */
export function withPage<T>(use: (page: Page, browser: Browser) => Promise<T>): Promise<T> {
  return withBrowser(async (browser) => use(await browser.open(), browser));
}

/** Makes the exports of a module below `tests/` a global of a page. */
export async function addModule(page: Page, path: string, globalName: string): Promise<void> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(`../${path}`, import.meta.url))],
    bundle: true,
    format: "iife",
    globalName,
    write: false,
  });
  await page.addScriptTag({ content: outputFiles[0]?.text ?? "" });
}

/** What the pages of the tests are served from. */
export interface Site {
  readonly origin: string;
  readonly files: Map<string, () => Buffer>;
  close(): Promise<void>;
}

/** Serves the repository's built files; `/` is the blank page, `/away` another one. */
export async function serve(): Promise<Site> {
  const files = new Map<string, () => Buffer>();
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    const found = PAGES[pathname] ?? files.get(pathname)?.() ?? (await read(pathname));
    // Not "no-store": such a page is not kept for going back to.
    response.setHeader("cache-control", "no-cache");
    if (found === undefined) response.writeHead(404).end();
    else response.setHeader("content-type", contentType(pathname)).end(found);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    files,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** `URL` has resolved the dots in `pathname`, so it cannot leave the served folders. */
async function read(pathname: string): Promise<Buffer | undefined> {
  if (!SERVED.test(pathname) || pathname.includes("%")) return undefined;
  return readFile(join(ROOT, pathname)).catch(() => undefined);
}

function contentType(pathname: string): string {
  const extension = pathname in PAGES ? ".html" : extname(pathname);
  return TYPES[extension] ?? "application/octet-stream";
}
