/** Warming: bodies into memory before they are asked for, as far as there is room. */

import { checkCanonicals } from "../arguments.js";
import type { Loader } from "../loader.js";
import type { Shelf } from "../shelf.js";
import type { Tiers } from "../tiers.js";
import { walk } from "./closure.js";
import { weightOf } from "./holds.js";
import type { WarmOptions, WarmReport } from "./types.js";
import type { Used, Uses } from "./uses.js";

/** Bytes of bodies read from the host at a time. */
const BATCH_BYTES = 1024 * 1024;

/** Brings bodies into memory. INVALID_KEY, INVALID_VALUE. */
export async function warm(
  tiers: Tiers,
  loader: Loader,
  uses: Uses,
  options: WarmOptions,
): Promise<WarmReport> {
  const { canonicals = [], closure = false, signal } = options;
  checkCanonicals(canonicals);
  const named = [...new Set(canonicals)];
  const top = options.top ?? (options.canonicals ? 0 : tiers.options.warmSize);
  await tiers.durable?.complete();
  for (const canonical of named) await loader.locate(canonical);
  // Without the counts of earlier sessions it goes by those of this one.
  await uses.load().catch(() => {});
  signal?.throwIfAborted();
  tiers.checkOpen();

  const used = new Map(uses.all().map((one) => [one.slot, one]));
  const first = new Map<number, Used>();
  const missing = walk(tiers.shelf, named, closure, (_canonical, slot) => {
    const one = used.get(slot);
    if (one !== undefined) first.set(slot, one);
  });
  const ranked = byUses([...used.values()].filter(({ count }) => count > 0)).slice(0, top);
  const wanted = [...byUses([...first.values()]), ...ranked.filter(({ slot }) => !first.has(slot))];
  return { ...(await bringIn(tiers, wanted, signal)), missing };
}

/** An entry whose body is about to come. */
interface Coming {
  readonly slot: number;
  readonly hash: Uint8Array;
}

/** Brings entries in, in their order, a batch per read of the host. */
async function bringIn(
  tiers: Tiers,
  wanted: readonly Used[],
  signal: AbortSignal | undefined,
): Promise<{ warmed: number; bytes: number }> {
  const { shelf } = tiers;
  const queue = wanted.values();
  const warmed: number[] = [];
  let bytes = 0;
  for (;;) {
    const batch = nextBatch(shelf, queue);
    if (batch.length === 0) break;
    const bodies = await read(tiers, batch);
    signal?.throwIfAborted();
    tiers.checkOpen();
    for (const [at, one] of batch.entries()) {
      const body = bodies[at];
      if (body === undefined || !isSame(shelf, one) || !hasRoom(shelf, one.slot)) continue;
      if (tiers.options.strategy === "disk") shelf.admit([[one.slot, body]]);
      else shelf.keep(one.slot, shelf.parse(shelf.canonical(one.slot), body));
      warmed.push(one.slot);
      bytes += body.length;
    }
  }
  // The one used most shall be the last one to leave.
  if (warmed.length > 0) shelf.ask((core) => core.used(Uint32Array.from(warmed.reverse()), false));
  return { warmed: warmed.length, bytes };
}

/** The next entries there is room for; none at the end. */
function nextBatch(shelf: Shelf, queue: Iterator<Used>): Coming[] {
  const batch: Coming[] = [];
  const { usedBytes, limitBytes } = shelf.stats();
  let room = limitBytes - usedBytes;
  for (let size = 0; size < BATCH_BYTES; ) {
    const { value: one } = queue.next() as IteratorResult<Used, undefined>;
    if (one === undefined) break;
    const hash = shelf.hash(one.slot);
    if (hash === undefined || weightOf(one.size) > room || !hasRoom(shelf, one.slot)) continue;
    batch.push({ slot: one.slot, hash });
    room -= weightOf(one.size);
    size += one.size;
  }
  return batch;
}

/** The bodies of a batch, from memory or the host; those that cannot be had are undefined. */
async function read(
  { shelf, durable }: Tiers,
  batch: readonly Coming[],
): Promise<(Uint8Array | undefined)[]> {
  const bodies = batch.map(({ slot }) => shelf.body(slot));
  const cold = batch.filter((_one, at) => bodies[at] === undefined);
  const found = ((await durable?.bodies(cold.map(({ hash }) => hash))) ?? []).values();
  return bodies.map((body) => body ?? found.next().value);
}

/** Whether a slot is still what it was: what was put or deleted meanwhile counts. */
function isSame(shelf: Shelf, { slot, hash }: Coming): boolean {
  const now = shelf.hash(slot);
  return now !== undefined && hash.every((byte, at) => byte === now[at]);
}

function hasRoom(shelf: Shelf, slot: number): boolean {
  return shelf.ask((core) => core.hasRoom(slot));
}

function byUses(all: Used[]): Used[] {
  return all.sort((left, right) => right.count - left.count);
}
