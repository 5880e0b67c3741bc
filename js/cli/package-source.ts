/** The package a command converts. */

import type { FhirPackage, SaveReport } from "../convert/index.js";
import { SchemaStoreError } from "../errors.js";
import type { Output } from "./output.js";
import { unlessInterrupted } from "./signals.js";

/** Opens the package at a path; if that fails, prints why and returns undefined. */
export async function openSource(
  path: string,
  output: Output,
  signal: AbortSignal,
): Promise<FhirPackage | undefined> {
  const { openPackagePath } = await import("../convert/node.js");
  try {
    return await unlessInterrupted(openPackagePath(path), signal);
  } catch (error) {
    if (signal.aborted) throw error;
    output.error(error);
    return undefined;
  }
}

/** Prints which StructureDefinitions could not be converted, or that there were none; false for either. */
export function noteFailed({ failed, foundInstead }: SaveReport, output: Output): boolean {
  for (const { file, canonical, error } of failed) {
    output.error(error, canonical ?? file);
  }
  if (foundInstead !== undefined) {
    output.error(new SchemaStoreError("NOT_FOUND", foundInstead.sentence));
  }
  return failed.length === 0 && foundInstead === undefined;
}
