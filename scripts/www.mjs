/**
 * Serves the page on this machine: `npm run www`, or `node scripts/www.mjs <port>`. It serves the
 * folders `www` and `dist` and nothing else.
 */

import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { Failure, main, root, run } from "./lib/run.mjs";

const DEFAULT_PORT = 8080;
const SERVED = /^\/(dist|www)\//;
const TYPES = {
  ".css": "text/css",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".wasm": "application/wasm",
};

await main(async ([given = DEFAULT_PORT]) => {
  const port = Number(given);
  if (!(Number.isInteger(port) && port >= 0 && port < 65_536)) {
    throw new Failure(`usage: www.mjs [port], not "${given}"`);
  }
  if (!existsSync(join(root, "dist/index.js"))) run(process.execPath, ["scripts/build.mjs"]);
  const server = createServer((request, response) => void answer(request, response));
  await new Promise((resolve, reject) => {
    server.once("error", ({ message }) => reject(new Failure(`cannot listen: ${message}`)));
    server.listen(port, "127.0.0.1", resolve);
  });
  console.log(`http://127.0.0.1:${server.address().port}/www/`);
});

async function answer({ url }, response) {
  const base = "http://localhost";
  if (!URL.canParse(url, base)) return response.writeHead(400).end();
  const { pathname } = new URL(url, base);
  if (pathname === "/") return response.writeHead(302, { location: "/www/" }).end();
  const path = pathname.endsWith("/") ? `${pathname}index.html` : pathname;
  const found = await read(path);
  if (found === undefined) return response.writeHead(404).end();
  response.setHeader("cache-control", "no-cache");
  response.setHeader("content-type", TYPES[extname(path)] ?? "application/octet-stream");
  response.setHeader("x-content-type-options", "nosniff");
  response.end(found);
}

/** `URL` has resolved the dots of a path, but not those that are encoded. */
function read(path) {
  if (!SERVED.test(path) || path.includes("%")) return undefined;
  return readFile(join(root, path)).catch(() => undefined);
}
