/** Prints the sizes that users pay for and fails when one is over its limit. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";
import { build } from "esbuild";
import { loadedOnFirstUse } from "./lib/bundle.mjs";
import { Failure, main, output, root } from "./lib/run.mjs";

const KB = 1000;
const dist = join(root, "dist");
/** What an entry loads on first use counts apart. */
const onFirstUse = loadedOnFirstUse(dist);

await main(async () => {
  const core = readFileSync(join(dist, "core.wasm"));
  const convert = readFileSync(join(dist, "load/convert.wasm"));
  const tarball = JSON.parse(
    output("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"]) ?? "[]",
  );
  const rows = [
    row("core.wasm", core.length, brotli(core), 110 * KB),
    row("convert.wasm", convert.length, brotli(convert), 75 * KB),
    await entry("browser entry", "index.js", "browser", 23 * KB),
    await entry("inline entry", "index.inline.js", "browser"),
    await entry("Node entry", "index.node.js", "node"),
    await entry("IndexedDB adapter", "adapters/indexeddb.js", "browser", 8 * KB),
    await entry("validator", "validate/index.js", "browser", 13 * KB),
    await entry("archive", "archive/archive.js", "browser"),
    await entry("holding", "holding/holding.js", "browser"),
    await entry("converter", "convert/index.js", "browser"),
    row("npm tarball", tarball[0]?.unpackedSize, tarball[0]?.size, 900 * KB),
  ];
  console.log("KB of 1000 bytes; minified; brotli 11, the tarball gzip\n");
  console.log(line("", "raw", "packed", "limit"));
  for (const { name, raw, packed, limit } of rows) {
    console.log(line(name, kb(raw), kb(packed), limit ? kb(limit) : ""));
  }
  const over = rows.filter(({ packed, limit }) => limit && !(packed <= limit));
  if (over.length > 0)
    throw new Failure(`over the limit: ${over.map(({ name }) => name).join(", ")}`);
});

/** What a bundler makes of an entry. */
async function entry(name, file, platform, limit) {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: [join(dist, file)],
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    platform,
    target: "es2022",
    external: onFirstUse.filter((lazy) => lazy !== join(dist, file)),
    logLevel: "error",
  });
  const bytes = outputFiles[0].contents;
  return row(name, bytes.length, brotli(bytes), limit);
}

function row(name, raw, packed, limit) {
  return { name, raw, packed, limit };
}

function brotli(bytes) {
  return brotliCompressSync(bytes, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: 11,
      [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
    },
  }).length;
}

function kb(bytes) {
  return (bytes / KB).toFixed(1);
}

function line(name, ...cells) {
  return name.padEnd(16) + cells.map((cell) => cell.padStart(10)).join("");
}
