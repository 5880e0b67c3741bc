/** Rows of a layer above the base are shown to nobody, and stay as they are. */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fsAdapter } from "../../dist/adapters/fs.js";
import type { HostAdapter } from "../../dist/host.js";
import { openSchemaStore } from "../../dist/index.node.js";
import { loadCore } from "./core.js";
import { MemoryPlace, memoryAdapter, openStore } from "./kit.js";
import { checkLayers } from "./layers.js";

const core = await loadCore();

async function opened(adapter: HostAdapter): Promise<HostAdapter> {
  await adapter.open({ core });
  return adapter;
}

const memoryStore = () => openSchemaStore({ strategy: "memory" });

test("rows of a layer above the base stay apart in a directory, merged too", async (context) => {
  const parent = mkdtempSync(join(tmpdir(), "fss-layers-"));
  context.after(() => rmSync(parent, { recursive: true, force: true }));
  const diskCacheDir = join(parent, "store");
  const open = async () => {
    // Sessions enough that the next one to close merges.
    for (let n = 0; n < 17; n += 1) {
      const store = await openSchemaStore({ diskCacheDir });
      await store.put({ url: "http://example.org/x" });
      await store.delete("http://example.org/x");
      await store.close();
    }
    return openSchemaStore({ diskCacheDir });
  };
  const adapter = () => opened(fsAdapter(diskCacheDir));
  assert.deepEqual(await checkLayers({ open, adapter, memoryStore }), []);
});

test("rows of a layer above the base stay apart in memory, and in the index saved there", async () => {
  const place = new MemoryPlace();
  const open = () => openStore({ adapter: memoryAdapter(place) });
  const adapter = () => opened(memoryAdapter(place));
  assert.deepEqual(await checkLayers({ open, adapter, memoryStore }), []);
});
