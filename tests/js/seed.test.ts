/** The option `seed`: an archive that fills an empty store. */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { pathToFileURL } from "node:url";
import { openSchemaStore } from "../../dist/index.node.js";
import { archiveOf, contents, exported, teas } from "./archives.js";
import { MemoryPlace, memoryAdapter } from "./kit.js";

const scratch = mkdtempSync(join(tmpdir(), "fss-seed-"));
after(() => rmSync(scratch, { recursive: true, force: true }));
const file = join(scratch, "teas.fss");
const archive = await archiveOf(...teas);
writeFileSync(file, archive);

test("an empty store is filled from bytes, a path, a file URL", async () => {
  for (const seed of [archive, file, pathToFileURL(file), pathToFileURL(file).href]) {
    for (const strategy of ["memory", "memory-disk"] as const) {
      const adapter = memoryAdapter();
      const store = await openSchemaStore({ strategy, adapter, seed });
      assert.ok((await exported(store)).equals(archive));
      await store.close();
    }
  }
});

test("an empty store is filled from the network, one with entries asks for nothing", async () => {
  let asked = 0;
  const server = createServer((request, response) => {
    asked += 1;
    if (request.url === "/teas.fss") response.end(archive);
    else response.writeHead(404).end("nothing");
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    const place = new MemoryPlace();
    const open = (seed: string | URL) => openSchemaStore({ adapter: memoryAdapter(place), seed });
    await assert.rejects(open(`${origin}/gone.fss`), { code: "NOT_FOUND", message: /404/ });
    assert.equal(asked, 1);
    const store = await open(new URL("/teas.fss", origin));
    assert.equal(await store.size(), 5);
    await store.close();
    const again = await open(`${origin}/teas.fss`);
    assert.equal(asked, 2);
    await again.delete("http://x/assam");
    assert.equal((await contents(again)).length, 2);
    await again.close();
    const third = await open(`${origin}/teas.fss`);
    assert.equal(await third.size(), 2);
    await third.close();
    assert.equal(asked, 2);
  } finally {
    await new Promise((closed) => server.close(closed));
  }
  const seed = `${origin}/teas.fss`;
  await assert.rejects(openSchemaStore({ strategy: "memory", seed }), { code: "NOT_FOUND" });
});

test("a seed that is not there, or no archive, is told, and the place is let go", async () => {
  const missing = join(scratch, "missing.fss");
  const diskCacheDir = join(scratch, "store");
  await assert.rejects(openSchemaStore({ diskCacheDir, seed: missing }), { code: "NOT_FOUND" });
  await assert.rejects(openSchemaStore({ diskCacheDir, seed: scratch }), { code: "DISK_ERROR" });
  const cut = archive.subarray(0, 200);
  await assert.rejects(openSchemaStore({ diskCacheDir, seed: cut }), { code: "CORRUPT" });
  const store = await openSchemaStore({ diskCacheDir, seed: archive });
  assert.equal(await store.size(), 5);
  await store.close();
});

test("what cannot be a seed is refused before anything is opened", async () => {
  for (const seed of [7, "", {}, null]) {
    await assert.rejects(openSchemaStore({ seed } as never), {
      code: "INVALID_CONFIG",
      message: /option seed is .* must be a URL, a path or bytes/,
    });
  }
});
