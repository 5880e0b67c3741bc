/** What a tier below memory was asked for, and how long it took. */

/** The first bucket of the histogram ends at 2 to the power of this many milliseconds. */
export const LEAST_POWER = -4;
/** Each bucket ends at twice the time of the one before; the last one does not end. */
export const BUCKETS = 19;

/** Counters of one tier. */
export class LoadCounts {
  hits = 0;
  misses = 0;
  /** Loads by the time they took. */
  readonly times: Uint32Array = new Uint32Array(BUCKETS);

  /** Notes a load that began then, by `performance.now`. */
  note(start: number): void {
    const power = Math.ceil(Math.log2(performance.now() - start)) - LEAST_POWER;
    const bucket = Math.min(Math.max(power, 0), BUCKETS - 1);
    this.times[bucket] = (this.times[bucket] as number) + 1;
  }
}

/** Look-ups by outcome. */
export interface LookUpCounts {
  loads: number;
  /** Those that no tier could serve. */
  readonly misses: number;
  /** Those that memory could not serve, one for each caller. */
  memoryMisses: number;
  readonly disk: LoadCounts;
  readonly network: LoadCounts;
}
