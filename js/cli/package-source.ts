/** The package a command converts. */

import type { FhirPackage, SaveReport } from "../convert/index.js";
import { describe, type Output } from "./output.js";

/** Opens the package at a path; tells what is wrong with it and answers undefined otherwise. */
export async function openSource(path: string, output: Output): Promise<FhirPackage | undefined> {
  const { openPackagePath } = await import("../convert/node.js");
  try {
    return await openPackagePath(path);
  } catch (error) {
    output.error(error);
    return undefined;
  }
}

/** Tells which StructureDefinitions could not be converted. */
export function noteFailed({ failed }: SaveReport, output: Output): void {
  for (const { file, canonical, error } of failed) {
    output.note(`error: ${describe(error)} (${canonical ?? file})`);
  }
}
