/** From a package into a store: every StructureDefinition converted and filed. */

import { asStoreError, type ErrorCode, type SchemaStoreError } from "../errors.js";
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
import type { ConvertOptions, ConvertResult, Filter, Metadata } from "../types.js";
import type { PackageContents } from "./contents.js";
import { type IncompleteMark, isMark, markIn } from "./incomplete.js";
import { type FhirPackage, openPackage, type PackageSource } from "./package.js";
import type { PackageResource } from "./resources.js";

/** The part of a `SchemaStore` that saving a package needs. */
export interface PackageStore {
  convert(structureDefinition: Uint8Array, options?: ConvertOptions): Promise<ConvertResult>;
  list(filter?: Filter): Promise<readonly Metadata[]>;
  flush(): Promise<void>;
  /** With `clear`: marks a package as incomplete while it is saved. Without, it is not marked. */
  put?(value: object, options: { readonly source: string }): Promise<unknown>;
  clear?(filter: Filter): Promise<number>;
}

/** How far saving has come, in files of the package. */
export interface SaveProgress {
  readonly done: number;
  readonly total: number;
  readonly file: string;
}

/** How a package is to be saved. */
export interface SaveOptions {
  /**
   * Stops between two definitions. What was converted by then is durable when it rejects with the
   * signal's reason; `incompletePackages` names the package until it is saved again.
   */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: SaveProgress) => void;
  /** Tags for every entry saved. */
  readonly tags?: readonly string[];
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
  tags: listOf("strings", TEXT.accepts),
};

/** A definition that could not be saved, with the reason. */
export interface SaveFailure {
  readonly file: string;
  /** `url|version` of the definition, where it could be read. */
  readonly canonical?: string;
  readonly error: SchemaStoreError;
}

/** A definition of a canonical that an earlier file of the package has defined already. */
export interface SaveDuplicate {
  readonly file: string;
  readonly canonical: string;
}

/** What saving a package did. */
export interface SaveReport {
  /** `name#version`, or absent for resources without a package. */
  readonly package: string | undefined;
  /** StructureDefinitions found: the ones below together, damaged files aside. */
  readonly structureDefinitions: number;
  readonly converted: number;
  /** Skipped: same source, same converter as when last saved. */
  readonly unchanged: number;
  readonly failed: readonly SaveFailure[];
  /** Left out: of several definitions of one canonical, the first by file name is stored. */
  readonly duplicates: readonly SaveDuplicate[];
  /** Packages this one builds on of which the store holds nothing, as `name#version`. */
  readonly missingDependencies: readonly string[];
  /** What the package holds instead, where there was no StructureDefinition to save. */
  readonly foundInstead?: PackageContents;
  readonly milliseconds: number;
}

/** Reasons that lie in one definition: the others can still be saved. Any other ends the work. */
const OF_ONE_ENTRY: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "CONVERSION",
  "ENTRY_TOO_LARGE",
  "INVALID_KEY",
  "INVALID_VALUE",
  "SERIALIZATION",
]);

/** Longest stretch without giving the event loop a turn, in milliseconds: two frames. */
const TURN_MS = 32;

/**
 * Converts and stores every StructureDefinition of a package, with the package as its source.
 * All of it is durable when this resolves. A definition that cannot be read or converted is
 * reported and the rest goes on; an error of the store itself rejects. What ends before its time, also
 * by the end of the process, leaves the package marked: see `incompletePackages`.
 */
export async function savePackage(
  store: PackageStore,
  source: FhirPackage | PackageSource,
  options: SaveOptions = {},
): Promise<SaveReport> {
  check(store, STORE, "store");
  checkGiven(options, RULES);
  const started = performance.now();
  const fhirPackage = isPackage(source) ? source : await openPackage(source);
  const saving = new Saving(store, fhirPackage, options);
  let turn = performance.now();
  for await (const one of fhirPackage.resources("StructureDefinition")) {
    await unlessStopped(store, options.signal);
    await saving.take(one);
    options.onProgress?.({ done: one.position, total: fhirPackage.fileCount, file: one.file });
    if (performance.now() - turn > TURN_MS) {
      await new Promise((resolve) => setTimeout(resolve, 0));
      turn = performance.now();
    }
  }
  await unlessStopped(store, options.signal);
  await saving.end();
  const { counts, failed, duplicates } = saving;
  const isEmpty = counts.structureDefinitions === 0;
  return {
    package: fhirPackage.source,
    ...counts,
    failed: [...fhirPackage.problems, ...failed],
    duplicates,
    missingDependencies: await missingDependencies(store, fhirPackage),
    ...(isEmpty ? { foundInstead: await fhirPackage.contents() } : undefined),
    milliseconds: performance.now() - started,
  };
}

/** Saves a package into a store, definition by definition. */
class Saving {
  readonly counts = { structureDefinitions: 0, converted: 0, unchanged: 0 };
  readonly failed: SaveFailure[] = [];
  readonly duplicates: SaveDuplicate[] = [];
  readonly #store: PackageStore;
  readonly #filing: ConvertOptions;
  readonly #mark: IncompleteMark | undefined;
  readonly #seen = new Set<string>();

  constructor(store: PackageStore, { source }: FhirPackage, { tags }: SaveOptions) {
    this.#store = store;
    this.#filing = {
      ...(source === undefined ? undefined : { source }),
      ...(tags === undefined ? undefined : { tags }),
    };
    // Resources without a package have no name by which they could be incomplete.
    this.#mark = source === undefined ? undefined : markIn(store, source);
  }

  /** Stores one definition, unless an earlier one had its canonical. */
  async take(one: PackageResource): Promise<void> {
    if (this.counts.structureDefinitions === 0) await this.#mark?.begin();
    this.counts.structureDefinitions += 1;
    const canonical = canonicalOf(one);
    if (canonical !== undefined && this.#seen.has(canonical)) {
      this.duplicates.push({ file: one.file, canonical });
      return;
    }
    if (canonical !== undefined) this.#seen.add(canonical);
    try {
      const { converted } = await this.#store.convert(one.bytes, this.#filing);
      this.counts[converted ? "converted" : "unchanged"] += 1;
      if (converted) await this.#mark?.set();
    } catch (cause) {
      this.failed.push(failureOf(one.file, canonical, cause));
    }
  }

  /** All of it is durable when this resolves; the mark goes last, as a full disk may refuse what came before. */
  async end(): Promise<void> {
    await this.#store.flush();
    await this.#mark?.end();
  }
}

/** Throws the reason of a signal, once what was stored is durable. */
async function unlessStopped(store: PackageStore, signal: AbortSignal | undefined): Promise<void> {
  if (signal?.aborted !== true) return;
  await store.flush();
  throw signal.reason;
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

async function missingDependencies(
  store: PackageStore,
  { dependencies }: FhirPackage,
): Promise<string[]> {
  const missing: string[] = [];
  for (const [name, version] of Object.entries(dependencies).sort(byName)) {
    const present = (await store.list({ package: name })).filter((entry) => !isMark(entry));
    if (!present.some(({ source }) => source !== undefined && satisfies(source, name, version))) {
      missing.push(`${name}#${version}`);
    }
  }
  return missing;
}

/** Versions may be asked for as `4.0.x`, or by a label that names whichever build is at hand. */
function satisfies(source: string, name: string, version: string): boolean {
  if (["latest", "current", "dev"].includes(version)) return true;
  if (version.endsWith(".x")) return source.startsWith(`${name}#${version.slice(0, -1)}`);
  return source === `${name}#${version}`;
}

function byName([a]: readonly [string, string], [b]: readonly [string, string]): number {
  return a < b ? -1 : 1;
}

function isPackage(source: FhirPackage | PackageSource): source is FhirPackage {
  return (
    typeof source === "object" &&
    source !== null &&
    "fileCount" in source &&
    typeof source["resources"] === "function"
  );
}
