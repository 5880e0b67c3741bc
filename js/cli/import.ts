/** `cache import`: an archive into the store. */

import { SchemaStoreError } from "../errors.js";
import { readArchive } from "./archive-file.js";
import { type Command, EXIT, NothingThere } from "./command.js";

export const importCommand: Command = {
  name: "import",
  summary: "import the entries of an archive, all or none",
  args: {
    file: { type: "positional", description: "the archive, - for standard input" },
    replace: { type: "boolean", description: "overwrite entries that differ from the archive's" },
  },

  async run({ operands: [file = "-"], flags, output, signal, withStore }) {
    const conflicts = flags.replace ? "replace" : "keep";
    try {
      const report = await withStore((store) =>
        store.import(readArchive(file, signal), { conflicts }),
      );
      output.result(report, () => {
        const { added, skipped, replaced, conflicting } = report;
        const lines = [
          `${added} added, ${replaced} replaced, ${skipped} already there, ${conflicting} kept`,
        ];
        if (conflicting > 0)
          lines.push("kept entries differ from those of the archive: see --replace");
        return lines;
      });
      if (Object.values(report).some((count) => count > 0)) return EXIT.ok;
      throw new NothingThere(`${file} is an archive without entries: nothing was imported`, file);
    } catch (error) {
      if (!(error instanceof SchemaStoreError) || error.code !== "NOT_FOUND") throw error;
      output.error(error);
      return EXIT.incomplete;
    }
  },
};
