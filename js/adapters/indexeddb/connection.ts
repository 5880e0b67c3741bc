/**
 * A connection to one database that outlives its handles. Browsers close handles behind a page's
 * back (site data cleared, a backgrounded tab, a crashed storage process), and a handle once dead
 * stays dead: it is replaced, and the transaction run again.
 */

import { SchemaStoreError } from "../../errors.js";
import type { Durability } from "../../host.js";
import { within } from "./deadline.js";
import { isDeadHandle, storeError } from "./faults.js";
import { createStores, type Place, STORES, type StoreName, VERSION } from "./schema.js";

/** Waits between attempts, in milliseconds: one attempt more than there are waits. */
const RETRY_DELAYS_MS = [20, 100, 500];

/** How a transaction is opened. */
export interface TransactionOptions {
  readonly stores: readonly StoreName[];
  /** Given: the transaction writes, and is acknowledged when this has been reached. */
  readonly durability?: Durability;
}

/** Runs transactions on whatever handle is alive, and none while the page is frozen. */
export class Connection {
  readonly #name: string;
  readonly #deadlineMs: number;
  readonly #onLost: () => void;
  #handle: Promise<IDBDatabase> | undefined;
  /** The handle itself, once it is there. */
  #live: IDBDatabase | undefined;
  readonly #running = new Set<IDBTransaction>();
  /** While the page is frozen: resolves when it is not any more. */
  #frozen: { readonly ended: Promise<void>; end(): void } | undefined;

  /** `onLost` is called when a handle goes: what is in the database may have changed. */
  constructor(name: string, deadlineMs: number, onLost: () => void) {
    this.#name = name;
    this.#deadlineMs = deadlineMs;
    this.#onLost = onLost;
  }

  /**
   * Runs `work` in a transaction and resolves when that has completed. `work` may wait for nothing
   * but requests of its transaction, and runs again on a new handle when the old one was dead.
   * TIMEOUT leaves open whether a write was done, as the browser did not say.
   */
  async transaction<T>(
    options: TransactionOptions,
    work: (transaction: IDBTransaction) => Promise<T>,
  ): Promise<T> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await this.#attempt(options, work);
      } catch (cause) {
        const wait = RETRY_DELAYS_MS[attempt];
        if (wait === undefined || !isDeadHandle(cause)) throw storeError(cause, this.#name);
        await new Promise((resolve) => setTimeout(resolve, wait));
      }
    }
  }

  /**
   * Runs `work`, which may only write, in a transaction that is begun and committed before this
   * returns; false where that is not possible. What comes of it is not waited for.
   */
  atOnce(stores: readonly StoreName[], work: (transaction: IDBTransaction) => void): boolean {
    try {
      const transaction = this.#live?.transaction(stores, "readwrite", { durability: "strict" });
      if (transaction === undefined) return false;
      work(transaction);
      transaction.commit();
      return true;
    } catch {
      // The handle is dead.
      return false;
    }
  }

  /**
   * Closes the handle at once and aborts transactions, to be run again after `thaw`: a frozen page would
   * block those of all others.
   */
  freeze(): void {
    if (this.#frozen !== undefined) return;
    let end = () => {};
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    this.#frozen = { ended, end };
    for (const transaction of this.#running) abort(transaction);
    this.#live?.close();
    this.#live = undefined;
    void this.#drop();
  }

  /** Lets transactions run again. */
  thaw(): void {
    this.#frozen?.end();
    this.#frozen = undefined;
  }

  /** Closes the handle; transactions under way still finish. The next use opens another. */
  close(): Promise<void> {
    return this.#drop();
  }

  /** Deletes the database. BLOCKED when a handle that is not ours stays open past the deadline. */
  async delete(): Promise<void> {
    await this.#drop();
    try {
      await this.#settled(factory().deleteDatabase(this.#name), "deleted");
    } catch (cause) {
      throw storeError(cause, this.#name);
    }
  }

  async #attempt<T>(
    options: TransactionOptions,
    work: (transaction: IDBTransaction) => Promise<T>,
  ): Promise<T> {
    while (this.#frozen !== undefined) await this.#frozen.ended;
    const database = await this.#database();
    try {
      const hangs = `indexeddb: a transaction on ${this.#name} does not end`;
      const late = () => new SchemaStoreError("TIMEOUT", hangs);
      return await runTransaction(database, options, work, this.#running, (transaction, answers) =>
        within(this.#deadlineMs, transaction, late, answers),
      );
    } catch (cause) {
      const hung = cause instanceof SchemaStoreError && cause.code === "TIMEOUT";
      if (hung || isDeadHandle(cause)) this.#discard(database);
      throw cause;
    }
  }

  #database(): Promise<IDBDatabase> {
    if (this.#handle) return this.#handle;
    const opening = this.#open();
    this.#handle = opening;
    opening.catch(() => {
      if (this.#handle === opening) this.#handle = undefined;
    });
    return opening;
  }

  async #open(): Promise<IDBDatabase> {
    let database = await this.#openAt();
    if (isEmpty(database)) {
      // Left by who only looked whether it is there, or by a browser that lost the stores: made anew in place,
      // as another tab may do the same. To delete it could take away what that tab has written by then.
      database.close();
      database = await this.#openAt(database.version + 1);
    }
    if (STORES.some((store) => !database.objectStoreNames.contains(store))) {
      database.close();
      const message = `indexeddb: the database ${this.#name} is not a schema store`;
      throw new SchemaStoreError("INVALID_CONFIG", message, { key: "databaseName" });
    }
    if (database.version !== VERSION && (await this.#isUpgraded(database))) {
      database.close();
      const message = `indexeddb: the database ${this.#name} is of a newer version, ${database.version}`;
      throw new SchemaStoreError("FORMAT_TOO_NEW", message, { key: "databaseName" });
    }
    this.#live = database;
    database.onclose = () => this.#discard(database);
    database.onversionchange = () => this.#discard(database);
    return database;
  }

  /** Opens the database, by default at the version it has, and makes the stores where there are none. */
  async #openAt(version?: number): Promise<IDBDatabase> {
    const request = factory().open(this.#name, version);
    let making: IDBTransaction | null = null;
    request.onupgradeneeded = () => {
      making = request.transaction;
      if (isEmpty(request.result)) createStores(request.result);
    };
    return this.#settled(request, "opened").catch((cause: unknown) => {
      throw making?.error ?? cause;
    });
  }

  /** Whether the database was made by this code, and then got a later version: by a later version of it. */
  #isUpgraded(database: IDBDatabase): Promise<boolean> {
    const place = new Promise<Place | undefined>((resolve, reject) => {
      const request = database.transaction("sys").objectStore("sys").get("place");
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
    const hangs = `indexeddb: ${this.#name} was not opened: the browser does not respond`;
    const late = () => new SchemaStoreError("TIMEOUT", hangs);
    // One that is damaged is told of by who reads it next.
    const differs = ({ madeAt = VERSION }: Place) => madeAt !== database.version;
    return within(this.#deadlineMs, place, late).then((found) => !!found && differs(found));
  }

  /** The result of an open or delete request, which cannot be cancelled: a late handle is closed. */
  #settled<T>(request: IDBRequest<T> & IDBOpenDBRequest, what: string): Promise<T> {
    let blocked = false;
    let late = false;
    request.onblocked = () => {
      blocked = true;
    };
    const result = new Promise<T>((resolve, reject) => {
      request.onsuccess = () => {
        if (late) (request.result as IDBDatabase | undefined)?.close();
        else resolve(request.result);
      };
      request.onerror = () => reject(request.error);
    });
    return within(this.#deadlineMs, result, () => {
      late = true;
      const code = blocked ? "BLOCKED" : "TIMEOUT";
      const why = blocked ? "another tab keeps it open" : "the browser does not respond";
      return new SchemaStoreError(code, `indexeddb: ${this.#name} was not ${what}: ${why}`);
    });
  }

  /** Gives up a dead handle, unless another has replaced it. */
  #discard(database: IDBDatabase): void {
    database.close();
    if (this.#live !== database) return;
    this.#live = undefined;
    this.#handle = undefined;
    this.#onLost();
  }

  async #drop(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    const database = await handle?.catch(() => undefined);
    database?.close();
  }
}

/**
 * Runs `work` in one transaction, which is among the `running` ones meanwhile, and which `limit` bounds in
 * time: past that it is aborted. A large one takes long on a slow machine, so `limit` is told how many of its
 * requests were answered.
 */
async function runTransaction<T>(
  database: IDBDatabase,
  { stores, durability }: TransactionOptions,
  work: (transaction: IDBTransaction) => Promise<T>,
  running: Set<IDBTransaction>,
  limit: <R>(transaction: Promise<R>, answers: () => number) => Promise<R>,
): Promise<T> {
  const transaction =
    durability === undefined
      ? database.transaction(stores, "readonly")
      : database.transaction(stores, "readwrite", { durability });
  running.add(transaction);
  let answers = 0;
  const count = () => {
    answers += 1;
  };
  // Requests whose result nobody waits for are heard here too.
  transaction.addEventListener("success", count, true);
  // Over quota every request succeeds and the transaction aborts: only `complete` says "stored".
  const completed = new Promise<void>((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error ?? aborted());
  });
  try {
    const [value] = await limit(Promise.all([work(transaction), completed]), () => answers);
    return value;
  } catch (cause) {
    abort(transaction);
    // The transaction's own error is the reason; its requests only say that it was aborted.
    throw cause instanceof SchemaStoreError ? cause : (transaction.error ?? cause);
  } finally {
    running.delete(transaction);
  }
}

function abort(transaction: IDBTransaction): void {
  try {
    transaction.abort();
  } catch {
    // It has ended already.
  }
}

/** The browser's IndexedDB, looked up at each use. UNSUPPORTED where there is none. */
function factory(): IDBFactory {
  const found: IDBFactory | undefined = globalThis.indexedDB;
  if (found) return found;
  throw new SchemaStoreError("UNSUPPORTED", "indexeddb: IndexedDB is not available here");
}

function isEmpty({ objectStoreNames }: IDBDatabase): boolean {
  return objectStoreNames.length === 0;
}

function aborted(): DOMException {
  return new DOMException("The transaction was aborted.", "AbortError");
}
