/** Chromium, and a server of this package and of one bench with its peers. */

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { findChromium } from "../../scripts/lib/browser.mjs";

const HERE = fileURLToPath(new URL("..", import.meta.url));
const TYPES = { ".js": "text/javascript", ".wasm": "application/wasm", ".html": "text/html" };
/** Without these a page's clock is too coarse for a lap. */
const ISOLATED = {
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
};

/** Tabs whose pages have the module `bench` as `/bench.js`, and the package below `/dist/`. */
export async function openTabs(bench) {
  const executablePath = findChromium();
  if (!executablePath) throw new Error("there is no Chromium; set CHROME_PATH");
  const { origin, close } = await serve(await bundled(bench));
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
  return {
    /** A new tab; close its context after use. */
    async open() {
      const context = await browser.newContext();
      const page = await context.newPage();
      await page.goto(`${origin}/index.html`);
      return page;
    },
    async close() {
      await browser.close();
      close();
    },
  };
}

/** A bench with its peers as one module of a page; one of them is CommonJS. */
async function bundled(bench) {
  const { build } = await import("esbuild");
  const { outputFiles } = await build({
    absWorkingDir: HERE,
    entryPoints: [bench],
    bundle: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    write: false,
  });
  return outputFiles[0].text;
}

async function serve(bundle) {
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, "http://localhost");
    const made = { "/bench.js": bundle, "/index.html": "<!doctype html><title>bench</title>" };
    const file = /^\/dist\/[\w./-]+$/.test(pathname)
      ? await readFile(new URL(`../..${pathname}`, import.meta.url)).catch(() => undefined)
      : made[pathname];
    if (file === undefined) return response.writeHead(404).end();
    response.writeHead(200, { ...ISOLATED, "content-type": TYPES[extname(pathname)] }).end(file);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { origin: `http://127.0.0.1:${server.address().port}`, close };
}
