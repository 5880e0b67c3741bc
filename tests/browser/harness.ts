/**
 * Real Chromium on a page of our own: a static server over `dist/`, a browser started by
 * playwright-core, and a blank page that has the package's modules at hand as `kit`.
 */

import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, readlink, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { type BrowserContext, chromium, type Page } from "playwright-core";
import type { IndexedDbOptions } from "../../dist/adapters/indexeddb.js";
import type { HostAdapter, HostContext } from "../../dist/host.js";

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

/** What a page opened by `Chromium.open` has as the global `kit`. */
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

/** Chromium with one profile, and the site it looks at. */
export interface Chromium {
  readonly context: BrowserContext;
  /** `http://127.0.0.1:<port>`, a secure context. */
  readonly origin: string;
  /** A new tab on the blank page, with `kit` ready. */
  open(): Promise<Page>;
  /** SIGKILL to every process of this browser: what a crash or the end of power looks like to it. */
  kill(): Promise<void>;
  close(): Promise<void>;
}

/** A test that needs Chromium: skipped without it, but failed where CI=true. */
export function browserTest(name: string, run: (context: TestContext) => Promise<void>): void {
  const missing = chromiumPath() === undefined;
  const reason = "there is no Chromium; set CHROME_PATH";
  const options = missing && process.env.CI !== "true" ? { skip: reason } : {};
  test(name, options, async (context) => {
    if (missing) throw new Error(reason);
    await run(context);
  });
}

/** Runs `use` with a browser on a fresh profile. */
export async function withBrowser<T>(use: (browser: Chromium) => Promise<T>): Promise<T> {
  const profile = await mkdtemp(join(tmpdir(), "fhir-schema-store-profile-"));
  const site = await serve();
  try {
    const browser = await launch(profile, site.origin);
    try {
      return await use(browser);
    } finally {
      await browser.close();
    }
  } finally {
    await site.close();
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Runs `use` with a tab on the blank page of a browser on a fresh profile. */
export function withPage<T>(use: (page: Page, browser: Chromium) => Promise<T>): Promise<T> {
  return withBrowser(async (browser) => use(await browser.open(), browser));
}

/** Switches every browser of the tests is started with. */
export const ARGS: readonly string[] = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

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

/**
 * Starts Chromium on a profile directory; the same one again is the same browser restarted. `extension`: the folder
 * of one that is installed in it.
 */
export async function launch(
  profile: string,
  origin: string,
  extension?: string,
): Promise<Chromium> {
  const executablePath = chromiumPath();
  if (executablePath === undefined) throw new Error("there is no Chromium; set CHROME_PATH");
  // A killed browser leaves these behind and would wait for their owner.
  for (const name of ["SingletonLock", "SingletonCookie", "SingletonSocket"]) {
    await rm(join(profile, name), { force: true });
  }
  const context = await chromium.launchPersistentContext(profile, {
    executablePath,
    headless: true,
    // A driven browser would not keep pages it goes back to, as every user's does.
    ignoreDefaultArgs: [
      "--disable-back-forward-cache",
      ...(extension ? ["--disable-extensions"] : []),
    ],
    args: [...ARGS, ...(extension ? [`--load-extension=${extension}`] : [])],
  });
  return {
    context,
    origin,
    async open() {
      const page = await context.newPage();
      await page.goto(`${origin}/`);
      await page.waitForFunction(() => "kit" in globalThis);
      return page;
    },
    async kill() {
      // The lock is a link to "<host>-<process id>"; the browser leads a process group.
      const owner = await readlink(join(profile, "SingletonLock"));
      const group = Number(owner.slice(owner.lastIndexOf("-") + 1));
      const closed = new Promise((resolve) => context.once("close", resolve));
      process.kill(-group, "SIGKILL");
      await closed;
      // A browser that starts while the old one is still dying finds its quota database locked, and
      // then deletes everything the profile has stored.
      while (isAlive(group)) await new Promise((resolve) => setTimeout(resolve, 10));
    },
    close: () => context.close(),
  };
}

/** Serves the repository's built files; `/` is the blank page, `/away` another one. */
export async function serve(): Promise<{ origin: string; close(): Promise<void> }> {
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    const found = PAGES[pathname] ?? (await read(pathname));
    // Not "no-store": such a page is not kept for going back to.
    response.setHeader("cache-control", "no-cache");
    if (found === undefined) response.writeHead(404).end();
    else response.setHeader("content-type", contentType(pathname)).end(found);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
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

/** Whether a process of the group still runs; those that only wait to be reaped do not. */
function isAlive(group: number): boolean {
  const processes = execFileSync("ps", ["-A", "-o", "pgid=,stat="], { encoding: "utf8" });
  return processes.split("\n").some((line) => {
    const [id, state] = line.trim().split(/\s+/);
    return Number(id) === group && !state?.startsWith("Z");
  });
}

/** Where Chromium is, if it is anywhere. */
export function chromiumPath(): string | undefined {
  return [process.env.CHROME_PATH, "/usr/bin/chromium"].find((path) => path && existsSync(path));
}
