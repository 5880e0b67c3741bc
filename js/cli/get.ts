/** `cache get`: one entry, as it is stored. */

import type { Command } from "./command.js";
import { EXIT, NothingThere } from "./outcome.js";

export const get: Command = {
  name: "get",
  summary: "print the stored JSON of an entry",
  store: "read",
  operands: {
    "<canonical>": "URL or url|version of the entry; without a version, the newest",
  },
  example: '"http://hl7.org/fhir/StructureDefinition/Patient|4.0.1"',

  async run({ operands: [canonical = ""], output, withStore }) {
    const text = await withStore((store) => store.getText(canonical));
    if (text === undefined) {
      throw new NothingThere(`nothing is stored under ${canonical}`, canonical);
    }
    output.raw(text);
    return EXIT.ok;
  },
};
