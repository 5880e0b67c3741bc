/** From a package into a store: every StructureDefinition converted and filed. */

import { outOfStep } from "../concurrency.js";
import { asStoreError, type ErrorCode, SchemaStoreError } from "../errors.js";
import { urlOf } from "../parse-canonical.js";
import { partsOf } from "../parts.js";
import {
  check,
  checkGiven,
  FUNCTION,
  listOf,
  methods,
  type Rules,
  SIGNAL,
  TEXT,
} from "../rules.js";
import { untilAborted } from "../streams.js";
import { TurnTaking } from "../turn-taking.js";
import type { ConvertOptions, ConvertResult, Filter, Metadata } from "../types.js";
import type { PackageContents } from "./contents.js";
import { withEvicted } from "./evicted.js";
import { AsOne, entriesOf, type Filing, OneByOne, type Warnings } from "./into-package.js";
import { PACKAGE_NAME } from "./manifest.js";
import { withMissing } from "./missing.js";
import { type FhirPackage, type PackageSource, readPackage } from "./package.js";
import { isIncompleteMark, isMark, markEmpty, markIn } from "./package-marks.js";
import type { PackageResource } from "./resources.js";
import type {
  SaveDuplicate,
  SaveFailure,
  SaveProgress,
  SaveReport,
  SaveWarning,
} from "./save-report.js";

/** The part of a `SchemaStore` that saving a package needs. */
export interface PackageStore {
  convert(structureDefinition: Uint8Array, options?: ConvertOptions): Promise<ConvertResult>;
  list(filter?: Filter): Promise<readonly Metadata[]>;
  flush(): Promise<void>;
  /** With `clear`: marks a package as incomplete while it is saved. Without, it is not marked. */
  put?(
    value: object,
    options: { readonly source: string; readonly origin?: "package" },
  ): Promise<unknown>;
  clear?(filter: Filter): Promise<number>;
}

/** How a package is to be saved. */
export interface SaveOptions {
  /**
   * Stops between two definitions, and the reading of a stream at once. A package that the store had is then what
   * it was; of another one, what was converted by then is durable when it rejects with the signal's reason, and
   * `incompletePackages` names it until it is saved again.
   */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: SaveProgress) => void;
  /** Tags for every entry saved. */
  readonly tags?: readonly string[];
  /**
   * `name#version` to store everything under: instead of the package's own, or for loose definitions, which are
   * added to what the store has of it.
   */
  readonly source?: string;
}

const STORE = methods<PackageStore>("a store", {
  convert: true,
  put: false,
  list: true,
  clear: false,
  flush: true,
});
const RULES: Rules<SaveOptions> = {
  signal: SIGNAL,
  onProgress: FUNCTION,
  tags: listOf("strings without lone surrogates", TEXT.accepts),
  source: PACKAGE_NAME,
};

/** Reasons that lie in one definition: the others can still be saved. Any other ends the work. */
const OF_ONE_ENTRY: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "CONVERSION",
  "ENTRY_TOO_LARGE",
  "INVALID_KEY",
  "INVALID_VALUE",
  "SERIALIZATION",
]);

/** Times that somebody else may save the same package meanwhile. */
const SAVE_TRIES = 8;

/** Longest stretch without giving the event loop a turn, in milliseconds: two frames. */
const TURN_MS = 32;

/**
 * Converts and stores every StructureDefinition of a package, with the package as its source, all of it durable
 * when this resolves. A definition that cannot be read or converted is reported and the rest goes on; an error
 * of the store itself rejects.
 *
 * A package that the store has already is replaced by one commit, all of it or nothing: until then the store
 * answers as before, and definitions that are gone from the package are deleted. One that it does not have is
 * stored definition by definition. What ends before its time, also by the end of the process, then leaves it
 * marked: see `incompletePackages`.
 */
export async function savePackage(
  store: PackageStore,
  source: FhirPackage | PackageSource,
  options: SaveOptions = {},
): Promise<SaveReport> {
  check(store, STORE, "store");
  checkGiven(options, RULES);
  const fhirPackage = await packageOf(store, source, options);
  const saved = await saveDefinitions(store, fhirPackage, options);
  const [report] = withEvicted(store, await withMissing(store, [[fhirPackage, saved] as const]));
  return report as SaveReport;
}

/** The package of a source, which is read until the store is closed or the signal aborts. */
async function packageOf(
  store: PackageStore,
  source: FhirPackage | PackageSource,
  { signal }: SaveOptions,
): Promise<FhirPackage> {
  if (isPackage(source)) return source;
  return readPackage(source, undefined, signal, partsOf(store)?.closed.signal);
}

/** A report before it is known what the package misses. */
export type SavedDefinitions = Omit<SaveReport, "missingDependencies">;

/** The same without looking for what the package misses. */
export async function saveDefinitions(
  store: PackageStore,
  fhirPackage: FhirPackage,
  options: SaveOptions,
): Promise<SavedDefinitions> {
  const earlier: EarlierTry = { stored: new Map() };
  for (let tries = 1; ; tries += 1) {
    try {
      return await saveOnce(store, fhirPackage, options, earlier);
    } catch (error) {
      // Somebody else saves another state of the package: what was unchanged may not be so any more.
      const isOvertaken = error instanceof SchemaStoreError && error.code === "CONCURRENCY";
      if (!isOvertaken || tries === SAVE_TRIES) throw error;
      // A random pause, so that two of them do not stop each other for ever.
      await outOfStep(tries);
    }
  }
}

/** What is reported of the first try, and of those before this one. */
interface EarlierTry {
  /** Canonicals that the store had of the package. */
  known?: ReadonlySet<string>;
  /** Canonicals that were stored, with what was not said of them. */
  readonly stored: Map<string, Warnings>;
}

async function saveOnce(
  store: PackageStore,
  fhirPackage: FhirPackage,
  options: SaveOptions,
  earlier: EarlierTry,
): Promise<SavedDefinitions> {
  const started = performance.now();
  const { saving, source } = await beginSaving(store, fhirPackage, options, earlier);
  const turns = new TurnTaking(TURN_MS);
  const definitions = fhirPackage.resources("StructureDefinition")[Symbol.asyncIterator]();
  const closed = partsOf(store)?.closed.signal;
  try {
    for await (const one of untilAborted(definitions, options.signal, closed)) {
      await saving.take(one);
      const { position: done, file } = one;
      options.onProgress?.({ done, total: fhirPackage.fileCount, file, package: source });
      await turns.take();
    }
  } catch (error) {
    // What was stored is durable before anybody hears of the end.
    if (options.signal?.aborted && error === options.signal.reason) await saving.stop();
    throw error;
  }
  const failed = [...fhirPackage.problems, ...saving.failed];
  // Loose definitions are a part of a package at most: nobody knows what else is in it.
  const removed = await saving.end(failed, fhirPackage.source !== undefined);
  const { structureDefinitions, added, changed, unchanged, duplicates, warnings } = saving;
  const foundInstead = structureDefinitions === 0 ? await fhirPackage.contents() : undefined;
  if (source !== undefined && failed.length === 0) {
    const isWithout = foundInstead !== undefined && saving.isNew && isEmpty(foundInstead);
    await markEmpty(store, source, isWithout);
  }
  return {
    package: source,
    structureDefinitions,
    converted: added.length + changed.length,
    added,
    changed,
    removed,
    unchanged,
    failed,
    duplicates,
    warnings,
    ...(foundInstead && { foundInstead }),
    milliseconds: performance.now() - started,
  };
}

/**
 * Saves several packages one after the other, as `savePackage` does; what one of them needs is not missing if
 * another one brings it. Rejects with the first error of the store: those before it stay saved.
 */
export async function savePackages(
  store: PackageStore,
  sources: readonly (FhirPackage | PackageSource)[],
  options: Omit<SaveOptions, "source"> = {},
): Promise<SaveReport[]> {
  check(store, STORE, "store");
  check(sources, { range: "a list of packages", accepts: Array.isArray }, "sources");
  const { source: _, ...rules } = RULES;
  checkGiven(options, rules);
  const saved: (readonly [FhirPackage, SavedDefinitions])[] = [];
  for (const source of sources) {
    const fhirPackage = await packageOf(store, source, options);
    saved.push([fhirPackage, await saveDefinitions(store, fhirPackage, options)]);
  }
  return withEvicted(store, await withMissing(store, saved));
}

/** Finds out what the store has of a package, under which spelling, and by which way the rest goes in. */
async function beginSaving(
  store: PackageStore,
  { source: own }: FhirPackage,
  { tags, source: given = own }: SaveOptions,
  earlier: EarlierTry,
): Promise<{ readonly saving: Saving; readonly source: string | undefined }> {
  const options = tags === undefined ? {} : { tags };
  if (given === undefined) {
    // Resources without a package have no name by which they could be incomplete.
    const known = (await store.list()).filter(({ source }) => source === undefined);
    return {
      saving: new Saving(new OneByOne(store, undefined, options), known, earlier),
      source: given,
    };
  }
  const parts = partsOf(store);
  const entries = await (parts ? entriesOf(parts, given) : store.list({ package: given }));
  // The case of a name does not matter: it is the same package however it is spelled.
  const source = entries[0]?.source ?? given;
  const labelled = { ...options, source };
  const ours = entries.filter((entry) => entry.source === source);
  const known = ours.filter((entry) => !isMark(entry));
  const isWhole = known.length > 0 && !ours.some(isIncompleteMark);
  const filing =
    parts !== undefined && isWhole
      ? new AsOne(parts, labelled)
      : new OneByOne(store, parts, labelled, markIn(store, source, isWhole));
  return { saving: new Saving(filing, known, earlier), source };
}

/** Saves a package into a store, definition by definition. */
class Saving {
  structureDefinitions = 0;
  readonly added: string[] = [];
  readonly changed: string[] = [];
  readonly unchanged: string[] = [];
  readonly failed: SaveFailure[] = [];
  readonly duplicates: SaveDuplicate[] = [];
  readonly warnings: SaveWarning[] = [];
  readonly #filing: Filing;
  /** Canonicals that the store had of the package. */
  readonly #known: ReadonlySet<string>;
  /** Those that were stored, with what was not said of them. */
  readonly #stored: Map<string, Warnings>;
  readonly #seen = new Set<string>();

  constructor(filing: Filing, known: readonly Metadata[], earlier: EarlierTry) {
    this.#filing = filing;
    earlier.known ??= new Set(known.map(({ canonical }) => canonical));
    this.#known = earlier.known;
    // What is to be stored at once is not when that fails.
    this.#stored = filing instanceof OneByOne ? earlier.stored : new Map(earlier.stored);
  }

  /** Whether the store had nothing of the package. */
  get isNew(): boolean {
    return this.#known.size === 0;
  }

  /** Takes one definition, unless an earlier one had its canonical. */
  async take(one: PackageResource): Promise<void> {
    this.structureDefinitions += 1;
    const canonical = canonicalOf(one);
    if (canonical !== undefined && this.#seen.has(canonical)) {
      this.duplicates.push({ file: one.file, canonical });
      return;
    }
    if (canonical !== undefined) this.#seen.add(canonical);
    try {
      const warnings = await this.#filing.take(one);
      if (warnings !== undefined) this.#stored.set(`${canonical}`, warnings);
      const said = this.#stored.get(`${canonical}`);
      const list = this.#known.has(`${canonical}`) ? this.changed : this.added;
      (said ? list : this.unchanged).push(`${canonical}`);
      for (const warning of said ?? [])
        this.warnings.push({ canonical: `${canonical}`, ...warning });
    } catch (cause) {
      // A later file may define it better.
      if (canonical !== undefined) this.#seen.delete(canonical);
      this.failed.push(failureOf(one.file, canonical, cause));
    }
  }

  /** Stores what is left and, of all there is, deletes what is gone; durable when this resolves. */
  end(failed: readonly SaveFailure[], isAll: boolean): Promise<readonly string[]> {
    const isUnsure = failed.some(({ canonical }) => canonical === undefined);
    if (!isAll || isUnsure || this.structureDefinitions === 0) return this.#filing.end(undefined);
    const stays = new Set(failed.map(({ canonical = "" }) => urlOf(canonical)));
    return this.#filing.end(({ canonical, url }) => !this.#seen.has(canonical) && !stays.has(url));
  }

  /** Makes durable what was stored, as the rest does not come. */
  stop(): Promise<void> {
    return this.#filing.stop();
  }
}

/** Whether a package has resources, and none of them defines anything, wherever one looks. */
function isEmpty({ resources, otherForms, elsewhere, manifestIn }: PackageContents): boolean {
  const isNone = (found: Readonly<Record<string, number>>) => Object.keys(found).length === 0;
  const isAllHere = manifestIn === undefined && isNone(otherForms) && isNone(elsewhere);
  return isAllHere && !isNone(resources);
}

/** Passes on what must end the work. */
function failureOf(file: string, canonical: string | undefined, cause: unknown): SaveFailure {
  const error = asStoreError(cause, "CONVERSION", `${file} cannot be converted`, file);
  if (!OF_ONE_ENTRY.has(error.code)) throw error;
  return canonical === undefined ? { file, error } : { file, canonical, error };
}

function canonicalOf({ resource: { url, version } }: PackageResource): string | undefined {
  if (typeof url !== "string") return undefined;
  return typeof version === "string" && version !== "" ? `${url}|${version}` : url;
}

function isPackage(source: FhirPackage | PackageSource): source is FhirPackage {
  return (
    typeof source === "object" &&
    source !== null &&
    "fileCount" in source &&
    typeof source["resources"] === "function"
  );
}
