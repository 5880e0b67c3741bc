/** `cache get`: one entry, as it is stored. */

import { SchemaStoreError } from "../errors.js";
import { type Command, EXIT } from "./command.js";

export const get: Command = {
  name: "get",
  summary: "print the stored JSON of an entry",
  store: "read",
  args: {
    canonical: {
      type: "positional",
      description: "URL or url|version of the entry; without a version, the newest",
    },
  },

  async run({ operands: [canonical = ""], output, withStore }) {
    const text = await withStore((store) => store.getText(canonical));
    if (text === undefined) {
      const message = `nothing is stored under ${canonical}`;
      output.error(new SchemaStoreError("NOT_FOUND", message, { key: canonical }));
      return EXIT.incomplete;
    }
    output.raw(text);
    return EXIT.ok;
  },
};
