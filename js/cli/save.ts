/** `cache save`: a package into the store. */

import type { SaveReport } from "../convert/index.js";
import { type Command, EXIT } from "./command.js";
import { counted } from "./output.js";
import { noteFailed, openSource } from "./package-source.js";
import { progressBar } from "./progress.js";

/** Names in one line of text; all of them are in the JSON. */
const SHOWN = 10;

export const save: Command = {
  name: "save",
  summary: "convert the StructureDefinitions of a package and store them",
  args: {
    source: {
      type: "positional",
      description: "a directory, .tgz or .json file, name#version in ~/.fhir/packages, - for stdin",
    },
    tag: { type: "string", valueHint: "tag,...", description: "tags for the entries" },
  },

  async run({ operands: [path = "-"], flags, output, signal, withStore }) {
    const { incompletePackages, savePackage } = await import("../convert/node.js");
    const source = await openSource(path, output, signal);
    if (source === undefined) return EXIT.incomplete;
    const tags = typeof flags.tag === "string" ? flags.tag.split(",").filter(Boolean) : undefined;
    const bar = progressBar();
    let looked = 0;
    let isStored = source.source === undefined;
    try {
      const report = await withStore(async (store) => {
        const saving = savePackage(store, source, {
          signal,
          onProgress: ({ done, total, file }) => {
            looked = done;
            bar.update(done, total, file);
          },
          ...(tags && { tags }),
        });
        try {
          return await saving;
        } catch (error) {
          const incomplete = await incompletePackages(store).catch(() => undefined);
          isStored ||= incomplete?.includes(`${source.source}`) === true;
          throw error;
        }
      });
      bar.end();
      output.result(toJson(report), () => (report.foundInstead ? [] : toText(report, path)));
      return noteFailed(report, output) ? EXIT.ok : EXIT.incomplete;
    } catch (error) {
      bar.end();
      if (looked > 0 && error === signal.reason) {
        const done = isStored
          ? `${looked} of ${source.fileCount} files done and stored`
          : "nothing of it was changed";
        output.note(`${source.source ?? path}: ${done}; save it again to finish`);
      }
      throw error;
    } finally {
      bar.end();
    }
  },
};

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
