/**
 * The two ways of a package into a store. What is saved for the first time goes in one definition at a
 * time, so that an interruption keeps what was converted; what is saved again replaces what the store has
 * of it by one commit, all of it or nothing.
 */

import { isSame } from "../bytes.js";
import type { PackedRow } from "../core/packed-row.js";
import { SchemaStoreError } from "../errors.js";
import type { StoreParts } from "../parts.js";
import type { Converter, ConvertOptions, ConvertResult, Metadata } from "../types.js";
import { commitAll } from "../write/commit-all.js";
import type { PreparedRow } from "../write/writer.js";
import { fhirSchemaConverter } from "./converter.js";
import { convertFor } from "./into-store.js";
import { type IncompleteMark, isMark } from "./package-marks.js";

/** Whether the package does not have an entry any more. */
export type IsGone = (entry: Metadata) => boolean;

/** A way into the store, for one package. */
export interface Filing {
  /** Converts a definition and stores it, at once or in the end; false if the store has it already. */
  take(definition: Uint8Array): Promise<boolean>;
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

/** One definition at a time, the package marked as incomplete meanwhile. */
export class OneByOne implements Filing {
  readonly #store: FilingStore;
  readonly #parts: StoreParts | undefined;
  readonly #options: ConvertOptions;
  readonly #mark: IncompleteMark | undefined;
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
  }

  async take(definition: Uint8Array): Promise<boolean> {
    if (!this.#begun) await this.#mark?.begin();
    this.#begun = true;
    const { converted } = await this.#store.convert(definition, this.#options);
    if (converted) await this.#mark?.set();
    return converted;
  }

  async end(isGone: IsGone | undefined): Promise<readonly string[]> {
    // The mark goes last: a full disk may refuse what came before.
    await this.#store.flush();
    const { source } = this.#options;
    const removed =
      this.#parts && isGone && source !== undefined
        ? await replaceRows(this.#parts, [], goneFrom(this.#parts, source, isGone))
        : [];
    await this.#mark?.end();
    return removed;
  }

  stop(): Promise<void> {
    return this.#store.flush();
  }
}

/** All as one commit, when everything is converted. CONCURRENCY if what it left as it was has changed meanwhile. */
export class AsOne implements Filing {
  readonly #parts: StoreParts;
  readonly #options: ConvertOptions & { readonly source: string };
  readonly #converter: Converter;
  readonly #rows: PreparedRow[] = [];
  /** Rows that were left as they were. */
  readonly #kept: PackedRow[] = [];

  constructor(parts: StoreParts, options: ConvertOptions & { readonly source: string }) {
    this.#parts = parts;
    this.#options = options;
    this.#converter = parts.options.converter ?? fhirSchemaConverter();
  }

  async take(definition: Uint8Array): Promise<boolean> {
    const outcome = await convertFor(this.#parts, this.#converter, definition, this.#options);
    if ("row" in outcome) this.#kept.push(outcome.row);
    else this.#rows.push(this.#parts.writer.row(outcome.schema, outcome.options));
    return !("row" in outcome);
  }

  end(isGone: IsGone = () => false): Promise<readonly string[]> {
    const { source } = this.#options;
    const commit = async () => {
      // What others have saved of it by now is to go as well.
      await this.#parts.durable?.refresh();
      const gone = goneFrom(this.#parts, source, isGone);
      return replaceRows(this.#parts, this.#rows, gone, this.#kept);
    };
    const { durable } = this.#parts;
    return durable === undefined ? commit() : durable.adapter.exclusive(`save ${source}`, commit);
  }

  async stop(): Promise<void> {}
}

/**
 * Stores rows and deletes slots as one commit; returns the canonicals deleted. CONCURRENCY if a row in `kept` is
 * not as it is there any more.
 */
async function replaceRows(
  parts: StoreParts,
  rows: readonly PreparedRow[],
  removedOf: () => readonly number[],
  kept: readonly PackedRow[] = [],
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

function refuseChanged({ hash, meta }: PackedRow, current: PackedRow | undefined): void {
  if (current !== undefined && isSame(current.hash, hash) && isSame(current.meta, meta)) return;
  const message = "an entry of the package was written by somebody else while it was saved";
  throw new SchemaStoreError("CONCURRENCY", message);
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
