/** Export: entries as one stream of bytes. */

import { isSame } from "../bytes.js";
import type { PackedRow } from "../core/packed-row.js";
import { unreadable } from "../damage.js";
import type { MemoryTier } from "../memory/memory-tier.js";
import type { StoreParts } from "../parts.js";
import { TurnTaking } from "../turn-taking.js";
import type { Filter } from "../types.js";
import { archiveCore, guarded } from "./core.js";

/** Entries whose bodies are read from the host together. */
const READ_TOGETHER = 64;
/** Times the host may fail to have a body before that counts as damage. */
const STALE_TRIES = 3;

interface Row extends PackedRow {
  body: Uint8Array | undefined;
}

/**
 * Writes the entries a filter takes to `sink`, and closes it. What fails is the reason the sink is
 * aborted with. An entry is taken as it is when its turn comes; one deleted before that is left out.
 */
export async function exportArchive(
  store: StoreParts,
  filter: Filter,
  sink: WritableStream<Uint8Array>,
): Promise<void> {
  const writer = sink.getWriter();
  try {
    for await (const bytes of archived(store, filter)) await writer.write(bytes);
    await writer.close();
  } catch (error) {
    await writer.abort(error).catch(() => {});
  }
}

async function* archived(store: StoreParts, filter: Filter): AsyncGenerator<Uint8Array> {
  await store.durable?.upToDate();
  store.checkOpen();
  const { memory } = store;
  // Including damaged ones: the archive would silently lack them.
  const slots = memory.catalog.list(filter, { damaged: true });
  const keys = Array.from(slots, (slot) => memory.catalog.key(slot) as Uint8Array);
  const { ArchiveWriter } = archiveCore(store.core);
  const writer = guarded(() => new ArchiveWriter());
  const turns = new TurnTaking();
  for (let at = 0; at < keys.length; at += READ_TOGETHER) {
    for (const { key, meta, hash, body } of await read(store, keys.slice(at, at + READ_TOGETHER))) {
      const canonical = memory.catalog.canonical(memory.catalog.find(key));
      guarded(() => writer.add(key, meta, hash, body as Uint8Array), canonical);
      await turns.take();
    }
    const bytes = guarded(() => writer.take());
    if (bytes.length > 0) yield bytes;
    store.checkOpen();
  }
  yield guarded(() => writer.finish());
}

/** The rows of these keys with their bodies, as they are now; those that are gone are left out. */
async function read(store: StoreParts, keys: readonly Uint8Array[]): Promise<Row[]> {
  const { memory, durable } = store;
  for (let tries = 0; ; tries += 1) {
    // After a trap the catalog is read again: until then it is empty, and nothing was deleted.
    await durable?.complete();
    store.checkOpen();
    memory.reportHits();
    const rows = keys.flatMap((key) => rowOf(memory, key) ?? []);
    const cold = rows.filter(({ body }) => body === undefined);
    const bodies = cold.length > 0 ? await durable?.bodies.many(cold.map(({ hash }) => hash)) : [];
    store.checkOpen();
    cold.forEach((row, index) => {
      row.body = bodies?.[index];
    });
    let missing: Row | undefined;
    for (const row of cold) {
      row.body ??= await alone(store, row);
      if (row.body === undefined) missing ??= row;
    }
    if (missing === undefined) return rows;
    const canonical = memory.catalog.canonical(memory.catalog.find(missing.key));
    if (tries === STALE_TRIES || durable === undefined) {
      throw unreadable(canonical);
    }
    await durable.refresh();
    store.checkOpen();
  }
}

/** A body that was not among those read together: reading it alone gives the reason. */
async function alone({ memory, durable, checkOpen }: StoreParts, row: Row) {
  const slot = memory.catalog.find(row.key);
  const hash = memory.catalog.hash(slot);
  // Changed or deleted meanwhile: the row is out of date.
  if (hash === undefined || !isSame(hash, row.hash)) return undefined;
  const body = await durable?.bodies.one(hash, memory.catalog.canonical(slot));
  checkOpen();
  return body;
}

function rowOf(memory: MemoryTier, key: Uint8Array): Row | undefined {
  const slot = memory.catalog.find(key);
  const [hash, meta] = [memory.catalog.hash(slot), memory.catalog.meta(slot)];
  return hash && meta && { key, hash, meta, body: memory.body(slot) };
}
