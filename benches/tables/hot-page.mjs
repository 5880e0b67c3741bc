/** The same in a page of Chromium. */

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { findChromium } from "../../scripts/lib/browser.mjs";
import { columns, SUBJECTS, WHAT } from "../lib/hits.mjs";

const HERE = fileURLToPath(new URL("..", import.meta.url));
const TYPES = { ".js": "text/javascript", ".wasm": "application/wasm", ".html": "text/html" };
/** Without these a page's clock is too coarse for a lap. */
const ISOLATED = {
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
};

export const table = {
  name: "hot-page",
  title: "Hot hit by policy, in Chromium",
  what: `${WHAT} A process of its own is a tab of its own here.`,
  unit: "ns",
  base: "lru-cache",
  columns: columns(11, [{ of: "w-tiny-lfu", against: "lru-cache", most: 1.05 }]),
  subjects: SUBJECTS,
  session,
};

/** A new tab for each sample. */
async function session() {
  const executablePath = findChromium();
  if (!executablePath) throw new Error("there is no Chromium; set CHROME_PATH");
  const { origin, close } = await serve(await bundled());
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
  return {
    async sample(subject, task) {
      const context = await browser.newContext();
      try {
        const page = await context.newPage();
        await page.goto(`${origin}/index.html`);
        return await page.evaluate(measured, { subject, task });
      } finally {
        await context.close();
      }
    },
    async close() {
      await browser.close();
      close();
    },
  };
}

/** Runs in the page. */
async function measured({ subject, task }) {
  const [{ hits }, { openSchemaStore }] = await Promise.all([
    import("/hits.js"),
    import("/dist/index.js"),
  ]);
  return hits(subject, task, openSchemaStore);
}

/** The peers as modules of a page; one of them is CommonJS. */
async function bundled() {
  const { build } = await import("esbuild");
  const { outputFiles } = await build({
    absWorkingDir: HERE,
    entryPoints: ["lib/hits.mjs"],
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
    const made = { "/hits.js": bundle, "/index.html": "<!doctype html><title>hits</title>" };
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
