/** `cache list`: what the store holds. */

import type { Metadata } from "../types.js";
import { COLUMNS, type Column, columnOf, DEFAULT_COLUMNS } from "./columns.js";
import { type Command, FILTER_FLAGS } from "./command.js";
import { filterOf, listed, sizeOf } from "./entries.js";
import type { Flags } from "./flags.js";
import { EXIT, UsageError } from "./outcome.js";
import { entriesAndBytes } from "./output.js";
import { table, terminalWidth } from "./table.js";

const NAMES = Object.keys(COLUMNS).join(", ");

export const list: Command = {
  name: "list",
  summary: "list or find entries",
  store: "read",
  operands: { "[text...]": "only entries with all of this in their canonical, name or title" },
  flags: {
    ...FILTER_FLAGS,
    "--sort <column>": "order: texts from A to Z, numbers and times from the largest",
    "--reverse": "the other way round",
    "--limit <count>": "print no more than so many",
    "--columns <name,...>": `of ${NAMES} (default ${DEFAULT_COLUMNS.join(",")})`,
  },
  example: "patient --sort size --limit 10",

  async run({ operands: texts, flags, output, withStore }) {
    const columns = columnsOf(flags.columns ?? DEFAULT_COLUMNS.join(","), "--columns");
    const order = flags.sort === undefined ? [] : columnsOf(flags.sort, "--sort");
    const limit = limitOf(flags.limit);
    if (flags.json && flags.columns !== undefined) {
      throw new UsageError("--columns is for tables: --json has all there is");
    }
    const { entries, incomplete } = await withStore((store) => listed(store, filterOf(flags)));
    const found = entries.filter((entry) => texts.every((text) => has(entry, text)));
    const isReversed = flags.reverse === true;
    if (order.length === 0 && isReversed) found.reverse();
    for (const { compare } of order.reverse()) {
      found.sort((left, right) => compare(left, right, isReversed));
    }
    const shown = found.slice(0, limit);
    const document = shown.map((entry) =>
      incomplete.includes(entry.source ?? "") ? { ...entry, incomplete: true } : entry,
    );
    output.result(document, () => {
      const notes = incomplete.map((name) => `incomplete: ${name}; save it again`);
      if (found.length === 0) return ["no entries", ...notes];
      const rows = shown.map((entry) => columns.map((column) => column.text(entry)));
      const numeric = columns.flatMap(({ isNumeric }, at) => (isNumeric ? [at] : []));
      return [
        ...table([columns.map(({ title }) => title), ...rows], { numeric, width: terminalWidth() }),
        totalOf(found, shown.length),
        ...notes,
      ];
    });
    return EXIT.ok;
  },
};

/** `30 entries, 1.2 MB`, or `10 of 30 entries, 1.2 MB in all` where not all are shown. */
function totalOf(found: readonly Metadata[], shown: number): string {
  const all = entriesAndBytes(found.length, sizeOf(found));
  return shown < found.length ? `${shown} of ${all} in all` : all;
}

function has({ canonical, name, title }: Metadata, text: string): boolean {
  const wanted = text.toLowerCase();
  return [canonical, name, title].some((one) => one?.toLowerCase().includes(wanted));
}

function columnsOf(names: Flags[string], flag: string): Column[] {
  return String(names)
    .split(",")
    .map((name) => {
      const column = columnOf(name);
      if (column !== undefined) return column;
      throw new UsageError(`${flag} is "${name}", must be of ${NAMES}`);
    });
}

function limitOf(limit: Flags[string]): number {
  if (limit === undefined) return Number.POSITIVE_INFINITY;
  if (/^[1-9]\d*$/.test(String(limit))) return Number(limit);
  throw new UsageError(`--limit is "${limit}", must be a whole number above 0`);
}
