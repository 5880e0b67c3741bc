/** The schemas of a whole FHIR release in a browser: byte for byte the same after a reload. */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import { fhirSchemaConverter } from "../../dist/convert/index.js";
import { openPackagePath } from "../../dist/convert/node.js";
import type { PutItem } from "../../dist/types.js";
import type { Page } from "./engines/engine.js";
import { browserTest, withPage } from "./harness.js";

const PACKAGE = fileURLToPath(new URL("../../node_modules/hl7.fhir.r4b.core", import.meta.url));
const DEFINITIONS = 651;

browserTest("all R4B texts come back byte for byte after a reload", () =>
  withPage(async (page, { origin }) => {
    const items = await convertedTexts();
    assert.equal(items.length, DEFINITIONS);
    const index = `${origin}/dist/index.js`;
    await page.evaluate(storeAll, { index, items });

    await page.reload();
    const canonicals = items.map(({ url, version }) => `${url}|${version}`);
    const found = await readAll(page, index, canonicals);
    assert.equal(found.entries, DEFINITIONS);
    const expected = items.map(({ text }) => createHash("sha256").update(text).digest("hex"));
    assert.deepEqual(found.hashes, expected);
  }),
);

type Item = PutItem & { readonly text: string };

/** What the converter makes of every StructureDefinition of the release. */
async function convertedTexts(): Promise<Item[]> {
  const converter = fhirSchemaConverter();
  const items: Item[] = [];
  const core = await openPackagePath(PACKAGE);
  for await (const { resource, text } of core.resources("StructureDefinition")) {
    const url = String(resource.url);
    const version = String(resource.version);
    const { schema } = await converter.convert(resource, text);
    items.push({ url, version, text: schema });
  }
  return items;
}

/** In the page. */
async function storeAll({ index, items }: { index: string; items: Item[] }): Promise<void> {
  const { openSchemaStore }: typeof import("../../dist/index.js") = await import(index);
  const store = await openSchemaStore();
  await store.putMany(items, { durable: true });
}

/** The SHA-256 of every text as the page reads it, taken by the browser. */
function readAll(
  page: Page,
  index: string,
  canonicals: string[],
): Promise<{ entries: number; hashes: string[] }> {
  return page.evaluate(
    async ({ index, canonicals }) => {
      const { openSchemaStore }: typeof import("../../dist/index.js") = await import(index);
      const store = await openSchemaStore();
      const hashes: string[] = [];
      for (const canonical of canonicals) {
        const text = await store.getText(canonical, { require: true });
        const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
        const bytes = [...new Uint8Array(digest)];
        hashes.push(bytes.map((byte) => byte.toString(16).padStart(2, "0")).join(""));
      }
      return { entries: await store.size(), hashes };
    },
    { index, canonicals },
  );
}
