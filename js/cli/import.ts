/** `cache import`: an archive into the store. */

import type { Command } from "./command.js";
import { readInput } from "./input.js";
import { EXIT, NothingThere } from "./outcome.js";

export const importCommand: Command = {
  name: "import",
  summary: "import the entries of an archive, all or none",
  operands: { "<file>": "the archive, - for standard input" },
  flags: { "--replace": "overwrite entries that differ from the archive's" },
  example: "us-core.fss",

  async run({ operands: [file = "-"], flags, output, signal, withStore }) {
    const conflicts = flags.replace ? "replace" : "keep";
    const report = await withStore((store) => store.import(readInput(file, signal), { conflicts }));
    output.report(report, () => {
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
  },
};
