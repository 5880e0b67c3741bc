/** Runs a test for every strategy, over memory and over a file system. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fsAdapter } from "../../dist/adapters/fs.js";
import type { HostAdapter } from "../../dist/host.js";
import type { SchemaStore } from "../../dist/store.js";
import type { StoreOptions } from "../../dist/types.js";
import { MemoryPlace, memoryAdapter, openStore } from "./kit.js";

const strategies = ["memory", "memory-disk", "disk"] as const;

interface Setting {
  readonly name: string;
  readonly strategy: (typeof strategies)[number];
  /** Makes a place; what it returns makes adapters on that one place. */
  place(): () => HostAdapter;
}

const parent = mkdtempSync(join(tmpdir(), "fss-store-"));
after(() => rmSync(parent, { recursive: true, force: true }));

function inMemory(): () => HostAdapter {
  const place = new MemoryPlace();
  return () => memoryAdapter(place);
}

function inDirectory(): () => HostAdapter {
  const directory = mkdtempSync(join(parent, "place-"));
  return () => fsAdapter(directory);
}

const settings: readonly Setting[] = [
  ...strategies.map((strategy) => ({ name: strategy, strategy, place: inMemory })),
  ...strategies
    .slice(1)
    .map((strategy) => ({ name: `${strategy} over fs`, strategy, place: inDirectory })),
];

/** Registers a test for each setting; `open` opens further stores on the same place. */
export function each(
  title: string,
  run: (open: (more?: StoreOptions) => Promise<SchemaStore>) => Promise<void>,
) {
  for (const { name, strategy, place } of settings) {
    test(`${name}: ${title}`, async () => {
      const adapter = place();
      const stores: SchemaStore[] = [];
      await run(async (more = {}) => {
        const store = await openStore({ strategy, adapter: adapter(), ...more });
        stores.push(store);
        return store;
      });
      for (const store of stores) await store.close();
    });
  }
}

/** Two versions of one url, and an entry with parts. */
export const a1 = {
  url: "http://x/A",
  version: "1.0",
  name: "A",
  type: "Patient",
  status: "active",
};
export const a2 = { url: "http://x/A", version: "2.0", name: "A2" };
export const b = {
  url: "http://y/B",
  name: "B",
  nested: { list: [1, { deep: [true, null] }] as unknown[] },
};
