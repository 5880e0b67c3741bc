/** The bodies in a storage: which are there, who names them, and whether they are whole. */

import { copyOf, isSame } from "../../bytes.js";
import type { HostPut } from "../../host.js";
import { hex, type LogRow, readBody, type UnstorageStorage } from "./records.js";

/** Calls to the driver that are under way at a time. */
const AT_ONCE = 16;

/** Bodies by their hashes. */
export class StoredBodies {
  readonly #storage: UnstorageStorage;
  readonly #name: (hash: string) => string;
  /** Those that rows name, by hash in hex, with the number of these rows. */
  readonly #named = new Map<string, { readonly size: number; uses: number }>();
  /** Those that may have lost their last row. */
  readonly #unused = new Set<string>();

  /** `name`: where in the storage the body of a hash in hex lies. */
  constructor(storage: UnstorageStorage, name: (hash: string) => string) {
    this.#storage = storage;
    this.#name = name;
  }

  /** Bodies that rows name. Positional. CORRUPT. */
  read(hashes: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]> {
    return inTurn(hashes, (hash) => this.#one(hash));
  }

  async #one(hash: Uint8Array): Promise<Uint8Array | undefined> {
    if (!this.#named.has(hex(hash))) return undefined;
    const name = this.#name(hex(hash));
    return readBody(await this.#storage.getItemRaw(name), name);
  }

  /** Bytes of those that rows name. */
  get bytes(): number {
    let bytes = 0;
    for (const { size } of this.#named.values()) bytes += size;
    return bytes;
  }

  /** Whether a row names the body of a hash in hex. */
  isNamed(hash: string): boolean {
    return this.#named.has(hash);
  }

  /** Notes that a row names its body. */
  add({ hash, size }: LogRow): void {
    const body = this.#named.get(hex(hash)) ?? { size, uses: 0 };
    body.uses += 1;
    this.#named.set(hex(hash), body);
  }

  /** Notes that a row, if there was one, is gone. */
  release(row: LogRow | undefined): void {
    const body = row && this.#named.get(hex(row.hash));
    if (row === undefined || body === undefined) return;
    body.uses -= 1;
    if (body.uses === 0) this.#unused.add(hex(row.hash));
  }

  /** A driver that does not write at once may have been cut off between the bodies, or within one. */
  async has({ hash, size }: LogRow): Promise<boolean> {
    if (this.#named.has(hex(hash))) return true;
    const name = this.#name(hex(hash));
    const body = readBody(await this.#storage.getItemRaw(name), name);
    return body?.byteLength === size;
  }

  /** Writes the bodies of puts that are not there whole. */
  async write(puts: readonly HostPut[]): Promise<void> {
    const bodies = new Map(puts.map(({ hash, body }) => [hex(hash), body]));
    await inTurn([...bodies], async ([hash, body]) => {
      const name = this.#name(hash);
      if (this.#named.has(hash) && (await this.#isWhole(name, body))) return;
      // A driver in memory keeps the very bytes it is given.
      await this.#storage.setItemRaw(name, copyOf(body));
    });
  }

  /** Whether a body that is there need not be written: it may be damaged. */
  async #isWhole(name: string, body: Uint8Array): Promise<boolean> {
    try {
      const there = readBody(await this.#storage.getItemRaw(name), name);
      return there !== undefined && isSame(there, body);
    } catch {
      return false;
    }
  }

  /** Bodies that are not in the storage, by hash in hex. */
  missing(puts: readonly HostPut[]): [string, Uint8Array][] {
    const missing = new Map<string, Uint8Array>();
    for (const { hash, body } of puts) {
      if (!this.#named.has(hex(hash))) missing.set(hex(hash), body);
    }
    return [...missing];
  }

  /** Forgets the bodies that no row names any more, and returns their hashes. */
  takeUnused(): string[] {
    const unused = [...this.#unused].filter((hash) => this.#named.get(hash)?.uses === 0);
    this.#unused.clear();
    for (const hash of unused) this.#named.delete(hash);
    return unused;
  }

  /** Knows of none any more. */
  clear(): void {
    this.#named.clear();
    this.#unused.clear();
  }
}

/** Calls `work` for each item, some at a time; the results are in the order of the items. */
export async function inTurn<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  for (let at = 0; at < items.length; at += AT_ONCE) {
    results.push(...(await Promise.all(items.slice(at, at + AT_ONCE).map(work))));
  }
  return results;
}
