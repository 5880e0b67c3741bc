/** `cache export`: entries into an archive. */

import { writeArchive } from "./archive-file.js";
import { type Command, EXIT, FILTER_FLAGS } from "./command.js";
import { filterOf } from "./list.js";
import { readableBytes } from "./output.js";

export const exportCommand: Command = {
  name: "export",
  summary: "write entries to an archive, one file for any store",
  args: {
    file: { type: "positional", description: "the archive to write, - for standard output" },
    ...FILTER_FLAGS,
  },

  async run({ operands: [file = "-"], flags, output, signal, withStore }) {
    const bytes = await withStore((store) =>
      writeArchive(store.export(filterOf(flags)), file, signal),
    );
    // Standard output carries the archive itself.
    if (file === "-") output.note(`exported ${readableBytes(bytes)}`);
    else output.result({ file, bytes }, () => [`${file}: ${readableBytes(bytes)}`]);
    return EXIT.ok;
  },
};
