/** `cache list`: what the store holds. */

import type { SchemaStore } from "../index.node.js";
import type { Filter, Metadata } from "../types.js";
import { type Command, type CommandContext, EXIT, FILTER_FLAGS } from "./command.js";
import { counted, readableBytes, table } from "./output.js";

export const list: Command = {
  name: "list",
  summary: "list the entries of the store",
  store: "read",
  args: FILTER_FLAGS,

  async run({ flags, output, withStore }) {
    const { entries, incomplete } = await withStore((store) => listed(store, filterOf(flags)));
    const document = entries.map((entry) =>
      incomplete.includes(entry.source ?? "") ? { ...entry, incomplete: true } : entry,
    );
    output.result(document, () => {
      const notes = incomplete.map((name) => `incomplete: ${name}; save it again`);
      if (entries.length === 0) return ["no entries", ...notes];
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
        ...notes,
      ];
    });
    return EXIT.ok;
  },
};

/** The entries a filter takes, and the incomplete ones of their packages; of all, where it takes all. */
export async function listed(
  store: SchemaStore,
  filter: Filter,
): Promise<{ entries: Metadata[]; incomplete: readonly string[] }> {
  const { incompletePackages, isMark } = await import("../convert/package-marks.js");
  const entries = (await store.list(filter)).filter((entry) => !isMark(entry));
  const all = await incompletePackages(store);
  const isAll = Object.keys(filter).length === 0;
  const incomplete = all.filter((name) => isAll || entries.some(({ source }) => source === name));
  return { entries, incomplete };
}

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
