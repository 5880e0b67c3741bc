/** What saving a package tells, on the way and in the end. */

import type { SchemaStoreError } from "../errors.js";
import type { ConversionWarning } from "../types.js";
import type { PackageContents } from "./contents.js";

/** How far saving has come, in files of the package. */
export interface SaveProgress {
  readonly done: number;
  readonly total: number;
  readonly file: string;
  /** The package the file is of, `name#version`. */
  readonly package: string | undefined;
}

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

/** Something that a schema does not say of its definition. */
export interface SaveWarning extends ConversionWarning {
  /** `url|version` of the definition. */
  readonly canonical: string;
}

/** What saving a package did. Its lists are of canonicals, `url|version`, in the order of the files. */
export interface SaveReport {
  /** `name#version`, or absent for resources without a package. */
  readonly package: string | undefined;
  /** StructureDefinitions found: added, changed, unchanged, failed and duplicates, damaged files aside. */
  readonly structureDefinitions: number;
  /** Definitions that were converted: added and changed. */
  readonly converted: number;
  /** Stored, and new to the store from this package. */
  readonly added: readonly string[];
  /** Stored in place of what the store had: another definition, another converter, other tags. */
  readonly changed: readonly string[];
  /**
   * Deleted, as the package does not have them any more. None where a file could not be read: it may be any
   * of them. What the user put with the package as its `source` stays.
   */
  readonly removed: readonly string[];
  /** Left as they were: same source, same converter as when last saved. */
  readonly unchanged: readonly string[];
  /**
   * Those of added, changed and unchanged that are gone again: a store in memory is too small for all of them, and
   * has evicted these. Absent if there are none.
   */
  readonly evicted?: readonly string[];
  /** What the store had of these stays. */
  readonly failed: readonly SaveFailure[];
  /** Left out: of several definitions of one canonical, the first by file name is stored. */
  readonly duplicates: readonly SaveDuplicate[];
  /** What the schemas do not say of the definitions that were converted now. */
  readonly warnings: readonly SaveWarning[];
  /** Packages this one builds on of which the store holds nothing, as `name#version`. */
  readonly missingDependencies: readonly string[];
  /** What the package holds instead, where there was no StructureDefinition to save. */
  readonly foundInstead?: PackageContents;
  readonly milliseconds: number;
}
