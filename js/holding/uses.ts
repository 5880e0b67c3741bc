/**
 * How often each entry was used, across sessions: the core counts, and now and then the counts are
 * joined with those in a separate record. They are a hint: if two processes save at the same moment,
 * one count may be lost, as may the latest counts in a crash.
 */

import { Turns } from "../concurrency.js";
import { decodeText, encodeText } from "../json.js";
import type { MemoryTier } from "../memory/memory-tier.js";
import type { StoreParts } from "../parts.js";

/** Name of the record. */
const RECORD = "uses";
/** Version of the record; any other is ignored. */
const VERSION = 2;
/** Time after which a use counts half, in milliseconds: a week. */
const HALF_LIFE_MS = 7 * 24 * 3_600_000;
const MAX_COUNT = 0xffff_ffff;

/** Counts by hash of the entry, as they were at a time. */
interface Counts {
  /** Milliseconds since 1970; counts are halved a week later. */
  readonly agedAt: number;
  readonly uses: ReadonlyMap<number, number>;
}

/** What the core says of one entry. */
export interface Used {
  readonly slot: number;
  /** Length of the body in bytes. */
  readonly size: number;
  readonly count: number;
  /** When it was first put, the lower 32 bits of the milliseconds: an entry that is put anew is another. */
  readonly created: number;
}

/** The use counts of a store. */
export class Uses {
  readonly #parts: StoreParts;
  readonly #memory: MemoryTier;
  /** What of the core's counts is in the record, or came from there; only of entries the core knows. */
  #saved: ReadonlyMap<number, number> = new Map();
  #loading: Promise<void> | undefined;
  readonly #turns = new Turns();

  constructor(parts: StoreParts) {
    this.#parts = parts;
    this.#memory = parts.memory;
  }

  /** Joins the counts of earlier sessions into the core's, once; the catalog must be complete. */
  load(): Promise<void> {
    this.#loading ??= this.#inTurn(async () => {
      const record = await this.#read();
      this.#saved = this.#join(record).known;
    });
    return this.#loading;
  }

  /**
   * Joins the counts with those in the record, and saves them if there are any new ones. The catalog need not be
   * complete: what it does not know was not used.
   */
  save(): Promise<void> {
    return this.#inTurn(async () => {
      const adapter = this.#parts.durable?.adapter;
      if (adapter?.saveSide === undefined) return;
      const record = await this.#read();
      const { known, after } = this.#join(record);
      this.#saved = known;
      if (after === undefined) return;
      await adapter.saveSide(RECORD, encode({ agedAt: record.agedAt, uses: after }));
      for (const key of known.keys()) known.set(key, after.get(key) ?? 0);
    });
  }

  /** What is known of every entry. */
  all(): Used[] {
    const numbers = this.#memory.ask((core) => core.uses());
    const all: Used[] = [];
    for (let at = 0; at < numbers.length; at += 4) {
      const [slot = 0, size = 0, count = 0, created = 0] = numbers.subarray(at, at + 4);
      all.push({ slot, size, count, created });
    }
    return all;
  }

  /** The core was restarted, and counts from nothing. */
  restarted(): void {
    this.#saved = new Map();
    this.#loading = undefined;
  }

  /**
   * Sets the core's counts to what the record has plus what was used since. Returns the counts in
   * the record of what the core knows, and the joined ones of all if they say more.
   */
  #join({ uses: before }: Counts): {
    known: Map<number, number>;
    after: Counts["uses"] | undefined;
  } {
    const known = new Map<number, number>();
    const after = new Map(before);
    const pairs: number[] = [];
    let fresh = false;
    for (const { slot, count, created } of this.all()) {
      if (count === 0 && before.size === 0) continue;
      const key = hashOf(this.#memory.catalog.key(slot), created);
      const own = Math.max(0, count - (this.#saved.get(key) ?? 0));
      const joined = Math.min((before.get(key) ?? 0) + own, MAX_COUNT);
      known.set(key, before.get(key) ?? 0);
      if (own > 0) fresh = true;
      if (joined > 0) after.set(key, joined);
      if (joined !== count) pairs.push(slot, joined);
    }
    if (pairs.length > 0) this.#memory.ask((core) => core.setUses(Uint32Array.from(pairs)));
    return { known, after: fresh ? after : undefined };
  }

  async #read(): Promise<Counts> {
    const { durable, options } = this.#parts;
    const bytes = await durable?.adapter.side?.(RECORD);
    return aged(decode(bytes), options.now());
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    return this.#turns.run("", work);
  }
}

/** 52 bits of a row key and a time, FNV-1a in two halves: a number holds no more exactly. */
function hashOf(key: Uint8Array = new Uint8Array(), created = 0): number {
  let [one, two] = [0x811c9dc5 ^ created, 0xc9dc5118 ^ created];
  for (const byte of key) {
    one = Math.imul(one ^ byte, 0x01000193);
    two = Math.imul(two ^ byte, 0x01000197);
  }
  return (one >>> 0) * 0x10_0000 + (two >>> 12);
}

/** Halves counts for every week that has passed; a clock that was set back costs one more week. */
function aged({ agedAt, uses }: Counts, now: number): Counts {
  const weeks = Math.floor((now - agedAt) / HALF_LIFE_MS);
  if (!(weeks > 0)) return { agedAt: Math.min(agedAt, now), uses };
  const left = new Map<number, number>();
  for (const [key, count] of uses) {
    const half = Math.floor(count / 2 ** weeks);
    if (half > 0) left.set(key, half);
  }
  return { agedAt: agedAt + weeks * HALF_LIFE_MS, uses: left };
}

function encode({ agedAt, uses }: Counts): Uint8Array {
  const record = { version: VERSION, agedAt, uses: [...uses].flat() };
  return encodeText(JSON.stringify(record));
}

/** The counts in a record; none where it is absent, damaged or of another version. */
function decode(bytes: Uint8Array | undefined): Counts {
  const none = { agedAt: Number.POSITIVE_INFINITY, uses: new Map<number, number>() };
  if (bytes === undefined) return none;
  try {
    const { version, agedAt, uses } = JSON.parse(decodeText(bytes));
    const numbers = [agedAt, ...uses];
    const sound = numbers.every((number) => Number.isSafeInteger(number) && number >= 0);
    if (version !== VERSION || !sound) return none;
    const counts = new Map<number, number>();
    for (let at = 0; at + 1 < uses.length; at += 2) counts.set(uses[at], uses[at + 1]);
    return { agedAt, uses: counts };
  } catch {
    return none;
  }
}
