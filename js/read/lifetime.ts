/** How look-ups were answered over all sessions of a store, as a small separate record of its host. */

import { decodeText, encodeText } from "../json.js";
import { BUCKETS } from "./load-counts.js";

/** Name of the record. */
export const LIFETIME_RECORD = "lifetime";
/** Version of the record; any other is ignored. */
const VERSION = 1;

/** What a tier below memory was asked for: `LoadCounts`, or the sum of those of many sessions. */
export interface LoadSums {
  readonly hits: number;
  readonly misses: number;
  readonly times: Iterable<number>;
}

/** What the tiers of one session, or of all of them, were asked for. */
export interface Answered {
  readonly memoryHits: number;
  readonly memoryMisses: number;
  /** Look-ups that no tier could serve. */
  readonly misses: number;
  readonly disk: LoadSums;
  readonly network: LoadSums;
}

/** The sum over all sessions that saved theirs. */
export interface Lifetime {
  /** When the first of them was saved, and the last, in milliseconds since 1970. */
  readonly since: number;
  readonly savedAt: number;
  readonly answered: Answered;
}

/** `lifetime` and what has been answered since `before`, as of `now`. */
export function prolonged(
  lifetime: Lifetime | undefined,
  before: readonly number[],
  after: readonly number[],
  now: number,
): Lifetime {
  const sums = lifetime && numbersOf(lifetime.answered);
  // Where there is less than before, the core was restarted and has counted from nothing.
  const fresh = after.map((count, at) => count - (before[at] ?? 0));
  const own = fresh.map((count, at) => (count < 0 ? (after[at] ?? 0) : count));
  const answered = answeredOf(own.map((count, at) => count + (sums?.[at] ?? 0)));
  return { since: Math.min(lifetime?.since ?? now, now), savedAt: now, answered };
}

/** All counters in one list, so that they can be added up. */
export function numbersOf({ memoryHits, memoryMisses, misses, disk, network }: Answered): number[] {
  const loading = [disk, network].flatMap(({ hits, misses, times }) => [hits, misses, ...times]);
  return [memoryHits, memoryMisses, misses, ...loading];
}

function answeredOf(numbers: readonly number[]): Answered {
  const [memoryHits = 0, memoryMisses = 0, misses = 0, ...loading] = numbers;
  const sums = (from: number): LoadSums => {
    const [hits = 0, misses = 0, ...times] = loading.slice(from, from + 2 + BUCKETS);
    return { hits, misses, times };
  };
  return { memoryHits, memoryMisses, misses, disk: sums(0), network: sums(2 + BUCKETS) };
}

/** How many counters there are. */
const COUNTERS = 3 + 2 * (2 + BUCKETS);

/** The bytes of the record. */
export function encodeLifetime({ since, savedAt, answered }: Lifetime): Uint8Array {
  const record = { version: VERSION, since, savedAt, counts: numbersOf(answered) };
  return encodeText(JSON.stringify(record));
}

/** What a record says; undefined where it is absent, damaged or of another version. */
export function decodeLifetime(bytes: Uint8Array | undefined): Lifetime | undefined {
  if (bytes === undefined) return undefined;
  try {
    const { version, since, savedAt, counts } = JSON.parse(decodeText(bytes));
    const isSound = [since, savedAt, ...counts].every(
      (number) => Number.isSafeInteger(number) && number >= 0,
    );
    if (version !== VERSION || !isSound || counts.length !== COUNTERS) return undefined;
    return { since, savedAt, answered: answeredOf(counts) };
  } catch {
    return undefined;
  }
}
