/** What the cases of the contract are written with. */

import { type ErrorCode, SchemaStoreError } from "../errors.js";
import type { HostAdapter, HostBatch, HostOpened, HostPut, HostRow, HostToken } from "../host.js";
import type { CoreModule } from "../load/module.js";

/** One test of the contract, on a place of its own. */
export type Case = (place: Place) => Promise<void>;

/** A place under test, and the adapters open on it. */
export class Place {
  readonly #make: () => HostAdapter;
  readonly #core: CoreModule;
  readonly #adapters: HostAdapter[] = [];

  constructor(make: () => HostAdapter, core: CoreModule) {
    this.#make = make;
    this.#core = core;
  }

  /** An adapter that is not open yet. */
  adapter(): HostAdapter {
    const adapter = this.#make();
    this.#adapters.push(adapter);
    return adapter;
  }

  /** Another adapter, open. */
  async open(): Promise<HostAdapter> {
    return (await this.opened()).adapter;
  }

  /** Another adapter, open, with what `open` told. */
  async opened(): Promise<{ adapter: HostAdapter; opened: HostOpened }> {
    const adapter = this.adapter();
    return { adapter, opened: await this.openAgain(adapter) };
  }

  openAgain(adapter: HostAdapter): Promise<HostOpened> {
    return adapter.open({ core: this.#core });
  }

  /** Closes all that is open and deletes the place. */
  async dispose(): Promise<void> {
    for (const adapter of this.#adapters) await adapter.close();
    const last = this.#make();
    await this.openAgain(last);
    await last.destroy();
  }
}

/** Bytes of a text. */
export function utf8(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

/** Bytes from a seed that do not compress, the same each time. */
export function noise(seed: number, length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  const next = random(seed);
  for (let i = 0; i < length; i += 1) bytes[i] = next(256);
  return bytes;
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

/** What a `HostPut` is made from; the rest follows from `key`. */
export interface PutParts {
  readonly key: string | Uint8Array;
  readonly url?: string;
  readonly meta?: Uint8Array;
  readonly body?: string | Uint8Array;
}

/** A put with the true hash of its body. */
export async function put(parts: PutParts): Promise<HostPut> {
  const key = typeof parts.key === "string" ? utf8(parts.key) : parts.key;
  const url = parts.url ?? `http://example.org/${hex(key).slice(0, 64)}`;
  const body = typeof parts.body === "string" ? utf8(parts.body) : parts.body;
  const exact = new Uint8Array(body ?? utf8(`{"key":"${hex(key).slice(0, 64)}"}`));
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", exact));
  return { key, url, hash, meta: parts.meta ?? utf8("meta"), body: exact };
}

/** Commits, strictly; what is left out is empty. */
export function commit(adapter: HostAdapter, batch: Partial<HostBatch>): Promise<HostToken> {
  return adapter.commit({ put: [], delete: [], ...batch }, { durability: "strict" });
}

/** Puts one entry and commits it. */
export async function store(adapter: HostAdapter, parts: PutParts): Promise<HostPut> {
  const one = await put(parts);
  await commit(adapter, { put: [one] });
  return one;
}

/** The row of one key. */
export async function row(
  adapter: HostAdapter,
  key: string | Uint8Array,
): Promise<HostRow | undefined> {
  return (await adapter.rows([typeof key === "string" ? utf8(key) : key]))[0];
}

/** The row of a key that must be there. */
export async function rowOf(adapter: HostAdapter, key: string | Uint8Array): Promise<HostRow> {
  const found = await row(adapter, key);
  if (!found) fail(`there is no row ${describe(key)}`);
  return found;
}

/** The body of one hash. */
export async function body(
  adapter: HostAdapter,
  hash: Uint8Array,
): Promise<Uint8Array | undefined> {
  return (await adapter.bodies([hash]))[0];
}

/** Asserts that exactly these entries are there, whichever way one asks. */
export async function holds(
  adapter: HostAdapter,
  puts: readonly HostPut[],
  what: string,
): Promise<void> {
  const { rows } = await adapter.allRows();
  equal(rows.map((found) => hex(found.key)).sort(), puts.map(({ key }) => hex(key)).sort(), what);
  const byKey = await adapter.rows(puts.map(({ key }) => key));
  const bodies = await adapter.bodies(puts.map(({ hash }) => hash));
  const byUrl = await adapter.byUrl(puts.map(({ url }) => url));
  equal(byUrl.length, puts.length, `${what}: rows by url`);
  puts.forEach((wanted, i) => {
    sameRow(byKey[i], wanted, `${what}: row ${i}`);
    sameBytes(bodies[i], wanted.body, `${what}: body ${i}`);
  });
}

/** Asserts that the row says what was put. */
export function sameRow(found: HostRow | undefined, wanted: HostPut, what: string): void {
  if (!found) fail(`${what}: it is missing`);
  sameBytes(found.key, wanted.key, `${what}: key`);
  sameBytes(found.hash, wanted.hash, `${what}: hash`);
  sameBytes(found.meta, wanted.meta, `${what}: meta`);
  equal(found.url, wanted.url, `${what}: url`);
}

export function sameBytes(found: Uint8Array | undefined, wanted: Uint8Array, what: string): void {
  if (!found) fail(`${what}: expected ${wanted.byteLength} bytes, found undefined`);
  if (found.byteLength !== wanted.byteLength) {
    fail(`${what}: expected ${wanted.byteLength} bytes, found ${found.byteLength}`);
  }
  const at = found.findIndex((byte, i) => byte !== wanted[i]);
  if (at >= 0) fail(`${what}: byte ${at} is ${found[at]}, not ${wanted[at]}`);
}

/** Asserts that two plain values have the same JSON. */
export function equal(found: unknown, wanted: unknown, what: string): void {
  const [is, should] = [describe(found), describe(wanted)];
  if (is !== should) fail(`${what}: expected ${should}, found ${is}`);
}

export function ok(condition: boolean, what: string): void {
  if (!condition) fail(what);
}

/** Asserts that the promise rejects with a `SchemaStoreError` of this code. */
export async function rejects(
  promise: Promise<unknown>,
  code: ErrorCode,
  what: string,
): Promise<void> {
  const thrown = await promise.then(
    () => fail(`${what}: expected ${code}, but it succeeded`),
    (error: unknown) => error,
  );
  if (!(thrown instanceof SchemaStoreError)) fail(`${what}: expected ${code}, found ${thrown}`);
  equal(thrown.code, code, `${what} (${thrown.message})`);
}

/** Waits until `holds` is true; false after five seconds. */
export async function eventually(holds: () => boolean): Promise<boolean> {
  for (let waited = 0; waited < 5000; waited += 20) {
    if (holds()) return true;
    await pause(20);
  }
  return holds();
}

export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function fail(message: string): never {
  throw new Error(message);
}

function describe(value: unknown): string {
  if (value instanceof Uint8Array) return hex(value.subarray(0, 32));
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 400 ? `${text.slice(0, 400)}... (${text.length} characters)` : text;
}
