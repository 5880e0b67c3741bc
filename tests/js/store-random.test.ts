/** Seeded random interleavings against a model per key. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { HostAdapter } from "../../dist/host.js";
import type { SchemaStore } from "../../dist/store.js";
import { MemoryPlace, memoryAdapter, openStore, random, readBack, turn } from "./kit.js";

const KEYS = ["a", "b", "c", "d"];
const STEPS = 120;

type Numbered = { readonly n: number } | undefined;

/** A host whose calls take a random number of turns, and whose commits fail now and then. */
function slowAndFailing(place: MemoryPlace, next: (below: number) => number): HostAdapter {
  const inner = memoryAdapter(place);
  const slow = { ...inner } as unknown as Record<string, unknown>;
  const linger = async (most: number) => {
    for (let waits = next(most); waits > 0; waits -= 1) await (next(2) ? turn() : undefined);
  };
  for (const name of ["index", "allRows", "byUrl", "changes", "bodies", "commit"] as const) {
    const call = inner[name] as (...args: unknown[]) => Promise<unknown>;
    slow[name] = async (...args: unknown[]) => {
      await linger(4);
      if (name === "commit" && next(8) === 0) throw new Error("a bad day");
      const result = await call(...args);
      await linger(3);
      return result;
    };
  }
  return slow as unknown as HostAdapter;
}

/**
 * Random work on a few keys. What a get answers must be a value its key had between the call and
 * the answer; what is left at the end must be the last write, here and in a new store.
 */
class Run {
  readonly #seed: number;
  readonly #next: (below: number) => number;
  readonly #store: SchemaStore;
  /** Per key, every value it had, in order: undefined where it was deleted. */
  readonly #past = new Map(KEYS.map((key): [string, (number | undefined)[]] => [key, [undefined]]));
  readonly #running: Promise<unknown>[] = [];
  #writes = 0;

  constructor(seed: number, next: (below: number) => number, store: SchemaStore) {
    this.#seed = seed;
    this.#next = next;
    this.#store = store;
  }

  /** One step on a key; most do not wait for what they began. */
  async step(): Promise<void> {
    const key = KEYS[this.#next(KEYS.length)] as string;
    const kind = this.#next(9);
    if (kind < 3) this.#put(key);
    else if (kind === 3) await this.#delete(key);
    else if (kind === 4) this.#running.push(this.#store.flush().catch(() => {}));
    else if (kind === 5) this.#glance(key);
    else this.#running.push(this.#read(key, this.#next(3)));
    if (this.#next(3) === 0) await turn();
  }

  /** Waits for everything, and compares with the model. */
  async end(place: MemoryPlace): Promise<void> {
    await Promise.all(this.#running);
    while (!(await flushed(this.#store))) await turn();
    for (const key of KEYS) {
      const last = this.#past.get(key)?.at(-1);
      assert.equal(
        (await this.#store.get<{ n: number }>(key))?.n,
        last,
        `seed ${this.#seed}: ${key}`,
      );
      const kept = (await readBack(place, key)) as Numbered;
      assert.equal(kept?.n, last, `seed ${this.#seed}: ${key} at rest`);
    }
    const { memory } = await this.#store.stats();
    assert.equal(memory.pendingBytes, 0, `seed ${this.#seed}`);
    assert.ok(memory.usedBytes <= memory.limitBytes);
  }

  #put(key: string): void {
    this.#writes += 1;
    this.#past.get(key)?.push(this.#writes);
    this.#running.push(this.#store.put({ url: key, n: this.#writes }));
  }

  /** A deletion happens a little after its call: nothing else may be under way. */
  async #delete(key: string): Promise<void> {
    await Promise.all(this.#running.splice(0));
    const gone = this.#store.delete(key);
    this.#past.get(key)?.push(undefined);
    await gone;
  }

  #glance(key: string): void {
    const value = this.#store.getSync<{ n: number }>(key)?.n;
    const possible = [undefined, this.#past.get(key)?.at(-1)];
    assert.ok(possible.includes(value), `seed ${this.#seed}: ${key} is ${value}`);
  }

  async #read(key: string, how: number): Promise<void> {
    const from = (this.#past.get(key)?.length ?? 0) - 1;
    const value = (await this.#found(key, how))?.n;
    const possible = this.#past.get(key)?.slice(from) ?? [];
    const message = `seed ${this.#seed}: ${key} is ${value}, not of ${possible}`;
    assert.ok(possible.includes(value), message);
  }

  async #found(key: string, how: number): Promise<Numbered> {
    if (how === 0) return (await this.#store.entry<{ n: number }>(key))?.value;
    if (how === 1) return this.#store.get<{ n: number }>(key);
    const text = await this.#store.getText(key);
    return text === undefined ? undefined : JSON.parse(text);
  }
}

async function flushed(store: SchemaStore): Promise<boolean> {
  return store.flush().then(
    () => true,
    () => false,
  );
}

test("random interleavings with a slow and failing host: no answer is out of its time", async () => {
  for (let seed = 1; seed <= 300; seed += 1) {
    const next = random(seed);
    const place = new MemoryPlace();
    const store = await openStore({
      adapter: slowAndFailing(place, next),
      maxEntries: 1 + next(6),
      strategy: next(3) === 0 ? "disk" : "memory-disk",
    });
    const run = new Run(seed, next, store);
    for (let step = 0; step < STEPS; step += 1) await run.step();
    await run.end(place);
    await store.close();
  }
});
