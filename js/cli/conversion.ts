/** What the flags of `save` and `pack` say of converting, and what is told of it. */

import type { SaveReport, SaveWarning } from "../convert/index.js";
import type { Converter } from "../types.js";
import type { FlagTexts } from "./command.js";
import type { Flags } from "./flags.js";
import { UsageError } from "./outcome.js";
import { counted } from "./output.js";

/** Flags of a command that converts packages. */
export const CONVERSION_FLAGS: FlagTexts = {
  "--converter <name>":
    "fhir-schema (the default), or none to store StructureDefinitions as they are",
  "--verbose": "list what schemas do not say of their StructureDefinitions",
};

/** The converter that `--converter` names, as an option of a store. */
export async function converterOf({
  converter = "fhir-schema",
}: Flags): Promise<{ readonly converter: Converter }> {
  const { fhirSchemaConverter, noConverter } = await import("../convert/node.js");
  if (converter === "fhir-schema") return { converter: fhirSchemaConverter() };
  if (converter === "none") return { converter: noConverter() };
  throw new UsageError(`--converter is "${converter}", must be fhir-schema or none`);
}

/** How many warnings there are of each kind; under `--verbose` each of them as well. */
export function warningLines({ warnings, unchanged }: SaveReport, { verbose }: Flags): string[] {
  if (warnings.length === 0) {
    const isToldBefore = verbose === true && unchanged.length > 0;
    return isToldBefore
      ? ["what the unchanged ones do not say was told when they were converted"]
      : [];
  }
  const counts = new Map<string, number>();
  for (const { kind } of warnings) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  const kinds = [...counts].map(([kind, count]) => `${count} ${kind}`).join(", ");
  const lines = verbose ? warnings.map(warningLine) : [];
  return [`not said by the schemas, ${counted(warnings.length, "warning")}: ${kinds}`, ...lines];
}

function warningLine({ canonical, kind, element, message }: SaveWarning): string {
  return `  ${canonical} ${element}: ${kind}: ${message}`;
}
