/**
 * Bad input, one table per place it can come in by. Each case must fail with exactly its code, name
 * what was wrong, and leave the store usable with everything that was in it.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { SchemaStore } from "../../dist/store.js";
import { openStore } from "./kit.js";

/** Code, and what the message must tell. */
type Refusal = readonly [code: string, message: RegExp];

/** The entry that must survive. */
export const kept = { url: "kept", version: "1", n: 1 };

/** Runs a table on a store with one entry in it, which must survive every case. */
export function table(
  title: string,
  cases: Record<string, readonly [(store: SchemaStore) => unknown, ...Refusal]>,
) {
  for (const strategy of ["memory", "memory-disk", "disk"] as const) {
    test(`${strategy}: ${title}`, async () => {
      const store = await openStore({ strategy, maxEntryBytes: 8192 });
      await store.put(kept);
      for (const [name, [call, code, message]] of Object.entries(cases)) {
        await assert.rejects(async () => call(store), refusal(name, [code, message]), name);
        assert.deepEqual(await store.get("kept"), kept, name);
        assert.equal(await store.size(), 1, name);
      }
      await store.put({ url: "new" });
      await store.flush();
      assert.equal(await store.size(), 2);
      assert.equal(store.health().ok, true);
      await store.close();
    });
  }
}

function refusal(name: string, [code, message]: Refusal) {
  return (error: Error & { code?: string }) => {
    assert.equal(error.name, "SchemaStoreError", `${name}: ${error.stack}`);
    assert.equal(error.code, code, `${name}: ${error.message}`);
    assert.match(error.message, message, name);
    return true;
  };
}

/** An object that holds itself. */
export function cycle(): object {
  const value: { url: string; list: unknown[] } = { url: "u", list: [] };
  value.list.push({ back: value });
  return value;
}
