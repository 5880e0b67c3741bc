/** The log in its own instance of the core, rebuilt from the directory when that traps. */

import { isSame } from "../../bytes.js";
import { STORE_ID } from "../../core/wall.js";
import { type ErrorCode, SchemaStoreError } from "../../errors.js";
import type { Glue } from "../../load/glue.js";
import type { CoreModule } from "../../load/module.js";
import type { StoreGlue } from "../../load/store-glue.js";
import { diskError, errno, type Files, FORMAT } from "./files.js";
import { randomBytes } from "./random.js";
import { identify, isVacant, type LogHandle, load, refresh, unlessGone } from "./recovery.js";

/**
 * What may become of a directory: somebody may delete it, or make another store in it. "vacant": the log is that of a
 * new store already, and nothing is there yet.
 */
export type Fate = "same" | "vacant" | "deleted" | "replaced";

/** The guard around the log: every call passes here. */
export class LogCore {
  readonly #module: CoreModule;
  readonly #files: Files;
  readonly #onTrap: () => void;
  #log: LogHandle | undefined;
  #glue: Glue | undefined;
  #store: Uint8Array = new Uint8Array();
  /** Tokens below this are of a log that is gone. */
  #base = 0;
  #lastToken = 0;
  #era = 0;
  /** Nothing is left in the directory: the log is that of a new store, of which nothing is written yet. */
  #isVacant = false;

  /** `onTrap` runs when the log was lost, before the caller is told. */
  constructor(module: CoreModule, files: Files, onTrap: () => void) {
    this.#module = module;
    this.#files = files;
    this.#onTrap = onTrap;
  }

  /** Identity of the store as the log has it, in lower-case hex. */
  get storeId(): string {
    this.call(() => {});
    return Buffer.from(this.#store).toString("hex");
  }

  /** Grows whenever the log is read again: slots and tickets of another era mean nothing. */
  get era(): number {
    return this.#era;
  }

  /** Whether there is nothing to read or to tidy up: the directory was deleted; `occupy` makes it. */
  get isVacant(): boolean {
    this.call(() => {});
    return this.#isVacant;
  }

  /** Memory of the log's instance. */
  get memoryBytes(): number {
    return this.#log === undefined ? 0 : (this.#glue?.memoryBytes() ?? 0);
  }

  /**
   * Runs `work` on the log. Errors of the core and of the file system become a `SchemaStoreError`;
   * a trap costs the instance, the caller gets CORE_RESTARTED and the next call reads the directory.
   */
  call<T>(work: (log: LogHandle) => T): T {
    try {
      this.#log ??= this.#build();
      return work(this.#log);
    } catch (error) {
      if (error instanceof SchemaStoreError) throw error;
      if (error instanceof Error && error.name === "CoreError") {
        const { code } = error as Error & { code: ErrorCode };
        throw new SchemaStoreError(code, error.message, {
          key: this.#files.directory,
          cause: error,
        });
      }
      if (errno(error) !== undefined) {
        throw diskError(error, "reading the store", this.#files.directory);
      }
      this.restart();
      const message = "the core trapped and reads the store again; repeat the call";
      throw new SchemaStoreError("CORE_RESTARTED", message, { cause: error });
    }
  }

  /** Number of batches seen. */
  token(): number {
    this.#lastToken = this.call((log) => this.#base + log.token());
    return this.#lastToken;
  }

  /** A token as the log counts; undefined when it is of a log that is gone. */
  since(token: number): number | undefined {
    return token < this.#base || token > this.token() ? undefined : token - this.#base;
  }

  /**
   * Takes in what others have written; true when there was anything. If something live has gone with
   * its segment, the directory is read again: after a failed merge it is where it was before, and this
   * log has forgotten where.
   */
  refresh(): boolean {
    if (this.isVacant) return false;
    const found = this.call((log) => refresh(this.#files, log));
    if (found !== "torn") return found === "changed";
    this.restart();
    this.token();
    return true;
  }

  /** What has become of the directory since it was read. */
  fate(): Fate {
    const format = this.call(() => unlessGone(() => this.#files.read(FORMAT)));
    if (format !== undefined) {
      return Buffer.from(format).includes(Buffer.from(this.#store)) ? "same" : "replaced";
    }
    if (this.#isVacant) return "vacant";
    return this.call(() => isVacant(this.#files)) ? "deleted" : "same";
  }

  /**
   * Whether the log is that of `era`, and its store is still in the directory: after a wait, nothing may be made or
   * deleted there otherwise.
   */
  isStill(era: number): boolean {
    return this.#era === era && this.fate() === "same";
  }

  /** Makes the directory where it was deleted, unless somebody else has. INVALID_CONFIG. */
  occupy(): void {
    if (!this.isVacant) return;
    const id = this.call(() => identify(this.#files, this.#glue as Glue, this.#store));
    if (isSame(id, this.#store)) this.#isVacant = false;
    else this.restart();
  }

  /**
   * Forgets what is known: the next call reads the directory, and older tokens mean "reset". Where that was deleted,
   * it goes on as a new store, and makes nothing.
   */
  restart(): void {
    this.#log = undefined;
    this.#base = this.#lastToken + 1;
    this.#era += 1;
    this.#onTrap();
  }

  /** Frees the instance. */
  drop(): void {
    this.#log = undefined;
    this.#glue = undefined;
  }

  #build(): LogHandle {
    const glue = this.#module.instantiate();
    if (!hasLog(glue)) {
      throw new SchemaStoreError(
        "UNSUPPORTED",
        'fsAdapter needs "fhir-schema-store" as Node loads it; this core comes from an entry for browsers',
      );
    }
    // Where a store was open, nothing is made in its place before something is written.
    this.#isVacant = this.#store.length > 0 && isVacant(this.#files);
    this.#store = this.#isVacant ? randomBytes(STORE_ID) : identify(this.#files, glue);
    const writer = randomBytes(8);
    const log = new glue.LogHandle(this.#store, writer);
    if (this.#isVacant) log.startCounting();
    else load(this.#files, log);
    this.#glue = glue;
    return log;
  }
}

function hasLog(glue: StoreGlue): glue is Glue {
  return "LogHandle" in glue;
}
