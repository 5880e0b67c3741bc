/** What the tests of archives are written with. */

import { buffer } from "node:stream/consumers";
import type { ReadableStream as NodeStream } from "node:stream/web";
import type { SchemaStore } from "../../dist/store.js";
import type { Filter, Metadata, PutItem } from "../../dist/types.js";
import { openStore } from "./kit.js";

/** The whole archive of a store. */
export async function exported(store: SchemaStore, filter?: Filter): Promise<Buffer> {
  return buffer(store.export(filter) as NodeStream<Uint8Array>);
}

/** An archive of these entries. */
export async function archiveOf(...items: PutItem[]): Promise<Buffer> {
  const store = await openStore({
    strategy: "memory",
    maxEntries: 10_000,
    now: () => 1_700_000_000_000,
  });
  await store.putMany(items);
  const archive = await exported(store);
  await store.close();
  return archive;
}

/** Everything a store says of its entries, their texts included, but not how often they were read. */
export async function contents(store: SchemaStore): Promise<object[]> {
  const entries = await store.list();
  return Promise.all(
    entries.map(async (metadata) => ({
      ...metadata,
      accessCount: 0,
      text: await store.getText(metadata.canonical),
    })),
  );
}

/** The same as far as archives carry it: not when what a package makes again was saved. */
export async function carried(store: SchemaStore): Promise<object[]> {
  return (await contents(store)).map((entry) => {
    const { origin, createdAt, updatedAt, convertedAt, ...lasting } = entry as Metadata;
    const isRepeatable = origin === "package" || origin === "converted";
    return isRepeatable ? { origin, ...lasting } : entry;
  });
}

/** An entry of that URL whose text is told by a number. */
export function tea(url: string, n = 0, options: Omit<PutItem, "text"> = {}): PutItem {
  return { text: `{ "url":"${url}", "version":"1.0.0","n":${n}.10 }`, ...options };
}

/** Entries with all that metadata can say, in several sources and versions. */
export const teas: readonly PutItem[] = [
  tea("http://x/assam", 1),
  tea("http://x/assam", 2, { source: "tea#1.0.0", origin: "package" }),
  tea("http://x/assam", 1, { version: "2.0.0", tags: ["black", "strong"] }),
  tea("http://x/ceylon", 3, {
    source: "tea#1.0.0",
    origin: "converted",
    sourceHash: "ab".repeat(32),
    converter: "steep@1",
    convertedAt: 1_600_000_000_000,
    name: "Ceylon",
    title: "Ceylon tea",
    description: "From Sri Lanka",
    type: "Tea",
    kind: "resource",
    derivation: "constraint",
    base: "http://hl7.org/fhir/StructureDefinition/Leaf",
    status: "active",
    fhirVersion: "4.3.0",
    etag: 'W/"1"',
    ttlHours: 1e6,
    dependencies: [
      { kind: "type", target: "http://hl7.org/fhir/StructureDefinition/Leaf" },
      { kind: "binding", target: "http://hl7.org/fhir/ValueSet/leaf|4.3.0" },
    ],
  }),
  { value: { url: "urn:uuid:1", text: "\u{1F375} \u00e9" } },
];
