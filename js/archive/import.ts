/** Import: an archive is read and checked whole, compared with the store, and written in one commit. */

import { isSame, refuseDetached } from "../bytes.js";
import type { PackedRow } from "../core/packed-row.js";
import type { WritableRow } from "../durable/conditional-writes.js";
import type { Unreadable } from "../durable/host-bodies.js";
import { asStoreError, SchemaStoreError } from "../errors.js";
import { checkDepth, decodeText, parseObject } from "../json.js";
import type { ArchiveGlue } from "../load/archive-glue.js";
import type { StoreParts } from "../parts.js";
import { chunksOf, type Items, untilAborted } from "../streams.js";
import { TurnTaking } from "../turn-taking.js";
import type { ArchiveSource, ImportOptions, ImportReport } from "../types.js";
import { type Changes, checkResidence } from "../write/check-room.js";
import { type CurrentRows, commitAll } from "../write/commit-all.js";
import { archiveCore, guarded } from "./core.js";

const MIB = 1024 * 1024;
/** Bytes handed to the core at a time. */
const SLICE = 64 * 1024;

/**
 * Brings an archive into a store: all of it or nothing. `isWanted` is asked before each try to commit it, and may
 * say that nothing of it is to be written.
 */
export async function importArchive(
  store: StoreParts,
  source: ArchiveSource,
  { conflicts }: ImportOptions,
  isWanted: () => boolean | Promise<boolean> = () => true,
): Promise<ImportReport> {
  const core = archiveCore(store.core);
  const rows = await readArchive(store, core, source);
  store.checkOpen();
  const plan = async (current: CurrentRows) => {
    if (!(await isWanted())) return new Plan(core, [], [], false);
    const planned = planFor(current, new Map());
    if (store.durable === undefined) checkResidence(store, planned);
    const unread = await unreadable(
      store,
      planned.left.map((place) => current[place]),
    );
    return unread.size === 0 ? planned : planFor(current, unread);
  };
  const planFor = (current: CurrentRows, unread: ReadonlyMap<number, Unreadable>) => {
    // Expired and damaged entries never conflict.
    const readable = new Set(store.memory.catalog.list({}));
    const present = current.map((row) => {
      const slot = row === undefined ? 0 : store.memory.catalog.find(row.key);
      const why = unread.get(slot);
      if (row === undefined || !readable.has(slot) || why === "damaged") return undefined;
      return { row, isRead: why === undefined };
    });
    return new Plan(core, rows, present, conflicts === "replace");
  };
  const { report } = await commitAll(store, () => rows.map(({ key }) => key), plan);
  return report;
}

/** A row as readers see it. */
interface Present {
  readonly row: PackedRow;
  /** Whether its body could be read, where somebody tried. */
  readonly isRead: boolean;
}

/** What an import does, row by row. */
class Plan implements Changes {
  readonly write: WritableRow[] = [];
  readonly remove: readonly Uint8Array[] = [];
  /** What the report says of the rows that are written must hold when they are. */
  readonly expect: readonly Uint8Array[];
  /** Places of the rows that stay as they are. */
  readonly left: number[] = [];
  readonly report: ImportReport;

  constructor(
    core: ArchiveGlue,
    rows: readonly WritableRow[],
    present: readonly (Present | undefined)[],
    replace: boolean,
  ) {
    const report = { added: 0, skipped: 0, replaced: 0, conflicting: 0 };
    rows.forEach((row, place) => {
      const outcome = outcomeOf(core, row, present[place], replace);
      report[outcome] += 1;
      if (outcome === "skipped" || outcome === "conflicting") this.left.push(place);
      else this.write.push(row);
    });
    this.report = report;
    this.expect = this.write.map(({ key }) => key);
  }
}

function outcomeOf(
  core: ArchiveGlue,
  row: WritableRow,
  current: Present | undefined,
  replace: boolean,
): keyof ImportReport {
  if (current === undefined) return "added";
  const { hash, meta } = current.row;
  const isEqual = isSame(row.hash, hash) && guarded(() => core.sameContent(row.meta, meta));
  // What is equal is written again where it cannot be read; what differs may be whole.
  if (isEqual) return current.isRead ? "skipped" : "added";
  return replace ? "replaced" : "conflicting";
}

/** The slots of those of these rows that the host cannot return. */
async function unreadable(
  { memory, durable }: StoreParts,
  rows: readonly (PackedRow | undefined)[],
): Promise<ReadonlyMap<number, Unreadable>> {
  const slots = rows.map((row) => (row === undefined ? 0 : memory.catalog.find(row.key)));
  return (await durable?.bodies.unreadable(slots.filter((slot) => slot !== 0))) ?? new Map();
}

/** Every row of an archive, after all of it was checked. */
async function readArchive(
  parts: StoreParts,
  core: ArchiveGlue,
  source: ArchiveSource,
): Promise<WritableRow[]> {
  const { maxEntryBytes, maxCatalogBytes, memoryLimitMb, now } = parts.options;
  // All of it is in memory until it is written, whatever the strategy.
  const total = Math.max(memoryLimitMb, 64) * MIB;
  const reader = guarded(
    () => new core.ArchiveReader(maxEntryBytes, total, maxCatalogBytes, now()),
  );
  const block = new BlockReader(parts);
  const turns = new TurnTaking();
  for await (const chunk of piecesOf(source, parts)) {
    for (let at = 0; at < chunk.length; at += SLICE) {
      guarded(() => reader.push(chunk.subarray(at, at + SLICE)));
      for (;;) {
        const bytes = guarded(() => reader.step());
        if (bytes === undefined) break;
        await block.read(bytes);
        await turns.take();
      }
    }
    parts.checkOpen();
  }
  guarded(() => reader.finish());
  return block.rows;
}

/** Takes the blocks apart that the core has checked. */
class BlockReader {
  readonly rows: WritableRow[] = [];
  readonly #parts: StoreParts;
  /** Every body so far, with its hash. */
  readonly #bodies: Promise<Hashed>[] = [];

  constructor(parts: StoreParts) {
    this.#parts = parts;
  }

  /** Layout: `Reader::step` in `src/format/archive/reader.rs`. */
  async read(block: Uint8Array): Promise<void> {
    const numbers = new DataView(block.buffer, block.byteOffset);
    const rows: Promise<WritableRow>[] = [];
    for (let at = 0; at < block.length; ) {
      const number = (index: number) => numbers.getUint32(at + 4 * index, true);
      let end = at + 20;
      // Copies: what is small must not keep the block alive.
      const take = (length: number) => {
        end += length;
        return block.slice(end - length, end);
      };
      const key = take(number(0));
      const url = decodeText(take(number(1)));
      const meta = take(number(2));
      const place = number(3) || this.#bodies.length + 1;
      if (place > this.#bodies.length) {
        const body = take(number(4));
        checkBody(body, url);
        this.#bodies.push(hashed(this.#parts, body));
      }
      const body = this.#bodies[place - 1] as Promise<Hashed>;
      rows.push(body.then((found) => ({ key, url, meta, ...found })));
      at = end;
    }
    this.rows.push(...(await Promise.all(rows)));
  }
}

/** A body with its SHA-256. */
type Hashed = Pick<WritableRow, "body" | "hash">;

/** By the host if it can: the core's code is still cold when the first archive comes. */
async function hashed(
  { sha256, memory }: StoreParts,
  body: Uint8Array<ArrayBuffer>,
): Promise<Hashed> {
  const subtle = sha256 === undefined ? globalThis.crypto?.subtle : undefined;
  const hash = subtle && new Uint8Array(await subtle.digest("SHA-256", body));
  return { body, hash: hash ?? memory.digest(body) };
}

/** Refuses what a put would refuse. */
function checkBody(body: Uint8Array, url: string): void {
  try {
    const text = decodeText(body);
    checkDepth(parseObject(text, "the text"), text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const message = `the archive is damaged: the body of ${url} cannot be stored: ${reason}`;
    throw new SchemaStoreError("CORRUPT", message, { key: url, cause });
  }
}

async function* piecesOf(source: ArchiveSource, store: StoreParts): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of untilAborted(itemsOf(source), store.closed.signal)) {
      if (!(chunk instanceof Uint8Array)) throw noChunk(chunk);
      refuseDetached(chunk);
      yield chunk;
    }
  } catch (cause) {
    throw asStoreError(cause, "DISK_ERROR", "the archive could not be read");
  }
}

function noChunk(value: unknown): SchemaStoreError {
  const found = Object.prototype.toString.call(value).slice(8, -1);
  const message = `each chunk of an archive must be a Uint8Array, not ${found}`;
  return new SchemaStoreError("INVALID_VALUE", message);
}

function itemsOf(source: ArchiveSource): Items<Uint8Array> {
  if (source instanceof Uint8Array) return [source].values();
  if (source instanceof Blob) return chunksOf(source.stream());
  if (source instanceof ReadableStream && !source.locked) return chunksOf(source);
  const iterable = source as Partial<AsyncIterable<Uint8Array>> | null | undefined;
  if (
    !(source instanceof ReadableStream) &&
    typeof iterable?.[Symbol.asyncIterator] === "function"
  ) {
    return (iterable as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
  }
  const message = "an archive must be bytes, a Blob, a stream or an iterable of chunks";
  throw new SchemaStoreError("INVALID_VALUE", message);
}
