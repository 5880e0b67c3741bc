/**
 * The two ways of a package into a store. What is saved for the first time goes in one definition at a
 * time, so that an interruption keeps what was converted; what is saved again replaces what the store has
 * of it by one commit, all of it or nothing.
 */

import { isSame } from "../bytes.js";
import type { PackedRow } from "../core/packed-row.js";
import { SchemaStoreError } from "../errors.js";
import type { StoreParts } from "../parts.js";
import type { ConversionWarning, ConvertOptions, ConvertResult, Metadata } from "../types.js";
import { commitAll } from "../write/commit-all.js";
import type { PreparedRow } from "../write/writer.js";
import { convertDefinition, convertFor, type Definition } from "./into-store.js";
import { type IncompleteMark, isMark } from "./package-marks.js";
import type { PackageResource } from "./resources.js";

/** Whether the package does not have an entry any more. */
export type IsGone = (entry: Metadata) => boolean;

/** What was not said of a definition, when it was converted. */
export type Warnings = readonly ConversionWarning[];

/** A way into the store, for one package. */
export interface Filing {
  /** Converts a definition and stores it, at once or in the end; undefined if the store has it already. */
  take(definition: PackageResource): Promise<Warnings | undefined>;
  /** Stores what is left and deletes what is gone; returns its canonicals. All is durable when it resolves. */
  end(isGone: IsGone | undefined): Promise<readonly string[]>;
  /** Makes durable what was stored, as the rest does not come. */
  stop(): Promise<void>;
}

/** The part of a store that the first of them needs. */
export interface FilingStore {
  convert(structureDefinition: Uint8Array, options?: ConvertOptions): Promise<ConvertResult>;
  flush(): Promise<void>;
}

/**
 * One definition at a time, the package marked as incomplete meanwhile. CONCURRENCY in the end if somebody else has
 * changed what was stored or left as it was.
 */
export class OneByOne implements Filing {
  readonly #store: FilingStore;
  readonly #parts: StoreParts | undefined;
  readonly #options: ConvertOptions;
  readonly #mark: IncompleteMark | undefined;
  /** What was stored, or left as it was. */
  readonly #entries: Metadata[] = [];
  readonly #evictions: number | undefined;
  #begun = false;

  /** `parts`: absent for a store that is none of ours; nothing is deleted from it. */
  constructor(
    store: FilingStore,
    parts: StoreParts | undefined,
    options: ConvertOptions,
    mark?: IncompleteMark,
  ) {
    this.#store = store;
    this.#parts = parts;
    this.#options = options;
    this.#mark = mark;
    this.#evictions = parts && evictionsOf(parts);
  }

  async take(definition: PackageResource): Promise<Warnings | undefined> {
    if (!this.#begun) await this.#mark?.begin();
    this.#begun = true;
    const options = this.#options;
    // A store of ours need not read it once more.
    const {
      converted,
      metadata,
      warnings = [],
    } = this.#parts
      ? await convertDefinition(this.#parts, asDefinition(definition), options)
      : await this.#store.convert(definition.bytes, options);
    this.#entries.push(metadata);
    if (!converted) return undefined;
    await this.#mark?.set();
    return warnings;
  }

  async end(isGone: IsGone | undefined): Promise<readonly string[]> {
    await this.#store.flush();
    const parts = this.#parts;
    if (parts === undefined) {
      await this.#mark?.end();
      return [];
    }
    const { source } = this.#options;
    const gone = isGone && source !== undefined ? goneFrom(parts, source, isGone) : () => [];
    return inTurn(parts, source, async () => {
      const removed = await replaceRows(parts, [], () => {
        this.#refuseOvertaken(parts);
        return gone();
      });
      // The mark goes last: a full disk may refuse what came before.
      await this.#mark?.end();
      return removed;
    });
  }

  /** Another save of the package ends after this one, or has ended: then nothing of it may be mixed in. CONCURRENCY. */
  #refuseOvertaken(parts: StoreParts): void {
    const { catalog } = parts.memory;
    // One that a store in memory has evicted is reported as such.
    const mayLack = parts.durable === undefined && evictionsOf(parts) !== this.#evictions;
    for (const entry of this.#entries) {
      const current = Array.from(catalog.rowsOf(entry.canonical), (slot) => catalog.metadata(slot));
      const same = current.find(
        ({ version, source }) => version === entry.version && source === entry.source,
      );
      if (same === undefined ? !mayLack : !isSameEntry(same, entry))
        throw overtaken(entry.canonical);
    }
  }

  stop(): Promise<void> {
    return this.#store.flush();
  }
}

/** A row that is left as it is. */
interface KeptRow extends PackedRow {
  readonly canonical: string;
}

/** All as one commit, when everything is converted. CONCURRENCY if what it left as it was has changed meanwhile. */
export class AsOne implements Filing {
  readonly #parts: StoreParts;
  readonly #options: ConvertOptions & { readonly source: string };
  readonly #rows: PreparedRow[] = [];
  /** Rows that were left as they were. */
  readonly #kept: KeptRow[] = [];

  constructor(parts: StoreParts, options: ConvertOptions & { readonly source: string }) {
    this.#parts = parts;
    this.#options = options;
  }

  async take(definition: PackageResource): Promise<Warnings | undefined> {
    const outcome = await convertFor(this.#parts, asDefinition(definition), this.#options);
    if ("row" in outcome) {
      this.#kept.push({ ...outcome.row, canonical: outcome.kept.canonical });
      return undefined;
    }
    this.#rows.push(this.#parts.writer.row(outcome.prepared));
    return outcome.warnings;
  }

  end(isGone: IsGone = () => false): Promise<readonly string[]> {
    const { source } = this.#options;
    return inTurn(this.#parts, source, () => {
      const gone = goneFrom(this.#parts, source, isGone);
      return replaceRows(this.#parts, this.#rows, gone, this.#kept);
    });
  }

  async stop(): Promise<void> {}
}

function asDefinition({ text, bytes, resource }: PackageResource): Definition {
  return { text, bytes, definition: resource };
}

/** Runs the end of a save while no other save of the package ends, and with what others have saved of it by now. */
async function inTurn<T>(
  { durable }: StoreParts,
  source: string | undefined,
  end: () => Promise<T>,
): Promise<T> {
  if (durable === undefined) return end();
  return durable.adapter.exclusive(`save ${source}`, async () => {
    await durable.refresh();
    return end();
  });
}

/**
 * Stores rows and deletes slots as one commit; returns the canonicals deleted. CONCURRENCY if a row in `kept` is
 * not as it is there any more.
 */
async function replaceRows(
  parts: StoreParts,
  rows: readonly PreparedRow[],
  removedOf: () => readonly number[],
  kept: readonly KeptRow[] = [],
): Promise<readonly string[]> {
  const { catalog } = parts.memory;
  let removed: { readonly key: Uint8Array; readonly canonical: string }[] = [];
  const concerned = () => {
    removed = removedOf().flatMap((slot) => {
      const key = catalog.key(slot);
      return key === undefined ? [] : [{ key, canonical: catalog.canonical(slot) }];
    });
    return [...kept, ...rows, ...removed].map(({ key }) => key);
  };
  await commitAll(parts, concerned, (current) => {
    for (const [at, row] of kept.entries()) refuseChanged(row, current[at]);
    const keysOf = (some: readonly { readonly key: Uint8Array }[]) => some.map(({ key }) => key);
    return {
      write: rows,
      remove: keysOf(removed),
      expect: keysOf([...removed, ...kept]),
      // Who writes one of them may have written others; but in the end it is replaced, as by a put.
      prefer: keysOf(rows),
    };
  });
  const { listener } = parts.writer;
  for (const { canonical } of rows) listener.stored(canonical);
  for (const { canonical } of removed) listener.deleted(canonical);
  return removed.map(({ canonical }) => canonical);
}

function refuseChanged({ hash, meta, canonical }: KeptRow, current: PackedRow | undefined): void {
  if (current !== undefined && isSame(current.hash, hash) && isSame(current.meta, meta)) return;
  throw overtaken(canonical);
}

function overtaken(canonical: string): SchemaStoreError {
  const message = `${canonical} was written by somebody else while its package was saved`;
  return new SchemaStoreError("CONCURRENCY", message, { key: canonical });
}

/** How many entries have left memory so far. */
function evictionsOf({ memory }: StoreParts): number {
  const { evictedForSize, evictedForEntries, evictedForPressure, ...others } = memory.stats();
  const { evictedAsExpired, evictedExplicitly } = others;
  return (
    evictedForSize + evictedForEntries + evictedForPressure + evictedAsExpired + evictedExplicitly
  );
}

/** Whether both came of the same save, or of saves of the same. */
function isSameEntry(one: Metadata, other: Metadata): boolean {
  const members = ["contentHash", "sourceHash", "converter"] as const;
  return (
    members.every((member) => one[member] === other[member]) &&
    one.tags.join("\0") === other.tags.join("\0")
  );
}

/** What the store has of a package, in whatever spelling; also what has expired, and what is damaged. */
export async function entriesOf(parts: StoreParts, source: string): Promise<Metadata[]> {
  await parts.durable?.upToDate();
  return slotsOf(parts, source).map((slot) => parts.memory.catalog.metadata(slot));
}

/** Slots of a package that are gone from it. What the user put under its name, and its mark, stay. */
function goneFrom(parts: StoreParts, source: string, isGone: IsGone): () => number[] {
  return () =>
    slotsOf(parts, source).filter((slot) => {
      const entry = parts.memory.catalog.metadata(slot);
      const isOfPackage = entry.source === source && entry.origin !== "user" && !isMark(entry);
      return isOfPackage && isGone(entry);
    });
}

function slotsOf({ memory: { catalog } }: StoreParts, source: string): number[] {
  return Array.from(catalog.list({ package: source }, { expired: true, damaged: true }));
}
