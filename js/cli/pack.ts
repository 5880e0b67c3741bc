/** `cache pack`: converts a package into an archive, without a store. */

import { SchemaStoreError } from "../errors.js";
import { checkTarget, writeArchive } from "./archive-file.js";
import type { Command } from "./command.js";
import { CONVERSION_FLAGS, converterOf, warningLines } from "./conversion.js";
import { EXIT, UsageError } from "./outcome.js";
import { counted, entriesAndBytes } from "./output.js";
import { noteFailed, openSource } from "./package-source.js";
import { progressBar } from "./progress.js";

export const pack: Command = {
  name: "pack",
  summary: "convert a package into an archive, without a store",
  store: "none",
  storeOptions: ["maxEntryBytes"],
  operands: {
    "<source>": "a directory, .tgz or .json file, name#version in ~/.fhir/packages, - for stdin",
  },
  flags: {
    "-o, --output <file>": "the archive to write, - for stdout (default <name>-<version>.fss)",
    ...CONVERSION_FLAGS,
  },
  example: "us_core_311.tgz -o us-core.fss",

  async run({ operands: [path = "-"], flags, options, output, signal }) {
    if (flags.output === "-") checkTarget("-");
    const { savePackage } = await import("../convert/node.js");
    const { openSchemaStore } = await import("../index.node.js");
    const converter = await converterOf(flags);
    const source = await openSource(path, output, signal);
    if (source === undefined) return EXIT.incomplete;
    const { maxEntryBytes } = options;
    await using store = await openSchemaStore({
      strategy: "memory",
      memoryLimitMb: 4000,
      maxEntries: 1_000_000,
      maxCatalogMb: 1024,
      ...(maxEntryBytes && { maxEntryBytes }),
      ...converter,
    });
    const bar = progressBar(output);
    const report = await savePackage(store, source, {
      signal,
      onProgress: ({ done, total, file }) => bar.update(done, total, file),
    }).finally(() => bar.end());
    const file = typeof flags.output === "string" ? flags.output : nameOf(report.package);
    const isWhole = noteFailed(report, output);
    if (report.foundInstead !== undefined) return EXIT.incomplete;
    if (report.evicted !== undefined) {
      const message = `${path} does not fit into memory: ${counted(report.evicted.length, "entry", "entries")} had no room`;
      throw new SchemaStoreError("STORAGE_FULL", message, { key: path });
    }
    const bytes = await writeArchive(store.export(), file, signal);
    const entries = await store.size();
    const failed = report.failed.length;
    const said = entriesAndBytes(entries, bytes);
    const { warnings } = report;
    const more = warningLines(report, flags);
    if (file === "-") for (const line of [said, ...more]) output.note(line);
    else {
      const document = { file, entries, bytes, failed, warnings };
      output.report(document, () => [`${file}: ${said}`, ...more]);
    }
    return isWhole ? EXIT.ok : EXIT.incomplete;
  },
};

function nameOf(source: string | undefined): string {
  if (source === undefined) throw new UsageError("the package has no name: pass --output <file>");
  return `${source.replace("#", "-").replaceAll(/[^\w.-]/g, "_")}.fss`;
}
