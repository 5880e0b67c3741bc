/** Options out of their ranges, and at the ends of them. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { StoreOptions } from "../../dist/types.js";
import { OPTION_RULES } from "../../js/arguments/options.js";
import { kept } from "./bad-table.js";
import { memoryAdapter, openStore } from "./kit.js";

const badOptions: Record<string, readonly unknown[]> = {
  strategy: ["Memory", "", 1, null, ["memory"]],
  memoryLimitMb: [0, -1, 4001, 1.5, Number.NaN, "256", null, 256n],
  maxEntries: [0, 1_000_001, 2.5, Number.POSITIVE_INFINITY, "1"],
  maxEntryBytes: [1023, 268_435_457, "4096", Number.NaN],
  maxCatalogMb: [0, 1025, {}],
  diskCacheDir: ["", 5, null],
  databaseName: ["", 5, null],
  ttlHours: [0, -1, Number.NaN, Number.POSITIVE_INFINITY, "1"],
  idleTtlHours: [0, -1, Number.NaN, Number.POSITIVE_INFINITY, "1", null],
  graceHours: [0, -1, Number.NaN, Number.NEGATIVE_INFINITY, "1", null],
  ttl: [1000],
  evictionPolicy: [
    ...["clock", "LRU", 1, null, "custom", () => [], { name: "custom" }, ["lru"]],
    ...[{ rank: () => [] }, { name: "lru", rank: () => [] }, { name: "custom", rank: [] }],
  ],
  evictionBatchSize: [0, 1001, 1.5, "100", null],
  warmOnStartup: [0, "true", null],
  warmSize: [0, -1, 1.5, 1_000_001, "100", null],
  autoCleanup: [1, "true", null],
  values: ["freeze", true],
  durability: ["sync", false],
  adapter: ["fs", null, {}, { commit: true }, { commit() {} }, { ...memoryAdapter(), watch: 5 }],
  resolver: ["http://x", {}, null],
  converter: [
    {},
    () => {},
    "default",
    { convert: () => {} },
    { id: "a", version: 1, convert() {} },
  ],
  now: [0, new Date(0), null],
  memoryLimitMB: [1],
  toString: [1],
};

test("options out of their range name option, value and range", async () => {
  for (const [name, values] of Object.entries(badOptions)) {
    for (const value of values) {
      const options = { strategy: "memory", [name]: value } as StoreOptions;
      const shown = `${name} = ${String(value)}`;
      await assert.rejects(openStore(options), (error: Error & { code?: string; key?: string }) => {
        assert.equal(error.code, "INVALID_CONFIG", `${shown}: ${error.stack}`);
        assert.equal(error.key, name, shown);
        const said = Object.hasOwn(OPTION_RULES, name)
          ? `option ${name} is`
          : `unknown option "${name}"`;
        assert.ok(error.message.startsWith(said), error.message);
        return true;
      });
    }
  }
  await assert.rejects(openStore({ memoryLimitMb: 0 }), {
    message: "option memoryLimitMb is 0, must be a whole number from 1 to 4000",
  });
  await assert.rejects(openStore({ maxEntrys: 3 } as StoreOptions), {
    message: `unknown option "maxEntrys"; known options: ${Object.keys(OPTION_RULES).join(", ")}`,
  });
  const bare = Object.create(null) as object;
  for (const value of [
    bare,
    {
      toString: () => {
        throw new Error("no");
      },
    },
  ]) {
    await assert.rejects(openStore({ values: value as never }), { code: "INVALID_CONFIG" });
  }
  for (const options of [null, 5, "memory", []]) {
    await assert.rejects(openStore(options as never), { code: "INVALID_CONFIG" });
  }
});

test("options at the ends of their ranges are taken", async () => {
  const ends: StoreOptions[] = [
    {
      memoryLimitMb: 1,
      maxEntries: 1,
      maxEntryBytes: 1024,
      maxCatalogMb: 1,
      ttlHours: 0.001,
      evictionBatchSize: 1,
      warmSize: 1,
    },
    {
      memoryLimitMb: 4000,
      maxEntries: 1_000_000,
      maxEntryBytes: 268_435_456,
      maxCatalogMb: 1024,
      evictionBatchSize: 1000,
      warmSize: 1_000_000,
      warmOnStartup: true,
    },
    { idleTtlHours: 0.001, graceHours: Number.MIN_VALUE },
    { ttlHours: Number.MAX_VALUE, idleTtlHours: Number.MAX_VALUE, graceHours: Number.MAX_VALUE },
  ];
  for (const options of ends) {
    const store = await openStore({ strategy: "memory", ...options });
    await store.put(kept);
    assert.deepEqual(await store.get("kept"), kept);
    await store.close();
  }
});
