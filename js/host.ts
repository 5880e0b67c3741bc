/**
 * The durable tier as the store sees it. An adapter keeps opaque rows and the bodies they name;
 * it never looks into either. Every adapter passes `adapterContract` of `fhir-schema-store/testing`.
 */

import type { CoreModule } from "./load/module.js";

/** One entry at rest, without its body. */
export interface HostRow {
  /** Identity, at most 8 KB. Opaque: compare bytes, never parse. */
  readonly key: Uint8Array;
  /** The canonical URL, for `byUrl`; several rows share one. */
  readonly url: string;
  /** SHA-256 of the body this row names; 32 bytes, all zero if row or body can no longer be read. */
  readonly hash: Uint8Array;
  /** Packed metadata, opaque. */
  readonly meta: Uint8Array;
  /** Grows with every commit that touches the row; compared for equality by `expect`. */
  readonly revision: number;
}

/** A row to write, with the body it names: the adapter skips a body that it already has intact. */
export interface HostPut {
  readonly key: Uint8Array;
  readonly url: string;
  readonly hash: Uint8Array;
  readonly meta: Uint8Array;
  /** The body, an exact-size copy that nobody changes afterwards. */
  readonly body: Uint8Array;
}

/** "This row is still at this revision"; revision 0 means "there is no such row". */
export interface HostExpectation {
  readonly key: Uint8Array;
  readonly revision: number;
}

/** "This URL has this many rows": with their keys expected too, "these and no others". */
export interface HostUrlExpectation {
  readonly url: string;
  readonly count: number;
}

/** What one `commit` writes: all of it or nothing. A key is in `put` or in `delete`, once. */
export interface HostBatch {
  readonly put: readonly HostPut[];
  readonly delete: readonly Uint8Array[];
  readonly expect?: readonly HostExpectation[];
  readonly expectUrl?: HostUrlExpectation;
}

/** `strict`: on stable storage when the promise resolves. `relaxed`: in the host's hands. */
export type Durability = "strict" | "relaxed";

/** What an adapter can do beyond the minimum. */
export interface HostCapabilities {
  /** `index()` always returns all rows, at once. */
  readonly fullIndex: boolean;
  /** `changes()` includes what other stores on the same place wrote. */
  readonly changes: boolean;
  /** `commit` is all or nothing. */
  readonly atomicBatch: boolean;
  /** `exclusive()` excludes every other store on the same place. */
  readonly exclusive: boolean;
  /** `bodies()` checks a checksum on each read; otherwise the store checks the SHA-256. */
  readonly checked: boolean;
}

/** What `open` found. */
export interface HostOpened {
  /** Identity of the place: a new one means that everything known before is gone. */
  readonly storeId: string;
  /** What messages call the place: a directory, the name of a database. */
  readonly place?: string;
  /** Where `changes` starts from. */
  readonly token: HostToken;
  /** Whether acknowledged commits survive the process. */
  readonly durable: boolean;
  readonly capabilities: HostCapabilities;
  /** Damage that was skipped and that no row reports: one sentence each, for `health()`. */
  readonly damage: readonly string[];
}

/** A point in the place's history; meaningful to the adapter that gave it, within one `open`. */
export type HostToken = number;

/** Every row of a place at one moment. */
export interface HostRows {
  readonly rows: readonly HostRow[];
  readonly token: HostToken;
  /** The place they are of: another one than before where that was deleted behind the adapter. */
  readonly storeId: string;
}

/** Rows written and keys deleted since a token. */
export interface HostChanges {
  readonly rows: readonly HostRow[];
  readonly deleted: readonly Uint8Array[];
  readonly token: HostToken;
}

/** Space taken at rest. */
export interface HostUsage {
  /** Bytes used by this place. */
  readonly bytes: number;
  /** Bytes allowed, if the host says. Advisory. */
  readonly quota?: number;
  /** Bytes of WebAssembly memory that the adapter holds besides the store's own. */
  readonly memoryBytes?: number;
}

/** What an adapter gets at `open`. */
export interface HostContext {
  /** The compiled core, for adapters whose format lives there; each `instantiate()` is separate. */
  readonly core: CoreModule;
}

/**
 * Bytes at rest. Every method may be called concurrently; every failure is a `SchemaStoreError`. Should somebody
 * delete the place behind an open adapter, that goes on with an empty one: watchers are called or `poll` says so,
 * `changes` gives "reset", `allRows` another `storeId`, and what is committed from then on is in the new place.
 */
export interface HostAdapter {
  /** For messages and statistics: `fs`, `indexeddb`, `memory`, ... */
  readonly name: string;
  /** Opens the place, making it if absent. */
  open(context: HostContext): Promise<HostOpened>;
  /** All rows in the core's packed form, or undefined when the adapter holds no current copy. */
  index(): Promise<Uint8Array | undefined>;
  /** Offers the packed rows as they were at `token`, for `index` to return. */
  saveIndex(packed: Uint8Array, token: HostToken): Promise<void>;
  /** Every row there is; for adapters without `fullIndex`, and for hosts that lost the packed form. */
  allRows(): Promise<HostRows>;
  /** The rows of these keys; absent ones are undefined. Positional. */
  rows(keys: readonly Uint8Array[]): Promise<(HostRow | undefined)[]>;
  /** All rows of these URLs as they are now, including those that others wrote; in any order. */
  byUrl(urls: readonly string[]): Promise<HostRow[]>;
  /** What has changed since `token`, including own commits, or `"reset"` if that is not known. */
  changes(token: HostToken): Promise<HostChanges | "reset">;
  /** The bodies of these hashes; absent and, where `checked`, damaged ones are undefined. Positional. */
  bodies(hashes: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]>;
  /**
   * Reports that `body`, which `bodies` returned for this hash, does not match it; without `body`, that the
   * adapter has none. If that still holds, the rows that name it change: see `HostRow.hash`.
   */
  reportDamage?(hash: Uint8Array, body?: Uint8Array): Promise<void>;
  /** The current sentences of `HostOpened.damage`, without what has been healed meanwhile. */
  damage?(): readonly string[];
  /** Everything was deleted: damage that no row reports need not be reported any more. */
  giveUp?(): Promise<void>;
  /** Writes a batch: all or nothing, durable when it resolves. CONCURRENCY when an expectation fails. */
  commit(batch: HostBatch, options: { durability: Durability }): Promise<HostToken>;
  /**
   * The same from a process that is exiting or a page that is being left: what can be done is done when it
   * returns. If the page lives on, `commit` gets the same puts and keys, by identity, unless a commit under
   * way already had them. Absent where impossible.
   */
  commitSync?(batch: HostBatch): void;
  /**
   * The page is about to be frozen, in the background or in the back/forward cache: from now on the
   * adapter holds nothing that others wait for. Calls under way go on after `thaw`.
   */
  freeze?(): void;
  /** The page resumes; watchers are called, because nothing was heard meanwhile. */
  thaw?(): void;
  /** Runs `work` while no other store on the same place runs a section of the same name. */
  exclusive<T>(name: string, work: () => Promise<T>): Promise<T>;
  /** A small separate record as anybody last saved it; undefined if there is none. */
  side?(name: string): Promise<Uint8Array | undefined>;
  /**
   * Keeps a small separate record, whole or not at all; the last to save it wins. `name` is
   * lower-case letters. No commit: tokens and rows stay as they are, and a crash may lose it.
   */
  saveSide?(name: string, bytes: Uint8Array): Promise<void>;
  usage(): Promise<HostUsage>;
  /** Calls `onChange` after another store's commit; returns a function that stops it. */
  watch?(onChange: () => void): () => void;
  /** Brings in what others wrote before a cold read, if that is cheap; true when anything changed. */
  poll?(): Promise<boolean>;
  close(): Promise<void>;
  /** Deletes the place and everything in it. The adapter is closed afterwards. */
  destroy(): Promise<void>;
}
