/** `cache save`: a package into the store. */

import type { FhirPackage, SaveOptions, SaveProgress, SaveReport } from "../convert/index.js";
import type { SavedDefinitions } from "../convert/save.js";
import type { StoreOptions } from "../types.js";
import type { Command, CommandContext } from "./command.js";
import { CONVERSION_FLAGS, converterOf, warningLines } from "./conversion.js";
import { packageName, tagsOf } from "./labels.js";
import { EXIT, UsageError } from "./outcome.js";
import { counted } from "./output.js";
import { noteFailed, openSource } from "./package-source.js";
import { progressBar } from "./progress.js";

/** Names in one line of text; all of them are in the JSON. */
const SHOWN = 10;

export const save: Command = {
  name: "save",
  summary: "convert the StructureDefinitions of packages and store them",
  operands: {
    "<source...>":
      "directories, .tgz or .json files, name#version in ~/.fhir/packages, - for stdin",
  },
  flags: {
    "--tag <tag,...>": "tags for the entries",
    "--as <name#version>": "store everything under this package: for loose definitions",
    ...CONVERSION_FLAGS,
  },
  example: "us_core_311.tgz hl7.fhir.r4.core#4.0.1",

  async run(context) {
    const { flags, output, signal } = context;
    const operands = [...new Set(context.operands)];
    const options = {
      signal,
      ...tagsOf(flags),
      ...labelOf(flags.as, operands),
    };
    const converter = await converterOf(flags);
    const sources = new Map<string, FhirPackage>();
    for (const path of operands) {
      const source = await openSource(path, output, signal);
      if (source !== undefined) sources.set(path, source);
    }
    if (sources.size === 0) return EXIT.incomplete;
    const reports = await saveAll(context, sources, options, converter);
    const documents = reports.map(toJson);
    const paths = [...sources.keys()];
    output.report(operands.length > 1 ? documents : documents[0], () =>
      reports.flatMap((report, at) =>
        report.foundInstead
          ? []
          : [...toText(report, paths[at] ?? "-"), ...warningLines(report, flags)],
      ),
    );
    const isWhole = reports.map((report) => noteFailed(report, output)).every(Boolean);
    return isWhole && sources.size === operands.length ? EXIT.ok : EXIT.incomplete;
  },
};

/** Saves packages and shows how far that has come; says what is there of one that was interrupted. */
async function saveAll(
  { output, signal, withStore }: CommandContext,
  sources: ReadonlyMap<string, FhirPackage>,
  options: SaveOptions,
  converter: Pick<StoreOptions, "converter">,
): Promise<SaveReport[]> {
  const { incompletePackages } = await import("../convert/node.js");
  const { saveDefinitions } = await import("../convert/save.js");
  const { withMissing } = await import("../convert/missing.js");
  const bar = progressBar(output);
  /** The package under way, and how far it has come. */
  let [label, progress]: [string, SaveProgress[]] = ["", []];
  let isStored = true;
  try {
    return await withStore(async (store) => {
      const saved: (readonly [FhirPackage, SavedDefinitions])[] = [];
      for (const [path, source] of sources) {
        [label, progress] = [path, []];
        const onProgress = (last: SaveProgress) => {
          progress = [last];
          bar.update(last.done, last.total, last.file);
        };
        try {
          saved.push([source, await saveDefinitions(store, source, { ...options, onProgress })]);
        } catch (error) {
          const [{ package: name } = {}] = progress;
          const incomplete = await incompletePackages(store).catch(() => undefined);
          isStored = name === undefined || incomplete?.includes(name) === true;
          throw error;
        }
      }
      return withMissing(store, saved);
    }, converter);
  } catch (error) {
    bar.end();
    const [last] = progress;
    if (last !== undefined && error === signal.reason) {
      const done = isStored
        ? `${last.done} of ${last.total} files done and stored`
        : "nothing of it was changed";
      output.note(`${last.package ?? label}: ${done}; save it again to finish`);
    }
    throw error;
  } finally {
    bar.end();
  }
}

/** The package that `--as` names, as an option. */
function labelOf(
  as: string | boolean | undefined,
  operands: readonly string[],
): { readonly source?: string } {
  if (typeof as !== "string") return {};
  if (operands.length > 1) throw new UsageError("--as names one package: give one source");
  return { source: packageName(as, "--as") };
}

function toText(report: SaveReport, path: string): string[] {
  const seconds = (report.milliseconds / 1000).toFixed(1);
  const found = counted(report.structureDefinitions, "StructureDefinition");
  const { added, changed, removed, unchanged, failed } = report;
  const counts = Object.entries({ added, changed, removed, unchanged, failed })
    .map(([what, { length }]) => `${length} ${what}`)
    .join(", ");
  const lines = [`${report.package ?? path}: ${found}: ${counts}, in ${seconds} s`];
  if (removed.length > 0) {
    lines.push(`removed, as the package has them no more: ${shortened(removed)}`);
  }
  if (report.duplicates.length > 0) {
    const files = report.duplicates.map(({ file }) => file).join(", ");
    lines.push(`skipped, because earlier files define the same: ${files}`);
  }
  if (report.missingDependencies.length > 0) {
    lines.push(`dependencies not in the store: ${report.missingDependencies.join(", ")}`);
  }
  return lines;
}

/** The first of them, and how many more there are. */
function shortened(names: readonly string[]): string {
  const more = names.length - SHOWN;
  return [...names.slice(0, SHOWN), ...(more > 0 ? [`and ${more} more`] : [])].join(", ");
}

function toJson(report: SaveReport): object {
  const failed = report.failed.map(({ file, canonical, error }) => {
    const { code, message } = error;
    return { file, canonical, code, message };
  });
  return { ...report, package: report.package ?? null, failed };
}
