/** A store put together: its tiers joined, and all that works over them. */

import type { CheckedOptions } from "./arguments/options.js";
import { DurableTier } from "./durable/durable-tier.js";
import { type SchemaStoreError, storeClosed } from "./errors.js";
import { Events } from "./events/events.js";
import { Watchers } from "./events/watchers.js";
import { StaleOnDemand } from "./expiry/stale-on-demand.js";
import { ExpiryTimer } from "./expiry/timer.js";
import { onFirstUse } from "./first-use.js";
import { HoldingOnDemand } from "./holding/on-demand.js";
import type { HostAdapter } from "./host.js";
import type { CoreModule } from "./load/module.js";
import { MemoryTier } from "./memory/memory-tier.js";
import type { StoreCounts, StoreParts } from "./parts.js";
import type { Platform } from "./platform/platform.js";
import type { ConvertAnswer } from "./read/answer.js";
import { Loader } from "./read/loader.js";
import { Writer } from "./write/writer.js";

/** What is behind the public face of one store. */
export class Assembly {
  readonly parts: StoreParts;
  readonly watchers: Watchers;
  /** The loader, with expired entries where they are accepted. */
  readonly reader: StaleOnDemand;
  readonly holding: HoldingOnDemand;
  readonly #platform: Platform;
  #stopExit: (() => void) | undefined;
  #closing: Promise<void> | undefined;

  /** `adapter`: absent for the strategy `memory`. */
  constructor(
    core: CoreModule,
    options: CheckedOptions,
    adapter: HostAdapter | undefined,
    platform: Platform,
  ) {
    this.#platform = platform;
    this.parts = this.#makeParts(core, options, adapter);
    const { memory, durable, loader, events } = this.parts;
    this.watchers = new Watchers(memory, events);
    this.reader = new StaleOnDemand(loader, memory, durable, options);
    this.holding = new HoldingOnDemand(this.parts);
  }

  /** Whether `close` was not called yet. */
  get isOpen(): boolean {
    return this.#closing === undefined;
  }

  /** Throws CLOSED; call it after every wait. */
  checkOpen(): void {
    if (!this.isOpen) throw storeClosed();
  }

  /** Opens the durable tier; once. */
  async open(): Promise<void> {
    const { core, options, memory, durable, events } = this.parts;
    await durable?.open(core);
    this.holding.start();
    if (options.warmOnStartup) {
      this.holding
        .use()
        .then((holding) => holding.warm({}))
        .catch((error: SchemaStoreError) => {
          if (this.isOpen) events.emit("error", { error });
        });
    }
    if (options.autoCleanup) {
      memory.pressure = this.#platform.watchPressure?.(memory, {
        relieved: (event) => events.emit("pressure", event),
      });
    }
    const flush = () => this.holding.flush();
    this.#stopExit = this.#platform.onExit({ flush, durable });
  }

  /** Flushes and lets everything go. Idempotent; rejects when the last flush failed. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    this.parts.closed.abort(storeClosed());
    return this.#closing;
  }

  async #close(): Promise<void> {
    const { memory, durable, expiry, loader, events } = this.parts;
    expiry.stop();
    memory.pressure?.stop();
    this.holding.close();
    const saved = this.holding.save();
    memory.clear();
    loader.close();
    try {
      await saved;
      await durable?.close();
    } finally {
      // Not before: a process may end while this waits.
      this.#stopExit?.();
      memory.clear();
      this.watchers.clear();
      events.clear();
    }
  }

  /** The tiers: memory asks for what is not durable yet, a restart fills it again. */
  #makeParts(
    core: CoreModule,
    options: CheckedOptions,
    adapter: HostAdapter | undefined,
  ): StoreParts {
    const { random, sha256 } = this.#platform;
    const events = new Events();
    const counts = newCounts();
    const failed = (error: SchemaStoreError) => events.emit("error", { error });
    const memory: MemoryTier = new MemoryTier(
      core,
      {
        ...options,
        core: {
          ...options,
          evictionPolicy: options.ranking ? "custom" : `${options.evictionPolicy}`,
          durable: adapter !== undefined,
          random,
        },
        keepsValues: options.strategy !== "disk",
        sha256,
      },
      {
        failed,
        evicted: (canonical, cause) => events.emit("evict", { canonical, cause }),
        relieved: (event) => events.emit("pressure", event),
        expired: (canonical) => events.emit("expire", { canonical }),
        limited: () => parts.expiry.start(),
        resolutionChanged: (urlsOf) => {
          this.holding.moved(urlsOf);
          this.watchers.moved(urlsOf);
        },
        graceEnded: (slots) => {
          // If the module cannot be loaded now, the core reports the slots again.
          onFirstUse(import("./expiry/delete-expired.js")).then(
            ({ deleteExpired }) => deleteExpired(parts, slots, failed),
            failed,
          );
        },
        restarted: () => {
          durable?.restart();
          counts.restarts += 1;
          this.holding.restarted();
          events.emit("restart", { emptied: adapter === undefined });
        },
        pendingBody: (slot) => durable?.writes.body(slot),
      },
    );
    const durable =
      adapter &&
      new DurableTier(adapter, memory, options.durability, {
        failed,
        flushed: (entries, bytes) => {
          counts.flushes += 1;
          events.emit("flush", { entries, bytes });
        },
      });
    const checkOpen = () => this.checkOpen();
    const writer = new Writer(memory, durable, options, {
      checkOpen,
      stored: (canonical) => {
        counts.puts += 1;
        events.emit("put", { canonical });
      },
      deleted: (canonical) => {
        parts.loader.deleted(canonical);
        counts.deletes += 1;
        events.emit("delete", { canonical });
      },
    });
    const convert: ConvertAnswer | undefined =
      options.converter &&
      (async (source) => {
        const { convertFor } = await onFirstUse(import("./convert/into-store.js"));
        const made = await convertFor(parts, source, {});
        return "kept" in made ? undefined : made.prepared;
      });
    const parts: StoreParts = {
      core,
      options,
      memory,
      durable,
      writer,
      loader: new Loader(memory, durable, writer, options, convert),
      events,
      counts,
      expiry: new ExpiryTimer(memory),
      sha256,
      async converter() {
        if (options.converter !== undefined) return options.converter;
        const { fhirSchemaConverter } = await onFirstUse(import("./convert/converter.js"));
        return fhirSchemaConverter();
      },
      checkOpen,
      closed: new AbortController(),
    };
    return parts;
  }
}

/** Counters at zero. */
function newCounts(): StoreCounts {
  return {
    puts: 0,
    deletes: 0,
    conversions: 0,
    conversionsSkipped: 0,
    flushes: 0,
    restarts: 0,
  };
}
