/** `cache get`: one entry, as it is stored. */

import { CANONICAL, type Command } from "./command.js";
import { notFound } from "./entries.js";
import { EXIT } from "./outcome.js";

export const get: Command = {
  name: "get",
  summary: "print the stored JSON of an entry",
  store: "read",
  operands: CANONICAL,
  example: '"http://hl7.org/fhir/StructureDefinition/Patient|4.0.1"',

  async run({ operands: [canonical = ""], output, withStore }) {
    const text = await withStore(async (store) => {
      const found = await store.getText(canonical);
      if (found === undefined) throw await notFound(store, canonical);
      return found;
    });
    output.raw(text);
    return EXIT.ok;
  },
};
