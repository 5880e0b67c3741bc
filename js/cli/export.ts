/** `cache export`: entries into an archive. */

import { checkTarget, writeArchive } from "./archive-file.js";
import { type Command, FILTER_FLAGS } from "./command.js";
import { catalogOf, filterOf, listed } from "./entries.js";
import { EXIT, NothingThere } from "./outcome.js";
import { entriesAndBytes } from "./output.js";

export const exportCommand: Command = {
  name: "export",
  summary: "write entries to an archive, a file that any store can import",
  store: "read",
  operands: { "<file>": "the archive to write, - for standard output" },
  flags: FILTER_FLAGS,
  example: "us-core.fss --package hl7.fhir.us.core",

  async run({ operands: [file = "-"], flags, output, signal, withStore }) {
    checkTarget(file);
    const filter = filterOf(flags);
    const { bytes, count, incomplete } = await withStore(async (store) => {
      const { entries, incomplete } = await listed(store, filter);
      // What is damaged is refused by the export itself.
      const all = (await catalogOf(store)).list(filter, { damaged: true });
      if (all.length === 0) {
        throw new NothingThere("there is no entry to export: no archive was written", file);
      }
      const bytes = await writeArchive(store.export(filter), file, signal);
      return { bytes, count: entries.length, incomplete };
    });
    for (const name of incomplete) output.note(`${name} is incomplete, in the archive too`);
    const said = entriesAndBytes(count, bytes);
    // Standard output carries the archive itself.
    if (file === "-") output.note(`exported ${said}`);
    else output.report({ file, entries: count, bytes }, () => [`${file}: ${said}`]);
    return EXIT.ok;
  },
};
