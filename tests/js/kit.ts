/** What the tests of the store are written with. */

import { MemoryPlace, memoryAdapter } from "../../dist/adapters/memory.js";
import type { HostAdapter } from "../../dist/host.js";
import { type OpenSchemaStore, openSchemaStore } from "../../dist/index.node.js";
import type { SchemaStore } from "../../dist/store.js";

export { MemoryPlace, memoryAdapter };

/** Opens stores over the memory adapter, each on a place of its own unless the options say. */
export const openStore: OpenSchemaStore = (options = {}) => {
  const hasPlace = options?.strategy === "memory" || options?.adapter !== undefined;
  const isPlain = typeof options === "object" && options !== null && !Array.isArray(options);
  return openSchemaStore(hasPlace || !isPlain ? options : { ...options, adapter: memoryAdapter() });
};

/** A store over an adapter as a page has it, and what happens when the page is hidden: it may be about to end. */
export async function openInPage(
  adapter: HostAdapter,
): Promise<{ store: SchemaStore; hide(): Promise<void> }> {
  const { opener } = await import("../../js/open.js");
  const { loadCore } = await import("./core.js");
  let hide = async () => {};
  const open = opener({
    loadCore,
    defaultAdapter: () => adapter,
    random: (length) => crypto.getRandomValues(new Uint8Array(length)),
    onExit({ flush }) {
      hide = flush;
      return () => {};
    },
  });
  return { store: (await open()) as unknown as SchemaStore, hide: () => hide() };
}

/** The methods of an adapter a test may hold up or make fail. */
export type Held = "index" | "allRows" | "byUrl" | "changes" | "bodies" | "commit";

/** One call that waits. */
export interface HeldCall {
  readonly args: readonly unknown[];
  /** Lets the call reach the adapter. */
  go(): void;
  /** Fails it instead. */
  fail(error: Error): void;
}

/** An adapter whose calls wait for the test, method by method. */
export class GatedAdapter {
  readonly adapter: HostAdapter;
  /** Calls per method since the beginning. */
  readonly calls: Record<Held, number> = {
    index: 0,
    allRows: 0,
    byUrl: 0,
    changes: 0,
    bodies: 0,
    commit: 0,
  };
  readonly waiting: Record<Held, HeldCall[]> = {
    index: [],
    allRows: [],
    byUrl: [],
    changes: [],
    bodies: [],
    commit: [],
  };
  readonly #shut = new Set<Held>();

  constructor(place: MemoryPlace, options: { readonly checked?: boolean } = {}) {
    const inner = memoryAdapter(place);
    const gated = { ...inner } as unknown as Record<Held, unknown>;
    for (const method of Object.keys(this.calls) as Held[]) {
      const call = inner[method] as (...args: unknown[]) => Promise<unknown>;
      gated[method] = async (...args: unknown[]) => {
        this.calls[method] += 1;
        if (this.#shut.has(method)) await this.#pass(method, args);
        return call(...args);
      };
    }
    this.adapter = gated as unknown as HostAdapter;
    if (options.checked !== undefined) {
      const { checked } = options;
      this.adapter.open = async (context) => {
        const opened = await inner.open(context);
        return { ...opened, capabilities: { ...opened.capabilities, checked } };
      };
    }
  }

  /** From now on calls of `method` wait. */
  shut(method: Held): void {
    this.#shut.add(method);
  }

  /** Lets the waiting calls of `method` go, and those to come. */
  open(method: Held): void {
    this.#shut.delete(method);
    for (const call of this.waiting[method].splice(0)) call.go();
  }

  /** The next waiting call of `method`; waits until there is one. */
  async next(method: Held): Promise<HeldCall> {
    await until(() => this.waiting[method].length > 0, `a call of ${method}`);
    return this.waiting[method].shift() as HeldCall;
  }

  #pass(method: Held, args: readonly unknown[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.waiting[method].push({ args, go: resolve, fail: reject });
    });
  }
}

/** Lets every microtask and everything due in this turn of the event loop run. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Waits until `condition` holds; fails after five seconds. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const end = performance.now() + 5000;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`waited in vain for ${what}`);
    await turn();
  }
}

/** What a promise did: for tests that look at it before it is settled. */
export function outcome<T>(promise: Promise<T>): { done: boolean; value?: T; error?: unknown } {
  const seen: { done: boolean; value?: T; error?: unknown } = { done: false };
  promise.then(
    (value) => Object.assign(seen, { done: true, value }),
    (error) => Object.assign(seen, { done: true, error }),
  );
  return seen;
}

/** A place that holds these bodies, all durable. */
export async function filled(...bodies: object[]): Promise<MemoryPlace> {
  const place = new MemoryPlace();
  const store = await openStore({ adapter: memoryAdapter(place) });
  await store.putMany(bodies.map((value) => ({ value })));
  await store.close();
  return place;
}

/** What a new store on the place has of a canonical. */
export async function readBack(place: MemoryPlace, canonical: string): Promise<unknown> {
  const store = await openStore({ adapter: memoryAdapter(place) });
  const value = await store.get(canonical);
  await store.close();
  return value;
}

/** Adds one to the number of the entry `count`, which begins at nothing. */
export async function increment(store: SchemaStore): Promise<void> {
  await store.update<{ n: number }>("count", (current) => ({
    url: "count",
    n: (current?.n ?? 0) + 1,
  }));
}

/** A generator of integers below a limit, the same for the same seed (mulberry32). */
export function random(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** Every order of the given items. */
export function* permutations<T>(items: readonly T[]): Generator<T[]> {
  if (items.length === 0) yield [];
  for (const [index, item] of items.entries()) {
    const others = items.filter((_, other) => other !== index);
    for (const rest of permutations(others)) yield [item, ...rest];
  }
}
