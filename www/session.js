/** The store the page works with, and what the page knows of its memory. */

import { openSchemaStore } from "./dist/index.js";

/** How long changes are gathered before they are told, in milliseconds. */
const GATHER_MS = 150;

/**
 * One store at a time. The budgets of a store are fixed when it is opened, so a change of budget
 * opens another one on the same database. Events: `change`, `evict`, `reopen`.
 */
export class Session extends EventTarget {
  budget = { memoryLimitMb: 256, maxEntries: 1000 };
  /** Canonicals whose text or value is in memory, as far as the page has seen. */
  resident = new Set();
  store;
  #gathering;

  async open() {
    this.store = this.#listen(await openSchemaStore(this.budget));
  }

  /**
   * Reads with the store there is; when it is closed under way, with its successor. Pages are not
   * told which store they hold: this is the only one they need.
   */
  async read(work) {
    const { store } = this;
    try {
      return await work(store);
    } catch (error) {
      if (error.code !== "CLOSED" || this.store === store) throw error;
      return work(this.store);
    }
  }

  /** The entry of a canonical with the tier it came from; what is no canonical names none. */
  async entry(canonical) {
    const entry = await this.read((store) => store.entry(canonical)).catch((error) => {
      if (error.code !== "INVALID_KEY") throw error;
    });
    if (entry !== undefined) this.resident.add(entry.metadata.canonical);
    return entry;
  }

  /** Reads values so that they are in memory as far as the budgets allow. */
  async warm(canonicals, signal) {
    const AT_ONCE = 50;
    for (let at = 0; at < canonicals.length; at += AT_ONCE) {
      signal?.throwIfAborted();
      const some = canonicals.slice(at, at + AT_ONCE);
      // Before the read: what is evicted during it is told during it.
      for (const canonical of some) this.resident.add(canonical);
      await this.read((store) => store.getMany(some));
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
  }

  /** Brings an archive in; what came in is in memory, but for what was evicted on the way. */
  async import(archive, options) {
    const { store } = this;
    const urls = new Set();
    const evicted = new Set();
    const stop = [
      store.on("change", (event) => {
        for (const url of event.urls) urls.add(url);
      }),
      store.on("evict", ({ canonical }) => evicted.add(canonical)),
    ];
    try {
      const report = await store.import(archive, options);
      for (const { canonical, url } of await store.list()) {
        if (urls.has(url) && !evicted.has(canonical)) this.resident.add(canonical);
      }
      return report;
    } finally {
      for (const off of stop) off();
    }
  }

  /** The same store with other budgets; what was in memory is read again, as far as it fits. */
  async rebudget(budget) {
    const before = [...this.resident];
    const old = this.store;
    const next = await openSchemaStore(budget);
    this.budget = budget;
    this.resident.clear();
    this.store = this.#listen(next);
    this.dispatchEvent(new Event("reopen"));
    await old.close();
    await this.warm(before);
  }

  #listen(store) {
    const mine = (listener) => (event) => {
      if (this.store === store) listener(event);
    };
    store.on(
      "put",
      mine(({ canonical }) => this.resident.add(canonical)),
    );
    for (const event of ["evict", "expire", "delete"]) {
      store.on(
        event,
        mine(({ canonical }) => this.#gone(canonical, event)),
      );
    }
    store.on(
      "restart",
      mine(() => this.resident.clear()),
    );
    // Whoever changes the store: this page or another tab.
    store.on(
      "change",
      mine(() => {
        clearTimeout(this.#gathering);
        this.#gathering = setTimeout(() => this.dispatchEvent(new Event("change")), GATHER_MS);
      }),
    );
    return store;
  }

  #gone(canonical, event) {
    this.resident.delete(canonical);
    if (event === "evict") this.dispatchEvent(new CustomEvent("evict", { detail: canonical }));
  }
}
