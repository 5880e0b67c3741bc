/** Loads shared by their callers, each of which may give up alone. */

interface Flight<T> {
  readonly result: Promise<T>;
  readonly controller: AbortController;
  callers: number;
}

/** Runs one load per key at a time. */
export class Flights<T> {
  readonly #flights = new Map<string, Flight<T>>();

  /**
   * The load of `key` that is under way, or a new one. Rejects with the reason of `signal` when that comes
   * first; the load itself is aborted when the last of its callers has given up.
   */
  run(
    key: string,
    signal: AbortSignal | undefined,
    load: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const flight = this.#flights.get(key) ?? this.#start(key, load);
    flight.callers += 1;
    return unlessAborted(flight.result, signal, () => {
      flight.callers -= 1;
      if (flight.callers > 0) return;
      if (this.#flights.get(key) === flight) this.#flights.delete(key);
      flight.controller.abort(signal?.reason);
    });
  }

  /** Aborts every load under way. */
  abort(reason: unknown): void {
    for (const { controller } of this.#flights.values()) controller.abort(reason);
  }

  #start(key: string, load: (signal: AbortSignal) => Promise<T>): Flight<T> {
    const controller = new AbortController();
    const result = load(controller.signal).finally(() => {
      if (this.#flights.get(key) === flight) this.#flights.delete(key);
    });
    // Callers who gave up no longer listen; the others get the rejection from `result` itself.
    result.catch(() => {});
    const flight: Flight<T> = { result, controller, callers: 0 };
    this.#flights.set(key, flight);
    return flight;
  }
}

/** What `promise` comes to, or the reason of `signal` as soon as that aborts. */
export function unlessAborted<T>(
  promise: Promise<T>,
  signal: AbortSignal | undefined,
  onAbort?: () => void,
): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const giveUp = () => {
      onAbort?.();
      reject(signal.reason);
    };
    const listen = signal.aborted ? undefined : whenAborted(signal, giveUp);
    if (listen === undefined) giveUp();
    promise.then(resolve, reject).finally(() => listen?.end());
  });
}

/** What is to be called when a signal aborts. */
interface Waiting {
  readonly calls: Set<() => void>;
  readonly listener: () => void;
}

const waiting = new WeakMap<AbortSignal, Waiting>();

/** Calls back when a signal aborts. Many share one listener: Node warns of a leak from eleven on. */
function whenAborted(signal: AbortSignal, call: () => void): { end(): void } {
  let shared = waiting.get(signal);
  if (shared === undefined) {
    const calls = new Set<() => void>();
    const listener = () => {
      for (const one of [...calls]) one();
    };
    shared = { calls, listener };
    waiting.set(signal, shared);
    signal.addEventListener("abort", shared.listener, { once: true });
  }
  const { calls, listener } = shared;
  calls.add(call);
  return {
    end() {
      calls.delete(call);
      if (calls.size > 0) return;
      signal.removeEventListener("abort", listener);
      waiting.delete(signal);
    },
  };
}

/** Runs pieces of work of one key one after the other, in the order they came. */
export class Turns {
  readonly #ends = new Map<string, Promise<void>>();

  /** Whether any work of `key` is under way. */
  busy(key: string): boolean {
    return this.#ends.has(key);
  }

  /** Runs `work` when all earlier work of `key` has ended. Work must not wait for its own key. */
  run<T>(key: string, work: () => T | Promise<T>): Promise<T> {
    const turn = (this.#ends.get(key) ?? Promise.resolve()).then(work);
    const ended = () => {
      if (this.#ends.get(key) === end) this.#ends.delete(key);
    };
    const end: Promise<void> = turn.then(ended, ended);
    this.#ends.set(key, end);
    return turn;
  }
}

/** Joins the reads asked for within one turn of the event loop into one. */
export class Batcher<Key, Value> {
  readonly #read: (keys: Key[]) => Promise<Value[]>;
  #waiting: { key: Key; resolve: (value: Value) => void; reject: (reason: unknown) => void }[] = [];

  /** `read` returns its results positionally. */
  constructor(read: (keys: Key[]) => Promise<Value[]>) {
    this.#read = read;
  }

  /** The value of one key. */
  get(key: Key): Promise<Value> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.push({ key, resolve, reject }) === 1) queueMicrotask(() => this.#flush());
    });
  }

  async #flush(): Promise<void> {
    const waiting = this.#waiting;
    this.#waiting = [];
    try {
      const values = await this.#read(waiting.map(({ key }) => key));
      waiting.forEach(({ resolve }, index) => {
        resolve(values[index] as Value);
      });
    } catch (error) {
      if (waiting.length === 1) return waiting[0]?.reject(error);
      // One bad key must not fail its neighbours.
      for (const { key, resolve, reject } of waiting) {
        this.#read([key]).then(([value]) => resolve(value as Value), reject);
      }
    }
  }
}

/** Longest pause between two tries of one and the same write, in milliseconds. */
const MAX_PAUSE_MS = 64;

/** A random pause before the next try, so that neither of two writers starves. */
export function outOfStep(tries: number): Promise<void> {
  const ms = Math.random() * Math.min(2 ** tries, MAX_PAUSE_MS);
  return new Promise((resolve) => setTimeout(resolve, ms));
}
