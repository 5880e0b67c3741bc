/** Archives between Node and a browser: the same bytes on either side, and a seed that fills the page. */

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { fileURLToPath } from "node:url";
import { openPackagePath, savePackage } from "../../dist/convert/node.js";
import { openSchemaStore } from "../../dist/index.node.js";
import { archiveOf, carried, exported, teas } from "../js/archives.js";
import type { Page } from "./engines/engine.js";
import { browserTest, withPage } from "./harness.js";

const PACKAGE = fileURLToPath(new URL("../../node_modules/hl7.fhir.r4b.core", import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), "fss-archive-"));
after(() => rmSync(scratch, { recursive: true, force: true }));

browserTest("R4B goes from Node to the browser and back byte for byte", () =>
  withPage(async (page, { origin }) => {
    const store = await openSchemaStore({ diskCacheDir: join(scratch, "from") });
    await savePackage(store, await openPackagePath(PACKAGE));
    const archive = await exported(store);
    assert.ok(archive.length <= 300_000, `${archive.length} bytes`);

    const index = `${origin}/dist/index.js`;
    const report = { added: 651, skipped: 0, replaced: 0, conflicting: 0 };
    assert.deepEqual(await importInPage(page, index, archive), report);
    await page.reload();
    const back = Buffer.from(await exportInPage(page, index), "base64");
    assert.ok(back.equals(archive));

    const into = await openSchemaStore({ diskCacheDir: join(scratch, "into") });
    assert.deepEqual(await into.import(back), report);
    assert.deepEqual(await carried(into), await carried(store));
    assert.ok((await exported(into)).equals(archive));
    await Promise.all([store.close(), into.close()]);
  }),
);

browserTest("an entry made in the browser makes the archive it makes in Node", () =>
  withPage(async (page, { origin }) => {
    const made = await page.evaluate(
      async ({ index, teas }) => {
        const { openSchemaStore }: typeof import("../../dist/index.js") = await import(index);
        const store = await openSchemaStore({ now: () => 1_700_000_000_000 });
        await store.putMany(teas);
        const bytes = await new Response(store.export()).arrayBuffer();
        return [...new Uint8Array(bytes)];
      },
      { index: `${origin}/dist/index.js`, teas: [...teas] },
    );
    assert.ok(Buffer.from(made).equals(await archiveOf(...teas)));
  }),
);

browserTest("a package saved in Chromium makes the archive it makes in Node, at another time", () =>
  withPage(async (page) => {
    const usCore = fileURLToPath(new URL("../fixtures/us_core_311.tgz", import.meta.url));
    const made = await page.evaluate(async (text) => {
      const [main, convert] = ["/dist/index.js", "/dist/convert/index.js"];
      const { openSchemaStore } = await import(main);
      const { savePackage } = await import(convert);
      const store = await openSchemaStore();
      await savePackage(
        store,
        Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)),
      );
      return [...new Uint8Array(await new Response(store.export()).arrayBuffer())];
    }, readFileSync(usCore).toString("base64"));
    const store = await openSchemaStore({ strategy: "memory", now: () => 7 });
    await savePackage(store, await openPackagePath(usCore));
    assert.ok((await exported(store)).equals(Buffer.from(made)));
  }),
);

browserTest(
  "a stream that stalls is cancelled when the store is closed, and the import is CLOSED",
  () =>
    withPage(async (page, { origin }) => {
      const told = await page.evaluate(async (index) => {
        const { openSchemaStore }: typeof import("../../dist/index.js") = await import(index);
        const ends: unknown[] = [];
        for (const wait of [0, 200]) {
          const store = await openSchemaStore();
          let cancelled = false;
          const stalled = new ReadableStream<Uint8Array>({
            cancel: () => {
              cancelled = true;
            },
          });
          const end = store.import(stalled).catch(({ code }) => code);
          await new Promise((resolve) => setTimeout(resolve, wait));
          await store.close();
          ends.push(await end, cancelled);
        }
        return ends;
      }, `${origin}/dist/index.js`);
      assert.deepEqual(told, ["CLOSED", true, "CLOSED", true]);
    }),
);

browserTest("a seed is fetched once, relative to the page; a bad one leaves nothing", () =>
  withPage(async (page, { origin, files }) => {
    const archive = await archiveOf(...teas);
    let asked = 0;
    const asking = (bytes: Buffer) => () => {
      asked += 1;
      return bytes;
    };
    files.set("/seeds/teas.fss", asking(archive));
    files.set("/seeds/cut.fss", asking(archive.subarray(0, 300)));
    const open = (seed: string) =>
      page.evaluate(
        async ({ index, seed }) => {
          const { openSchemaStore }: typeof import("../../dist/index.js") = await import(index);
          try {
            const store = await openSchemaStore({ seed });
            const size = await store.size();
            await store.close();
            return size;
          } catch (error) {
            return (error as { code: string }).code;
          }
        },
        { index: `${origin}/dist/index.js`, seed },
      );
    assert.equal(await open("seeds/cut.fss"), "CORRUPT");
    assert.equal(await open("seeds/teas.fss"), 5);
    assert.equal(asked, 2);
    await page.reload();
    assert.equal(await open("seeds/teas.fss"), 5);
    assert.equal(asked, 2);
    const other = `${origin}/dist/nothing.fss`;
    assert.equal(await open(other), 5);
  }),
);

browserTest("an archive that was tampered with leaves IndexedDB as it was", () =>
  withPage(async (page, { origin }) => {
    const archive = await archiveOf(...teas);
    const index = `${origin}/dist/index.js`;
    for (const at of [3, 30, 60, 200, archive.length - 1]) {
      const bad = Buffer.from(archive);
      bad[at] = (bad[at] as number) ^ 1;
      await assert.rejects(importInPage(page, index, bad), /CORRUPT|ENTRY_TOO_LARGE/);
    }
    await assert.rejects(importInPage(page, index, archive.subarray(0, -1)), /CORRUPT/);
    const nothing = Buffer.from(await exportInPage(page, index), "base64");
    assert.equal(nothing.length, 72);
  }),
);

function importInPage(page: Page, index: string, archive: Buffer): Promise<object> {
  return page.evaluate(
    async ({ index, archive }) => {
      const { openSchemaStore }: typeof import("../../dist/index.js") = await import(index);
      const store = await openSchemaStore();
      try {
        const bytes = Uint8Array.from(atob(archive), (character) => character.charCodeAt(0));
        return await store.import(new Blob([bytes]));
      } catch (error) {
        throw new Error((error as { code: string }).code);
      } finally {
        await store.close();
      }
    },
    { index, archive: archive.toString("base64") },
  );
}

/** The archive in base64. */
function exportInPage(page: Page, index: string): Promise<string> {
  return page.evaluate(async (index) => {
    const { openSchemaStore }: typeof import("../../dist/index.js") = await import(index);
    const store = await openSchemaStore();
    const bytes = new Uint8Array(await new Response(store.export()).arrayBuffer());
    await store.close();
    let text = "";
    for (const byte of bytes) text += String.fromCharCode(byte);
    return btoa(text);
  }, index);
}
