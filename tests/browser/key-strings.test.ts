/**
 * Chromium moves a string that one of its interfaces was given (TextEncoder, IndexedDB, URL) out of V8's heap, and a
 * string that one of them made was never there. Every Map of a page that has such a string as a key is slow to look
 * up from then on, so the keys of a store stay where they are, and what it gives out is in the heap.
 */

import assert from "node:assert/strict";
import type { CDPSession } from "playwright-core";
import { keysFor, MARK, type Uses } from "../js/key-calls.js";
import { definition, packageOf } from "../js/made-packages.js";
import { addModule, chromiumTest, withChromium } from "./harness.js";

declare global {
  var calls: typeof import("../js/key-calls.js");
  /** Those that callers have; `encoded` ones went to a text encoder. */
  var keys: Uses & { readonly encoded: string[] };
}

/** Without what a snapshot writes otherwise: characters of two units. */
const seen = (text: string): string => text.replace(/[^!-\ud7ff]+/gu, "");

/** Texts of V8's strings that begin with the mark, by whether their characters are in its heap. */
async function strings(session: CDPSession): Promise<{ inside: string[]; outside: string[] }> {
  const chunks: string[] = [];
  session.on("HeapProfiler.addHeapSnapshotChunk", ({ chunk }) => chunks.push(chunk));
  await session.send("HeapProfiler.takeHeapSnapshot");
  const { snapshot, nodes, edges, strings } = JSON.parse(chunks.join(""));
  const { node_fields, node_types, edge_fields } = snapshot.meta;
  const [type, name, count] = ["type", "name", "edge_count"].map((it) => node_fields.indexOf(it));
  const target = edge_fields.indexOf("to_node");
  const nameOf = (node: number): string => strings[nodes[node + (name as number)]];
  const inside = new Set<string>();
  const outside = new Set<string>();
  let edge = 0;
  for (let node = 0; node < nodes.length; node += node_fields.length) {
    const end = edge + nodes[node + (count as number)] * edge_fields.length;
    let isOutside = false;
    for (; edge < end; edge += edge_fields.length) {
      isOutside ||= nameOf(edges[edge + target]).endsWith("ExternalStringData");
    }
    if (node_types[type as number][nodes[node + (type as number)]] !== "string") continue;
    if (nameOf(node).startsWith(MARK)) (isOutside ? outside : inside).add(seen(nameOf(node)));
  }
  return { inside: [...inside], outside: [...outside] };
}

chromiumTest("no call of a store moves a key out of the heap", "looks into V8's heap", () =>
  withChromium(async (browser) => {
    const page = await browser.open();
    const session = await browser.context.newCDPSession(page);
    await addModule(page, "js/key-calls.ts", "calls");
    const uses = ["encoded", "put", "putMany", "update", "asked", "listed"];
    await page.evaluate((uses) => {
      globalThis.keys = calls.keysFor(...uses) as typeof keys;
    }, uses);
    // Only what has been in the heap for a while is moved.
    for (let times = 0; times < 2; times++) await session.send("HeapProfiler.collectGarbage");
    const packed = [1, 2].map((at) => definition(`${MARK}packed/${at}`, "one", "1.0.0"));
    const archive = await packageOf(
      "p",
      Object.fromEntries(packed.map((it, at) => [`${at}.json`, it])),
    );
    await page.evaluate(async (archive) => {
      const [main, convert] = ["/dist/index.js", "/dist/convert/index.js"];
      const [{ openSchemaStore }, { savePackage }] = await Promise.all([
        import(main),
        import(convert),
      ]);
      for (const text of keys.encoded) new TextEncoder().encode(text);
      const open = () => openSchemaStore({ databaseName: "keys", maxEntries: 18 });
      const bytes = Uint8Array.from(atob(archive), (letter) => letter.charCodeAt(0));
      const given = await calls.useKeys(keys, { open, savePackage, archive: bytes });
      Object.assign(globalThis, { given });
    }, Buffer.from(archive).toString("base64"));
    const { inside, outside } = await strings(session);
    const { encoded = [], ...used } = keysFor(...uses);
    assert.deepEqual(outside.sort(), encoded.map(seen).sort(), "outside of the heap");
    const missing = Object.values(used)
      .flat()
      .filter((key) => !inside.includes(seen(key)));
    assert.deepEqual(missing, [], "each key was looked for");
  }),
);
