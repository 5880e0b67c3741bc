/** `cache clear`: removes entries from the store. */

import { once } from "node:events";
import { createInterface } from "node:readline/promises";
import type { SchemaStore } from "../index.node.js";
import type { Filter, Metadata } from "../types.js";
import { type Command, FILTER_FLAGS } from "./command.js";
import { catalogOf, filterOf, sizeOf } from "./entries.js";
import type { Flags } from "./flags.js";
import { EXIT, NothingThere, UsageError } from "./outcome.js";
import { counted, entriesAndBytes } from "./output.js";

const UNITS_MS: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

export const clear: Command = {
  name: "clear",
  summary: "remove entries",
  store: "read",
  flags: {
    "--url <canonical>": "only this URL, or url|version",
    ...FILTER_FLAGS,
    "--older-than <30d>":
      "only entries last written longer ago than this: a number followed by s, m, h, d or w",
    "--all": "all entries",
    "-y, --yes": "do not ask for confirmation",
    "-n, --dry-run": "only list what would be removed",
  },
  example: "--package hl7.fhir.us.core#3.1.1",

  async run({ flags, output, signal, withStore }) {
    const selection = selectionOf(flags);
    const mayAsk = Boolean(process.stdin.isTTY && process.stderr.isTTY);
    if (!flags.yes && !flags.dryRun && !mayAsk) {
      throw new UsageError("there is no terminal to ask for confirmation: pass --yes");
    }
    return withStore(async (store) => {
      const { isMark } = await import("../convert/package-marks.js");
      const matched = await matching(store, selection);
      const found = matched.filter((entry) => !isMark(entry));
      const what = entriesAndBytes(found.length, sizeOf(found));
      if (flags.dryRun) {
        const matching = found.map(({ canonical }) => canonical);
        output.result({ removed: 0, matching }, () => [...matching, `would remove ${what}`]);
        if (found.length > 0 || "filter" in selection) return EXIT.ok;
        throw nothingUnder(selection.canonical);
      }
      if (found.length > 0 && !flags.yes && !(await confirmed(`Remove ${what}?`, signal))) {
        output.note("nothing removed");
        return EXIT.incomplete;
      }
      const marks = matched.length - found.length;
      const removed = (await remove(store, selection, matched)) - marks;
      const nothing = removed === 0 ? "nothing matches: " : "";
      output.report({ removed }, () => [
        `${nothing}removed ${counted(removed, "entry", "entries")}`,
      ]);
      if (removed > 0 || "filter" in selection) return EXIT.ok;
      throw nothingUnder(selection.canonical);
    });
  },
};

/** Which entries to remove: those of one canonical, or of a filter. */
type Selection = { readonly canonical: string } | { readonly filter: Filter };

function selectionOf(flags: Flags): Selection {
  const olderThan = flags.olderThan;
  const filter: Filter = {
    ...filterOf(flags),
    ...(typeof olderThan === "string" && { olderThanMs: milliseconds(olderThan) }),
  };
  const filtered = Object.keys(filter).length > 0;
  const ways = [typeof flags.url === "string", filtered, flags.all === true].filter(Boolean).length;
  if (ways === 0) throw new UsageError("nothing selected: give a filter, or --all for everything");
  if (ways > 1) throw new UsageError("--url and --all cannot be combined with other filters");
  return typeof flags.url === "string" ? { canonical: flags.url.trim() } : { filter };
}

function milliseconds(age: string): number {
  const [, number, unit = ""] = /^(\d+(?:\.\d+)?)([smhdw])$/.exec(age) ?? [];
  const factor = UNITS_MS[unit];
  if (number === undefined || factor === undefined) {
    throw new UsageError(
      `--older-than is "${age}", must be a number followed by s, m, h, d or w, such as 30d`,
    );
  }
  return Number(number) * factor;
}

/** What will go, also what is expired or damaged, which no list shows. */
async function matching(store: SchemaStore, selection: Selection): Promise<Metadata[]> {
  const catalog = await catalogOf(store);
  const slots =
    "filter" in selection
      ? catalog.list(selection.filter, { expired: true, damaged: true })
      : catalog.rowsOf(selection.canonical);
  return Array.from(slots, (slot) => catalog.metadata(slot));
}

/** Returns how many entries there were. */
async function remove(
  store: SchemaStore,
  selection: Selection,
  found: readonly Metadata[],
): Promise<number> {
  if ("filter" in selection) return store.clear(selection.filter);
  await store.delete(selection.canonical);
  await store.flush();
  return found.length;
}

function nothingUnder(canonical: string): NothingThere {
  return new NothingThere(`nothing is stored under ${canonical}`, canonical);
}

async function confirmed(question: string, signal: AbortSignal): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  // The question would only close at this key.
  terminal.on("SIGINT", () => process.kill(process.pid, "SIGINT"));
  const closed = once(terminal, "close").then(() => "");
  // The end of the input rejects or closes, which counts as no.
  const answered = terminal.question(`${question} [y/N] `, { signal }).catch(() => "");
  try {
    const answer = await Promise.race([answered, closed]);
    signal.throwIfAborted();
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    terminal.close();
  }
}
