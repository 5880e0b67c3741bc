/** How look-ups were answered over all sessions of a store, as a small separate record of its host. */

import { decodeText, encodeText } from "../json.js";
import { LoadCounts } from "./load-counts.js";

/** Name of the record. */
export const LIFETIME_RECORD = "lifetime";
/** Version of the record; any other is ignored. */
const VERSION = 1;

/** What the tiers of one session, or of all of them, were asked for. */
export interface Answered {
  readonly memoryHits: number;
  readonly memoryMisses: number;
  /** Look-ups that no tier could serve. */
  readonly misses: number;
  readonly disk: LoadCounts;
  readonly network: LoadCounts;
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
  const half = loading.length / 2;
  const loadCounts = (own: readonly number[]): LoadCounts => {
    const counts = new LoadCounts();
    const [hits = 0, misses = 0, ...times] = own;
    counts.times.set(times);
    return Object.assign(counts, { hits, misses });
  };
  const disk = loadCounts(loading.slice(0, half));
  return { memoryHits, memoryMisses, misses, disk, network: loadCounts(loading.slice(half)) };
}

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
    const answered = answeredOf(counts);
    const isSound = [since, savedAt, ...counts].every(
      (number) => Number.isSafeInteger(number) && number >= 0,
    );
    const isWhole = counts.length === numbersOf(answered).length;
    return version === VERSION && isSound && isWhole ? { since, savedAt, answered } : undefined;
  } catch {
    return undefined;
  }
}
