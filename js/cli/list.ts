/** `cache list`: what the store holds. */

import type { Filter } from "../types.js";
import { type Command, type CommandContext, EXIT, FILTER_FLAGS } from "./command.js";
import { counted, readableBytes, table } from "./output.js";

export const list: Command = {
  name: "list",
  summary: "list the entries of the store",
  args: FILTER_FLAGS,

  async run({ flags, output, withStore }) {
    const entries = await withStore((store) => store.list(filterOf(flags)));
    output.result(entries, () => {
      if (entries.length === 0) return ["no entries"];
      const rows = entries.map(({ canonical, type, source, size }) => [
        canonical,
        type ?? "",
        source ?? "",
        readableBytes(size),
      ]);
      const total = entries.reduce((sum, { size }) => sum + size, 0);
      return [
        ...table([["CANONICAL", "TYPE", "PACKAGE", "SIZE"], ...rows], [3]),
        `${counted(entries.length, "entry", "entries")}, ${readableBytes(total)}`,
      ];
    });
    return EXIT.ok;
  },
};

/** The filter the flags of `FILTER_FLAGS` describe. */
export function filterOf(flags: CommandContext["flags"]): Filter {
  const text = (name: string) => {
    const value = flags[name];
    return typeof value === "string" ? value : undefined;
  };
  const urlPrefix = text("url-prefix");
  const type = text("type");
  const tag = text("tag");
  const fromPackage = text("package");
  return {
    ...(urlPrefix !== undefined && { urlPrefix }),
    ...(fromPackage !== undefined && { package: fromPackage }),
    ...(type !== undefined && { type }),
    ...(tag !== undefined && { tag }),
  };
}
