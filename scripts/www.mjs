/**
 * The page: `npm run www` serves it on this machine, `npm run www -- <port>` on a port of your
 * choice, `npm run www -- build <directory>` writes it as a static site for any path of any server.
 */

import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, resolve } from "node:path";
import { Failure, main, root, run } from "./lib/run.mjs";
import { buildSite, siteFiles } from "./lib/site.mjs";

const DEFAULT_PORT = 8080;
const USAGE = "usage: www.mjs [port], or www.mjs build <directory>";
const TYPES = {
  ".css": "text/css",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
};

await main(async ([given = String(DEFAULT_PORT), directory]) => {
  if (!existsSync(join(root, "dist/index.js"))) run(process.execPath, ["scripts/build.mjs"]);
  if (given !== "build") return serve(Number(given));
  if (directory === undefined) throw new Failure(USAGE);
  const to = resolve(directory);
  console.log(`${await buildSite(to)} files in ${to}`);
});

async function serve(port) {
  if (!(Number.isInteger(port) && port >= 0 && port < 65_536)) throw new Failure(USAGE);
  const files = await siteFiles();
  const server = createServer((request, response) => void answer(files, request, response));
  await new Promise((resolve, reject) => {
    server.once("error", ({ message }) => reject(new Failure(`cannot listen: ${message}`)));
    server.listen(port, "127.0.0.1", resolve);
  });
  console.log(`http://127.0.0.1:${server.address().port}/`);
}

async function answer(files, { url }, response) {
  const base = "http://localhost";
  if (!URL.canParse(url, base)) return response.writeHead(400).end();
  const { pathname } = new URL(url, base);
  // Only the files of the site have a path in here.
  const file = files.get(pathname === "/" ? "index.html" : pathname.slice(1));
  if (file === undefined) return response.writeHead(404).end();
  response.setHeader("cache-control", "no-cache");
  response.setHeader("content-type", TYPES[extname(file)] ?? "application/octet-stream");
  response.setHeader("x-content-type-options", "nosniff");
  response.end(await readFile(file));
}
