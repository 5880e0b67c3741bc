/** Warming: bodies into memory before they are asked for, as far as there is room. */

import { checkCanonicals } from "../arguments/calls.js";
import { isSame } from "../bytes.js";
import type { MemoryTier } from "../memory/memory-tier.js";
import type { StoreParts } from "../parts.js";
import type { WarmOptions, WarmReport } from "../types.js";
import { walk } from "./closure.js";
import { weightOf } from "./holds.js";
import type { Used, Uses } from "./uses.js";

/** Bytes of bodies read from the host at a time. */
const BATCH_BYTES = 1024 * 1024;

/** Brings bodies into memory. INVALID_KEY, INVALID_VALUE. */
export async function warm(
  parts: StoreParts,
  uses: Uses,
  options: WarmOptions,
): Promise<WarmReport> {
  const { canonicals = [], closure = false, signal } = options;
  checkCanonicals(canonicals);
  const named = [...new Set(canonicals)];
  const top = options.top ?? (options.canonicals ? 0 : parts.options.warmSize);
  await parts.durable?.complete();
  for (const canonical of named) await parts.loader.locate(canonical);
  // Without the counts of earlier sessions, those of this one decide.
  await uses.load().catch(() => {});
  signal?.throwIfAborted();
  parts.checkOpen();

  const used = new Map(uses.all().map((one) => [one.slot, one]));
  const first = new Map<number, Used>();
  const missing = walk(parts.memory, named, closure, (_canonical, slot) => {
    const one = used.get(slot);
    if (one !== undefined) first.set(slot, one);
  });
  const ranked = byUses([...used.values()].filter(({ count }) => count > 0)).slice(0, top);
  const wanted = [...byUses([...first.values()]), ...ranked.filter(({ slot }) => !first.has(slot))];
  return { ...(await bringIn(parts, wanted, signal)), missing };
}

/** An entry whose body is about to come. */
interface Coming {
  readonly slot: number;
  readonly hash: Uint8Array;
}

/** Brings entries in, in their order, a batch per read of the host. */
async function bringIn(
  parts: StoreParts,
  wanted: readonly Used[],
  signal: AbortSignal | undefined,
): Promise<{ warmed: number; bytes: number }> {
  const { memory } = parts;
  const queue = wanted.values();
  const warmed: number[] = [];
  let bytes = 0;
  for (;;) {
    const batch = nextBatch(memory, queue);
    if (batch.length === 0) break;
    const bodies = await read(parts, batch);
    signal?.throwIfAborted();
    parts.checkOpen();
    for (const [at, one] of batch.entries()) {
      const body = bodies[at];
      if (body === undefined || !hasSameBody(memory, one) || !hasRoom(memory, one.slot)) continue;
      if (parts.options.strategy === "disk") memory.admit([[one.slot, body]]);
      else memory.keep(one.slot, memory.parse(memory.catalog.canonical(one.slot), body));
      warmed.push(one.slot);
      bytes += body.length;
    }
  }
  // The most used one should be evicted last.
  if (warmed.length > 0) memory.ask((core) => core.used(Uint32Array.from(warmed.reverse()), false));
  return { warmed: warmed.length, bytes };
}

/** The next entries there is room for; none at the end. */
function nextBatch(memory: MemoryTier, queue: Iterator<Used>): Coming[] {
  const batch: Coming[] = [];
  const { usedBytes, limitBytes } = memory.stats();
  let room = limitBytes - usedBytes;
  for (let size = 0; size < BATCH_BYTES; ) {
    const { value: one } = queue.next() as IteratorResult<Used, undefined>;
    if (one === undefined) break;
    const hash = memory.catalog.hash(one.slot);
    if (hash === undefined || weightOf(one.size) > room || !hasRoom(memory, one.slot)) continue;
    batch.push({ slot: one.slot, hash });
    room -= weightOf(one.size);
    size += one.size;
  }
  return batch;
}

/** The bodies of a batch, from memory or the host; those that cannot be had are undefined. */
async function read(
  { memory, durable }: StoreParts,
  batch: readonly Coming[],
): Promise<(Uint8Array | undefined)[]> {
  const bodies = batch.map(({ slot }) => memory.body(slot));
  const cold = batch.filter((_one, at) => bodies[at] === undefined);
  const found = ((await durable?.bodies.many(cold.map(({ hash }) => hash))) ?? []).values();
  return bodies.map((body) => body ?? found.next().value);
}

/** Whether a slot is still the same: nothing was put or deleted meanwhile. */
function hasSameBody(memory: MemoryTier, { slot, hash }: Coming): boolean {
  const now = memory.catalog.hash(slot);
  return now !== undefined && isSame(hash, now);
}

function hasRoom(memory: MemoryTier, slot: number): boolean {
  return memory.ask((core) => core.hasRoom(slot));
}

function byUses(all: Used[]): Used[] {
  return all.sort((left, right) => right.count - left.count);
}
