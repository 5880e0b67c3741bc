/** Serves the page on this machine, straight from the files of the repository. */

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname } from "node:path";
import { Failure } from "./run.mjs";
import { siteFiles } from "./site.mjs";

const TYPES = {
  ".css": "text/css",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
};

/** Serves on a port, 0 for any; answers the address, and what ends it. */
export async function serveSite(port) {
  const files = await siteFiles();
  const server = createServer((request, response) => void answer(files, request, response));
  await new Promise((resolve, reject) => {
    server.once("error", ({ message }) => reject(new Failure(`cannot listen: ${message}`)));
    server.listen(port, "127.0.0.1", resolve);
  });
  return {
    address: `http://127.0.0.1:${server.address().port}/`,
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

async function answer(files, { url }, response) {
  const base = "http://localhost";
  if (!URL.canParse(url, base)) return response.writeHead(400).end();
  const { pathname } = new URL(url, base);
  // Only the files of the site have a path in here.
  const file = files.get(pathname === "/" ? "index.html" : pathname.slice(1));
  const bytes = file && (await readFile(file).catch(() => undefined));
  if (bytes === undefined) return response.writeHead(404).end();
  response.setHeader("cache-control", "no-cache");
  response.setHeader("content-type", TYPES[extname(file)] ?? "application/octet-stream");
  response.setHeader("x-content-type-options", "nosniff");
  response.end(bytes);
}
