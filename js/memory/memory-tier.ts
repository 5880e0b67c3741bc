/**
 * The memory tier as the store uses it: the core, the decoded values on this side of the wall, and
 * the effects that keep both in step.
 */

import { isSame } from "../bytes.js";
import { Core, type CoreStats, type StoreHandle } from "../core/core.js";
import { hex, type PackedRow, rowOf } from "../core/packed-row.js";
import { encodePut, metadataOf, type PutRecord } from "../core/record.js";
import { ASK, PUT_ACCESS_COUNT, PUT_CREATED } from "../core/wall.js";
import { SchemaStoreError } from "../errors.js";
import { decodeText, deepFreeze } from "../json.js";
import type { CoreModule } from "../load/module.js";
import { checkRequest } from "../parse-canonical.js";
import { check, FROM_0 } from "../rules.js";
import type { Metadata } from "../types.js";
import { Catalog } from "./catalog.js";
import type { Ranking } from "./custom-policy.js";
import { applyEffects } from "./effects.js";
import { HotMap } from "./hot-map.js";
import type { Found, MemoryListener, MemoryOptions, PressureWatch } from "./types.js";

/** Hits that may wait to be reported: a small integer in every engine. */
const MAX_UNREPORTED_HITS = 2 ** 30 - 1;
/** The same once anything had a limited life: also a loop that waits for nothing sees the end of one. */
const MAX_UNREPORTED_HITS_WHEN_EXPIRING = 256;
/** Numbers of a report for which there is always room in Wasm memory: the core keeps more than that free. */
const MAX_UNRESERVED_NUMBERS = 12_000;

/** Core, hot map and report of hits. */
export class MemoryTier {
  /** Who leaves, where a function of the user's says so. */
  readonly ranking: Ranking | undefined;
  /** What is known of rows. */
  readonly catalog: Catalog;
  readonly #core: Core;
  readonly #options: MemoryOptions;
  readonly #listener: MemoryListener;
  readonly #hot: HotMap;
  /** Hits since the last report, and how many of them there may be. */
  #hits = 0;
  #mayWait = MAX_UNREPORTED_HITS;
  #reportedAt = -1;
  #revision = 0;
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
    this.catalog = new Catalog(this.#core, options.now, () => this.reportHits());
  }

  /** Changes whenever a request may mean something else than before. */
  get revision(): number {
    return this.#revision;
  }

  /** The value of a request that was served before: a Map look-up, and the hit recorded. */
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
    if (this.#hits >= this.#mayWait) this.reportHits();
    return value;
  }

  /** Brings the core up to date: hits, clock, effects. Comes before every other question to it. */
  reportHits(): void {
    const now = this.#options.now();
    // Nothing was hit and no time has passed since: there is nothing to bring up to date.
    if (this.#hits === 0 && now === this.#reportedAt) return;
    this.#reportedAt = now;
    this.#hits = 0;
    let report = this.#hot.report();
    // Without room for it the order in which bodies leave suffers, and nothing else.
    if (report.length > MAX_UNRESERVED_NUMBERS && !this.#reserve(report.byteLength))
      report = new Uint32Array();
    this.#apply(this.#core.call((core) => core.drain(report, now)));
  }

  /** What a request means now. INVALID_KEY. */
  lookUp(request: string): Found {
    checkRequest(request);
    this.reportHits();
    const answer = this.#core.call((core) => core.lookUp(request));
    if (answer < 0) this.catalog.rowsOf(request);
    const hasText = answer > ASK;
    return { slot: hasText ? answer - ASK - 1 : answer, hasText, revision: this.#revision };
  }

  /** The slot the catalog has for a request. INVALID_KEY. */
  slotOf(request: string): number | undefined {
    const { slot } = this.lookUp(request);
    return slot === 0 || slot === ASK ? undefined : slot;
  }

  /** The slot of the expired entry a request means that is kept as stale; 0 for none. */
  stale(request: string): number {
    return this.#core.call((core) => core.stale(request), request);
  }

  /** The value of what was found for a request, if memory has it in any form. */
  recall(request: string, found: Found): object | undefined {
    const value = this.#hot.valueOf(found.slot);
    if (value !== undefined) {
      this.#hot.link(request, found.slot);
      return value;
    }
    const body = this.text(found);
    return body && this.decode(request, found.slot, body);
  }

  /** The value of a slot if it is decoded. */
  valueOf(slot: number): object | undefined {
    return this.#hot.valueOf(slot);
  }

  /** The text of what was found if memory has it. */
  text({ slot, hasText }: Found): Uint8Array | undefined {
    return hasText ? this.body(slot) : this.#listener.pendingBody(slot);
  }

  /** The bytes of a slot if memory has them. */
  body(slot: number): Uint8Array | undefined {
    return this.#listener.pendingBody(slot) ?? this.#core.call((core) => core.encoded(slot));
  }

  /** Decodes a body and keeps the value; `used` if this is a use but not a hit. CORRUPT. */
  decode(request: string, slot: number, body: Uint8Array, used = false): object {
    const value = this.parse(request, body);
    if (this.#options.keepsValues) {
      this.keep(slot, value, used);
      this.#hot.link(request, slot);
      this.pressure?.check(body.length);
    } else if (used) {
      this.used([slot]);
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
  keep(slot: number, value: object, used = false): void {
    const answer = this.#core.call((core) => core.admitDecoded(slot, used));
    const hasEffects = answer > ASK;
    this.#hot.keep(slot, hasEffects ? answer - ASK - 1 : answer, value);
    if (hasEffects) this.#applyAll();
  }

  /** Lets the value of a slot go. */
  drop(slot: number): void {
    this.#hot.drop(slot);
  }

  /** Asks the core what this class has no method for, and carries out what follows from it. */
  ask<T>(question: (core: StoreHandle) => T): T {
    this.reportHits();
    return this.#change(question);
  }

  /** Keeps bytes by slot, but of slots whose body memory has already; those of a host if they fit. */
  admit(bodies: Iterable<readonly [slot: number, body: Uint8Array]>): void {
    for (const [slot, body] of bodies) {
      if (this.#options.core.durable && !this.#reserve(body.length)) continue;
      this.#core.call((core) => core.admitEncoded(slot, body));
    }
    this.#applyAll();
  }

  /** Makes sure that Wasm memory can take so many bytes. STORAGE_FULL. */
  require(bytes: number): void {
    if (this.#reserve(bytes)) return;
    const message = `WebAssembly memory cannot grow to hold ${bytes} bytes`;
    throw new SchemaStoreError("STORAGE_FULL", message);
  }

  /** Frees this many bytes, or as many as it can; returns how many were freed. INVALID_VALUE. */
  trim(bytes: number, pressure = false): number {
    check(bytes, FROM_0, "bytes");
    const wanted = Math.min(Math.ceil(bytes), 0xffff_ffff);
    const freed = this.ask((core) => core.trim(wanted, pressure));
    this.#hot.prune();
    return freed;
  }

  /** Builds the row of a put. INVALID_KEY, INVALID_VALUE, ENTRY_TOO_LARGE, STORAGE_FULL. */
  pack(record: PutRecord, body: Uint8Array): PackedRow {
    this.reportHits();
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
    this.reportHits();
    const text = encodePut(record);
    const hash = this.digest(body);
    if (!this.#options.core.durable) this.require(body.length);
    const packed = this.#core.call(
      (core) => core.put(text, hash, body.length, pending, record.now),
      record.url,
    );
    const numbers = new DataView(packed.buffer);
    keep(numbers.getUint32(0, true), rowOf(packed, hash));
    this.#applyAll();
    return metadataOf(record, {
      contentHash: hex(hash),
      size: body.length,
      accessCount: numbers.getUint32(PUT_ACCESS_COUNT, true),
      createdAt: numbers.getFloat64(PUT_CREATED, true),
    });
  }

  /** Takes a row into the catalog; returns its slot, 0 for one of a layer above the base. */
  insertRow(row: PackedRow): number {
    const now = this.#options.now();
    return this.#change((core) => core.insertRow(row.key, row.hash, row.meta, now));
  }

  /** The same with its body, which is there before anything is told of the entry. STORAGE_FULL. */
  insertResident(row: PackedRow, body: Uint8Array): void {
    this.require(body.length);
    const now = this.#options.now();
    const slot = this.#core.call((core) => core.insertRow(row.key, row.hash, row.meta, now));
    this.admit([[slot, body]]);
  }

  /** Takes a packed index; the catalog is complete afterwards. */
  insertIndex(packed: Uint8Array): void {
    this.require(packed.length);
    this.#change((core) => core.insertIndex(packed, this.#options.now()));
  }

  /** Replaces the catalog by `rows`, except the slots in `keep`; it is complete afterwards. */
  replaceRows(rows: Iterable<PackedRow>, keep: readonly number[]): void {
    this.reportHits();
    this.#core.call((core) => core.startSweep());
    for (const row of rows) this.insertRow(row);
    this.#change((core) => core.endSweep(Uint32Array.from(keep)));
  }

  /** Takes all rows of a URL. */
  insertRowsOf(url: string, rows: Iterable<PackedRow>): void {
    this.reportHits();
    for (const row of rows) this.insertRow(row);
    this.#core.call((core) => core.setWhole(url));
  }

  /** Takes a row out of the catalog. */
  removeRow(key: Uint8Array): boolean {
    return this.#change((core) => core.removeRow(key));
  }

  /** Counts bytes that are not durable yet. */
  addPending(bytes: number): void {
    this.#change((core) => core.addPending(bytes));
  }

  /** Uncounts them. */
  removePending(bytes: number): void {
    this.#core.call((core) => core.removePending(bytes));
  }

  /** Whether a body has the hash it is filed under. */
  hashMatches(body: Uint8Array, hash: Uint8Array): boolean {
    return isSame(this.digest(body), hash);
  }

  /** Counters and sizes. */
  stats(): CoreStats & { wasmBytes: number; hotMap: HotMap } {
    this.reportHits();
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
    this.#applyAll();
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

  /** Changes something in the core, and carries out what follows from it. */
  #change<T>(work: (core: StoreHandle) => T): T {
    const answer = this.#core.call(work);
    this.#applyAll();
    return answer;
  }

  #applyAll(): void {
    this.#apply(this.#core.call((core) => core.effects()));
  }

  #apply(effects: Uint32Array | undefined): void {
    if (effects === undefined) return;
    const changed = new Set<number>();
    const { ended, ranks } = applyEffects(effects, {
      drop: (slot) => this.#hot.drop(slot),
      evicted: (slot, cause) => this.#listener.evicted(this.catalog.canonical(slot), cause),
      expired: (slot) => this.#listener.expired(this.catalog.canonical(slot)),
      limited: () => {
        this.#mayWait = MAX_UNREPORTED_HITS_WHEN_EXPIRING;
        this.#listener.limited();
      },
      resolutionChanged: (url) => {
        this.#hot.move(url);
        this.#revision += 1;
        changed.add(url);
      },
    });
    if (ended.length > 0) this.#listener.graceEnded(ended);
    if (changed.size > 0) {
      const textOf = (url: number) => this.#core.call((core) => core.urlText(url)) ?? "";
      this.#listener.resolutionChanged(() => Array.from(changed, textOf));
    }
    if (ranks) {
      this.ranking?.evict(this.#core, this.#listener.failed);
      // What it asked for itself is no use of anything.
      this.#hot.report();
      this.#hits = 0;
      this.#applyAll();
    }
  }

  #restarted(): void {
    this.clear();
    this.#revision += 1;
    this.#listener.restarted();
  }
}
