/** Directories as systems leave them, before and beside a store. */

import assert from "node:assert/strict";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { openSchemaStore } from "../../dist/index.node.js";
import { scratchFolder } from "./commands.js";

const scratch = scratchFolder("fs-directory");
let places = 0;

/** A path at which there is nothing. */
function place(): string {
  places += 1;
  return join(scratch, `${places}`);
}

/** Opens a store there and puts something. */
async function filled(diskCacheDir: string): Promise<void> {
  await using store = await openSchemaStore({ diskCacheDir });
  await store.put({ url: "http://example.org/Tea" }, { durable: true });
}

test("what systems put into a new directory is no reason to refuse it, and stays", async () => {
  const names = [
    "lost+found/",
    ".gitkeep",
    ".DS_Store",
    ".nfs0000001f",
    "Thumbs.db",
    "desktop.ini",
  ];
  for (const name of [...names, names.join()]) {
    const directory = place();
    mkdirSync(directory);
    const there = name.split(",");
    for (const one of there) {
      if (one.endsWith("/")) mkdirSync(join(directory, one));
      else writeFileSync(join(directory, one), "");
    }
    await filled(directory);
    await filled(directory);
    for (const one of there) assert.ok(existsSync(join(directory, one)), one);
  }
  for (const name of [".DS_Store.txt", "lost", ".nfs", ".git", "Thumbs.db2"]) {
    const directory = place();
    mkdirSync(directory);
    writeFileSync(join(directory, name), "");
    await assert.rejects(filled(directory), { code: "INVALID_CONFIG", key: directory });
  }
});
