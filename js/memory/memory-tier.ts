/**
 * The memory tier as the store uses it: the core, the decoded values on this side of the wall, and
 * the effects that keep both in step.
 */

import { ASK, CAUSES, Core, type CoreStats, type StoreHandle } from "../core/core.js";
import { hex, type PackedRow, rowOf } from "../core/packed-row.js";
import { decodeMetadata, encodePut, metadataOf, type PutRecord } from "../core/record.js";
import { SchemaStoreError } from "../errors.js";
import { decodeText, deepFreeze } from "../json.js";
import type { CoreModule } from "../load/module.js";
import { checkRequest } from "../parse-canonical.js";
import { check, FROM_0 } from "../rules.js";
import type { EvictionCause, Filter, Metadata } from "../types.js";
import type { Ranking } from "./custom-policy.js";
import { HotMap } from "./hot-map.js";
import type { Hidden, MemoryListener, MemoryOptions, PressureWatch } from "./types.js";

// Codes of the effects in their lowest four bits, as in `src/wasm/store_handle.rs`.
const EVICTED = 0;
const RETIRED = 1;
const EXPIRED = 2;
const MOVED = 3;
const LIMITED = 4;
const RANK = 5;
const DROPPED = 6;
const OVER = 7;

/** So many hits may wait for the next question to the core: a small integer in every engine. */
const MANY = 2 ** 30 - 1;
/** Once anything had a limited life: also a loop that waits for nothing sees the end of one. */
const FEW = 256;
/** A report of so many numbers finds room in Wasm memory: the core keeps more than that free. */
const SHORT = 12_000;

/** Core, hot map and report of hits. */
export class MemoryTier {
  /** Who leaves, where a function of the user's says so. */
  readonly ranking: Ranking | undefined;
  readonly #core: Core;
  readonly #options: MemoryOptions;
  readonly #listener: MemoryListener;
  readonly #hot: HotMap;
  /** Hits since the last report, and how many of them there may be. */
  #hits = 0;
  #mayWait = MANY;
  #settledAt = -1;
  #version = 0;
  /** Bytes that are pinned or leased. */
  leased = 0;
  /** Looks after the memory of the process whenever something was loaded. */
  pressure: PressureWatch | undefined;

  constructor(module: CoreModule, options: MemoryOptions, listener: MemoryListener) {
    this.#options = options;
    this.ranking = options.ranking;
    this.#listener = listener;
    this.#hot = new HotMap(4 * options.core.maxEntries + 1024);
    this.#core = new Core(module, options.core, () => this.#restarted());
  }

  /** Changes whenever a request may mean something else than before. */
  get version(): number {
    return this.#version;
  }

  /** The value of a request that was answered before: a Map look-up, and the hit written down. */
  hit(request: string): object | undefined {
    const hot = this.#hot;
    const place = hot.byRequest.get(request);
    if (place === undefined) return undefined;
    const value = hot.values[place];
    if (value === undefined) return undefined;
    const at = 2 * place;
    if ((hot.hits[at] as number)++ === 0) hot.touched.push(place);
    this.#hits += 1;
    hot.hits[at + 1] = this.#hits;
    if (this.#hits >= this.#mayWait) this.settle();
    return value;
  }

  /** Brings the core up to date: hits, clock, effects. Comes before every other question to it. */
  settle(): void {
    const now = this.#options.now();
    // Nothing was hit and no time has passed since: there is nothing to bring up to date.
    if (this.#hits === 0 && now === this.#settledAt) return;
    this.#settledAt = now;
    this.#hits = 0;
    let report = this.#hot.report();
    // Without room for it the order in which bodies leave suffers, and nothing else.
    if (report.length > SHORT && !this.#reserve(report.byteLength)) report = new Uint32Array();
    this.#core.call((core) => core.drain(report, now));
    this.#apply();
  }

  /** The slot a request means now; 0 for none, `ASK` when the host must be asked. INVALID_KEY. */
  resolve(request: string): number {
    checkRequest(request);
    this.settle();
    return this.#core.call((core) => core.resolve(request), request);
  }

  /** The slot the catalog has for a request. INVALID_KEY. */
  known(request: string): number | undefined {
    const slot = this.resolve(request);
    return slot === 0 || slot === ASK ? undefined : slot;
  }

  /** The slot of the expired entry a request means that is kept as stale; 0 for none. */
  stale(request: string): number {
    return this.#core.call((core) => core.stale(request), request);
  }

  /** The value of a slot if memory has it in any form. */
  recall(request: string, slot: number): object | undefined {
    let value = this.#hot.valueOf(slot);
    if (value !== undefined) {
      this.#hot.link(request, slot);
    } else {
      const body = this.body(slot);
      if (body === undefined) return undefined;
      value = this.decode(request, slot, body);
    }
    return value;
  }

  /** The value of a slot if it is decoded. */
  valueOf(slot: number): object | undefined {
    return this.#hot.valueOf(slot);
  }

  /** The bytes of a slot if memory has them. */
  body(slot: number): Uint8Array | undefined {
    return this.#listener.pendingBody(slot) ?? this.#core.call((core) => core.encoded(slot));
  }

  /** Decodes a body that was not in memory, and keeps the value. CORRUPT. */
  decode(request: string, slot: number, body: Uint8Array): object {
    const value = this.parse(request, body);
    if (this.#options.keepsValues) {
      this.keep(slot, value);
      this.#hot.link(request, slot);
      this.pressure?.check(body.length);
    }
    return value;
  }

  /** Counts uses of what was not in memory. */
  used(slots: readonly number[]): void {
    this.#core.call((core) => core.used(Uint32Array.from(slots), true));
  }

  /** Decodes a body. CORRUPT. */
  parse(request: string, body: Uint8Array): object {
    let value: object;
    try {
      value = JSON.parse(decodeText(body)) as object;
    } catch (cause) {
      throw new SchemaStoreError("CORRUPT", "the stored body is not JSON", { key: request, cause });
    }
    return this.#options.values === "shared" ? value : deepFreeze(value);
  }

  /** Keeps the value of a slot, as far as the budgets allow. */
  keep(slot: number, value: object): void {
    const url = this.#core.call((core) => core.admitDecoded(slot));
    this.#hot.keep(slot, url, value);
    this.#apply();
  }

  /** Lets the value of a slot go. */
  drop(slot: number): void {
    this.#hot.drop(slot);
  }

  /** Asks the core what this class has no method for, and carries out what follows from it. */
  ask<T>(question: (core: StoreHandle) => T): T {
    this.settle();
    const answer = this.#core.call(question);
    this.#apply();
    return answer;
  }

  /** Keeps bytes by slot, but of slots whose body memory has already; those of a host if they fit. */
  admit(bodies: Iterable<readonly [slot: number, body: Uint8Array]>): void {
    for (const [slot, body] of bodies) {
      if (this.#options.core.durable && !this.#reserve(body.length)) continue;
      this.#core.call((core) => core.admitEncoded(slot, body));
    }
    this.#apply();
  }

  /** Makes sure that Wasm memory can take so many bytes. STORAGE_FULL. */
  require(bytes: number): void {
    if (this.#reserve(bytes)) return;
    const message = `WebAssembly memory cannot grow to take ${bytes} bytes`;
    throw new SchemaStoreError("STORAGE_FULL", message);
  }

  /** Lets so many bytes of memory go, or what there is; answers how many it were. INVALID_VALUE. */
  trim(bytes: number, pressure = false): number {
    check(bytes, FROM_0, "bytes");
    const wanted = Math.min(Math.ceil(bytes), 0xffff_ffff);
    const freed = this.ask((core) => core.trim(wanted, pressure));
    this.#hot.prune();
    return freed;
  }

  /** Builds the row of a put. INVALID_KEY, INVALID_VALUE, ENTRY_TOO_LARGE, STORAGE_FULL. */
  pack(record: PutRecord, body: Uint8Array): PackedRow {
    this.settle();
    const text = encodePut(record);
    const packed = this.#core.call((core) => core.pack(text, body.length), record.url);
    return rowOf(packed, this.digest(body));
  }

  /**
   * Builds the row of a put and takes it into the catalog. `keep` sees to the body before anything
   * is told of the entry; one that is `pending`, not durable yet, is counted.
   */
  put(
    record: PutRecord,
    body: Uint8Array,
    pending: boolean,
    keep: (slot: number, row: PackedRow) => void,
  ): Metadata {
    this.settle();
    const text = encodePut(record);
    const hash = this.digest(body);
    if (!this.#options.core.durable) this.require(body.length);
    const packed = this.#core.call(
      (core) => core.put(text, hash, body.length, pending, record.now),
      record.url,
    );
    const numbers = new DataView(packed.buffer);
    keep(numbers.getUint32(0, true), rowOf(packed, hash));
    this.#apply();
    return metadataOf(record, {
      contentHash: hex(hash),
      size: body.length,
      accessCount: numbers.getUint32(4, true),
      createdAt: numbers.getFloat64(12, true),
    });
  }

  /** Takes a row into the catalog; returns its slot, 0 for one of a layer above the base. */
  learn(row: PackedRow): number {
    const now = this.#options.now();
    const slot = this.#core.call((core) => core.learn(row.key, row.hash, row.meta, now));
    this.#apply();
    return slot;
  }

  /** Takes a packed index; the catalog is complete afterwards. */
  learnIndex(packed: Uint8Array): void {
    this.require(packed.length);
    this.#core.call((core) => core.learnIndex(packed, this.#options.now()));
    this.#apply();
  }

  /** Replaces the catalog by `rows`, but for the slots in `keep`; it is complete afterwards. */
  learnAll(rows: Iterable<PackedRow>, keep: readonly number[]): void {
    this.settle();
    this.#core.call((core) => core.startSweep());
    for (const row of rows) this.learn(row);
    this.#core.call((core) => core.endSweep(Uint32Array.from(keep)));
    this.#apply();
  }

  /** Takes all rows of a URL. */
  learnUrl(url: string, rows: Iterable<PackedRow>): void {
    this.settle();
    for (const row of rows) this.learn(row);
    this.#core.call((core) => core.setWhole(url));
  }

  /** Takes a row out of the catalog. */
  forget(key: Uint8Array): boolean {
    const known = this.#core.call((core) => core.forget(key));
    this.#apply();
    return known;
  }

  /** Counts bytes that are not durable yet. */
  pend(bytes: number): void {
    this.#core.call((core) => core.pend(bytes));
    this.#apply();
  }

  /** Uncounts them. */
  unpend(bytes: number): void {
    this.#core.call((core) => core.unpend(bytes));
  }

  /** Slots a filter takes, in the order of their canonicals; what nobody can read where asked for. */
  list(
    { urlPrefix, package: source, type, tag, olderThanMs }: Filter,
    { expired = false, damaged = false }: Hidden = {},
  ): Uint32Array {
    this.settle();
    const before = olderThanMs === undefined ? undefined : this.#options.now() - olderThanMs;
    const hidden = (expired ? 1 : 0) + (damaged ? 2 : 0);
    return this.#core.call((core) => core.list(urlPrefix, source, type, tag, before, hidden));
  }

  /** Slots of all rows of `url` or `url|version`. */
  rowsOf(request: string): Uint32Array {
    checkRequest(request);
    this.settle();
    return this.#core.call((core) => core.rowsOf(request), request);
  }

  /** What is known of a slot, which must hold an entry. */
  metadata(slot: number): Metadata {
    return decodeMetadata(this.#core.call((core) => core.metadata(slot)) ?? "");
  }

  /** Row key of a slot. */
  key(slot: number): Uint8Array | undefined {
    return this.#core.call((core) => core.key(slot));
  }

  /** The slot of a row key; 0 for none. */
  find(key: Uint8Array): number {
    return this.#core.call((core) => core.find(key));
  }

  /** Packed metadata of a slot. */
  meta(slot: number): Uint8Array | undefined {
    return this.#core.call((core) => core.meta(slot));
  }

  /** Content hash of a slot. */
  hash(slot: number): Uint8Array | undefined {
    return this.#core.call((core) => core.hash(slot));
  }

  /** `url|version` of a slot. */
  canonical(slot: number): string {
    return this.#core.call((core) => core.canonical(slot)) ?? "";
  }

  /** Whether a body has the hash it is filed under. */
  hashMatches(body: Uint8Array, hash: Uint8Array): boolean {
    const actual = this.digest(body);
    return hash.every((byte, at) => byte === actual[at]);
  }

  /** Counters and sizes. */
  stats(): CoreStats & { wasmBytes: number; hotMap: HotMap } {
    this.settle();
    return this.#core.call((core, glue) => ({
      ...(core.stats() as CoreStats),
      wasmBytes: glue.memoryBytes(),
      hotMap: this.#hot,
    }));
  }

  /** Lets every value go. */
  clear(): void {
    this.#hot.clear();
    this.#hits = 0;
  }

  /** Notes a hit of a slot the core was asked for. */
  touch(slot: number): void {
    this.#hits += 1;
    this.#hot.noted.push(slot, 1, this.#hits);
  }

  /** Whether Wasm memory can take so many bytes, where need be in place of what is there. */
  #reserve(bytes: number): boolean {
    const freed = this.#core.call((core) => core.reserve(bytes, this.#options.autoCleanup));
    if (freed === 0) return true;
    this.#apply();
    const freedBytes = Math.max(freed, 0);
    this.#listener.relieved({ reason: "wasm", wantedBytes: bytes, freedBytes });
    return freed > 0;
  }

  /** The SHA-256 of bytes. */
  digest(bytes: Uint8Array): Uint8Array {
    const { sha256 } = this.#options;
    if (sha256 !== undefined) return sha256(bytes);
    this.require(bytes.length);
    return this.#core.call((_core, glue) => glue.sha256(bytes));
  }

  #apply(): void {
    const effects = this.#core.call((core) => core.effects());
    if (effects === undefined) return;
    const moved = new Set<number>();
    const over: number[] = [];
    let ranks = false;
    for (let index = 0; index < effects.length; index += 2) {
      const target = effects[index + 1] ?? 0;
      const code = effects[index] ?? 0;
      switch (code & 15) {
        case EVICTED:
          this.#hot.drop(target);
          this.#listener.evicted(this.canonical(target), CAUSES[code >> 4] as EvictionCause);
          break;
        case RETIRED:
        case DROPPED:
          this.#hot.drop(target);
          break;
        case EXPIRED:
          this.#hot.drop(target);
          this.#listener.expired(this.canonical(target));
          break;
        case LIMITED:
          this.#mayWait = FEW;
          this.#listener.limited();
          break;
        case OVER:
          over.push(target);
          break;
        case RANK:
          ranks = true;
          break;
        case MOVED:
          this.#hot.move(target);
          this.#version += 1;
          moved.add(target);
      }
    }
    if (over.length > 0) this.#listener.over(over);
    if (moved.size > 0) {
      const textOf = (url: number) => this.#core.call((core) => core.urlText(url)) ?? "";
      this.#listener.moved(() => Array.from(moved, textOf));
    }
    if (ranks) {
      this.ranking?.evict(this.#core, this.#listener.failed);
      // What it asked for itself is no use of anything.
      this.#hot.report();
      this.#hits = 0;
      this.#apply();
    }
  }

  #restarted(): void {
    this.clear();
    this.#version += 1;
    this.#listener.restarted();
  }
}
