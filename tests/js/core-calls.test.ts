/** How often the core is called: a call is what crossing the wall costs. */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { openSchemaStore } from "../../dist/index.node.js";
import type { StoreGlue } from "../../dist/load/store-glue.js";
import type { SchemaStore } from "../../dist/store.js";
import { loadCore } from "./core.js";

const directory = mkdtempSync(join(tmpdir(), "fss-calls-"));
after(() => rmSync(directory, { recursive: true, force: true }));

/** The calls of one store's core since they were last taken. */
let calls: string[] = [];

/** Opens a store on the directory whose calls of the core are written down. */
async function openCounted(): Promise<SchemaStore> {
  const core = await loadCore();
  const { instantiate } = core;
  core.instantiate = ((...args: unknown[]) => {
    const glue = Reflect.apply(instantiate, core, args) as StoreGlue;
    const { StoreHandle } = glue;
    const names = Object.getOwnPropertyNames(StoreHandle.prototype);
    class Counted extends StoreHandle {}
    for (const name of names.filter((name) => name !== "constructor" && !name.startsWith("__"))) {
      Object.defineProperty(Counted.prototype, name, {
        value(this: Record<string, (...given: unknown[]) => unknown>, ...given: unknown[]) {
          calls.push(name);
          return Reflect.apply(
            Reflect.get(StoreHandle.prototype, name) as () => unknown,
            this,
            given,
          );
        },
      });
    }
    return { ...glue, StoreHandle: Counted };
  }) as typeof instantiate;
  try {
    return await openSchemaStore({ diskCacheDir: directory });
  } finally {
    core.instantiate = instantiate;
  }
}

async function callsOf(work: () => unknown): Promise<string[]> {
  calls = [];
  await work();
  return calls;
}

const urls = Array.from({ length: 51 }, (_, n) => `http://example.org/${n}`);

test("a get that is cold crosses the wall seven times at most, a put four times, a hot get never", async () => {
  const first = await openCounted();
  await first.put({ url: "http://example.org/warm-up" });
  for (const url of urls) {
    const put = await callsOf(() => first.put({ url, n: 1 }));
    assert.ok(put.length >= 1 && put.length <= 4, put.join());
  }
  await first.close();

  const store = await openCounted();
  for (const url of urls) {
    const cold = await callsOf(() => store.get(url));
    assert.ok(cold.length >= 1 && cold.length <= 7, cold.join());
    assert.equal(cold.filter((call) => call === "lookUp").length, 1, cold.join());
    assert.deepEqual(await callsOf(() => store.get(url)), []);
    assert.deepEqual(await callsOf(() => store.getSync(url)), []);
  }
  await store.close();
});
