/**
 * The page: `npm run www` serves it on this machine, `npm run www -- <port>` on a port of your
 * choice, `npm run www -- build <directory>` writes it as a static site for any path of any server.
 */

import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { Failure, main, root, run } from "./lib/run.mjs";

const DEFAULT_PORT = "8080";
const USAGE = "usage: www.mjs [port], or www.mjs build <directory>";

await main(async ([given = DEFAULT_PORT, directory, ...more]) => {
  const port = Number(given);
  const building = given === "build" && directory !== undefined;
  const serving = directory === undefined && Number.isInteger(port) && port >= 0 && port < 65_536;
  if (more.length > 0 || !(building || serving)) throw new Failure(USAGE);
  if (!existsSync(join(root, "dist/index.js"))) run(process.execPath, ["scripts/build.mjs"]);
  if (building) {
    const { buildSite } = await import("./lib/site.mjs");
    const to = resolve(directory);
    console.log(`${await buildSite(to)} files in ${to}`);
  } else {
    const { serveSite } = await import("./lib/site-server.mjs");
    console.log((await serveSite(port)).address);
  }
});
