/**
 * The eviction policy `custom`: asks a function of the user's who is to leave, and believes nothing it
 * says. Loaded by stores whose options have such a function.
 */

import type { Core } from "../core/core.js";
import { CANDIDATE_NUMBERS } from "../core/wall.js";
import { SchemaStoreError } from "../errors.js";
import type { CustomPolicy, EvictionCandidate } from "../types.js";

/** Longer than this nobody may be kept waiting for an eviction. */
const SLOW_MS = 100;
/** The most batches a function that goes on failing is not asked for. */
const LONGEST_PAUSE = 1024;

/** Asks for an order when the core wants one; if the result is not valid, the core's own order holds. */
export class Ranking {
  /** Calls that failed or returned no valid order. */
  failures = 0;
  /** Why the last call failed. */
  error: SchemaStoreError | undefined;
  readonly #policy: CustomPolicy;
  readonly #batchSize: number;
  #asking = false;
  #interrupted = false;
  /** Failures in a row, and batches that pass before the function is asked again. */
  #streak = 0;
  #pause = 0;

  constructor(policy: CustomPolicy, batchSize: number) {
    this.#policy = policy;
    this.#batchSize = batchSize;
  }

  /** Has a batch ranked, and the core evict by it as many as must leave. */
  evict(core: Core, failed: (error: SchemaStoreError) => void): void {
    const batch = core.call((it) => it.candidates(this.#batchSize));
    const own = batch.filter((_, at) => at % CANDIDATE_NUMBERS === 0);
    const order = this.#order(core, batch, own, failed);
    core.call((it) => it.rank(order));
  }

  #order(
    core: Core,
    batch: Uint32Array,
    own: Uint32Array,
    failed: (error: SchemaStoreError) => void,
  ): Uint32Array {
    // Room must be made while the function runs: it called the store.
    if (this.#asking) this.#interrupted = true;
    if (this.#asking || this.#pause > 0) {
      this.#pause = Math.max(0, this.#pause - 1);
      return own;
    }
    this.#asking = true;
    try {
      const places = this.#ask(candidates(core, batch, own));
      [this.error, this.#streak] = [undefined, 0];
      return Uint32Array.from(places, (place) => own[place] as number);
    } catch (cause) {
      this.failures += 1;
      this.#streak += 1;
      this.#pause = Math.min(2 ** this.#streak, LONGEST_PAUSE) - 1;
      this.error = refusal(cause);
      failed(this.error);
      return own;
    } finally {
      this.#asking = false;
      this.#interrupted = false;
    }
  }

  /** The order as places in what was given. */
  #ask(given: EvictionCandidate[]): number[] {
    const places = new Map(given.map((candidate, place) => [candidate, place]));
    const start = performance.now();
    const answer: unknown = this.#policy.rank(given);
    const time = performance.now() - start;
    if (this.#interrupted) throw new Error("it called the store");
    if (!Array.isArray(answer)) throw new Error(`it returned ${kindOf(answer)}, not an array`);
    const order = Array.from(answer as unknown[], (it) =>
      typeof it === "number" ? it : places.get(it as EvictionCandidate),
    );
    const { size } = places;
    if (order.length !== size) {
      throw new Error(`it returned ${order.length} of ${size} candidates`);
    }
    const seen = new Set<number>();
    for (const place of order) {
      if (place === undefined || !Number.isInteger(place) || place < 0 || place >= size) {
        throw new Error("it returned something that is not a candidate");
      }
      if (seen.has(place)) throw new Error("it returned a candidate twice");
      seen.add(place);
    }
    if (time > SLOW_MS) throw new Error(`it took ${Math.round(time)} ms`);
    return [...seen];
  }
}

function candidates(core: Core, batch: Uint32Array, own: Uint32Array): EvictionCandidate[] {
  return Array.from(own, (slot, place) => {
    const at = place * CANDIDATE_NUMBERS;
    const [bytes = 0, uses = 0, idle = 0, age = 0, cost = 1] = batch.subarray(
      at + 1,
      at + CANDIDATE_NUMBERS,
    );
    const canonical = core.call((it) => it.canonical(slot)) ?? "";
    return { canonical, bytes, uses, idle, age, cost };
  });
}

/** What something is, in a word; a promise that nobody waits for must not end the process. */
function kindOf(value: unknown): string {
  if (!(value instanceof Promise)) return value === null ? "null" : typeof value;
  value.catch(() => {});
  return "a promise";
}

function refusal(cause: unknown): SchemaStoreError {
  let reason = "it threw";
  try {
    reason = cause instanceof Error ? cause.message : `it threw ${String(cause)}`;
  } catch {
    // What was thrown cannot be shown.
  }
  const message = `the rank function of evictionPolicy was ignored: ${reason}`;
  return new SchemaStoreError("INVALID_CONFIG", message, { key: "evictionPolicy", cause });
}
