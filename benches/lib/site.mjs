/** Chromium, and a server whose files it may keep: the page of a subject imports `pages/<subject>.js`. */

import { mkdtemp, readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { openSchemaStore } from "../../dist/index.node.js";
import { findChromium } from "../../scripts/lib/browser.mjs";
import { canonicals, schemas } from "./read-input.mjs";

const HERE = fileURLToPath(new URL("..", import.meta.url));
const FOLDERS = new Map([
  ["dist", join(HERE, "../dist")],
  ["pages", join(HERE, "pages")],
  ["idb-keyval", join(HERE, "node_modules/idb-keyval/dist")],
]);
const TYPES = {
  ".js": "text/javascript",
  ".wasm": "application/wasm",
  ".json": "application/json",
};
const FOR_EVER = "public, max-age=31536000, immutable";

/** `fill(subject)` visits its page and fills its database; `load(subject, task)` gives milliseconds. */
export async function openSite(folder) {
  const executablePath = findChromium();
  if (!executablePath) throw new Error("there is no Chromium; set CHROME_PATH");
  const entries = schemas(folder);
  const { origin, close } = await serve(entries, canonicals(folder), await archive(folder));
  const profile = await mkdtemp(join(folder, "profile-"));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath,
    args: ["--no-sandbox", "--disable-gpu"],
  });
  const tabs = new Map();
  return {
    async fill(subject) {
      const page = await context.newPage();
      await page.goto(`${origin}/page/${subject}/fill`);
      await page.evaluate(
        async ({ subject, entries }) => (await import(`/pages/${subject}.js`)).fill(entries),
        { subject, entries },
      );
      tabs.set(subject, { page, task: "fill" });
    },
    async load(subject, task) {
      const tab = tabs.get(subject);
      if (task === "visit") {
        await tab.page.goto(`${origin}/page/${subject}/forget`);
        await tab.page.evaluate(async (it) => (await import(`/pages/${it}.js`)).forget(), subject);
        tab.task = "forget";
      }
      if (tab.task === task) await tab.page.reload();
      else await tab.page.goto(`${origin}/page/${subject}/${task}`);
      tab.task = task;
      const outcome = await tab.page.waitForFunction(() => globalThis.outcome);
      const { time, error } = await outcome.jsonValue();
      if (error) throw new Error(`${subject}: ${error}`);
      return time;
    },
    async close() {
      await context.close();
      close();
    },
  };
}

/** What a build of a page would have made. */
async function archive(folder) {
  const store = await openSchemaStore({ diskCacheDir: join(folder, "full", "store") });
  const bytes = await new Response(store.export()).arrayBuffer();
  await store.close();
  return Buffer.from(bytes);
}

async function serve(entries, keys, archived) {
  const members = entries.map(({ canonical, text }) => `${JSON.stringify(canonical)}:${text}`);
  const made = new Map([
    ["schemas-by-canonical.json", `{${members.join(",")}}`],
    ["schemas.fss", archived],
  ]);
  const server = createServer(async ({ url }, response) => {
    const [, top, ...rest] = normalize(url).split("/");
    if (top === "page") {
      return response.setHeader("content-type", "text/html").end(page(rest[0], rest[1], keys));
    }
    const folder = FOLDERS.get(top);
    const file = folder
      ? await readFile(join(folder, ...rest)).catch(() => undefined)
      : made.get(top);
    if (file === undefined) return response.writeHead(404).end();
    response.setHeader("cache-control", FOR_EVER);
    response.setHeader("content-type", TYPES[extname(url)] ?? "application/octet-stream").end(file);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { origin: `http://127.0.0.1:${server.address().port}`, close };
}

/** The page takes the time when it holds the values, and only then looks whether they are right. */
function page(subject, task, keys) {
  const head = `<!doctype html><meta charset="utf-8"><title>${subject}</title>`;
  if (!["first", "all", "visit"].includes(task)) return head;
  const asked = JSON.stringify(task === "all" ? keys : keys[0]);
  return `${head}<script type="module">
import { ${task} as read } from "/pages/${subject}.js";
try {
  const values = [await read(${asked})].flat();
  const time = performance.now();
  const right = values.every((value) => typeof value?.url === "string");
  globalThis.outcome = right ? { time } : { error: "a value is missing" };
} catch (error) {
  globalThis.outcome = { error: String(error) };
}
</script>`;
}
