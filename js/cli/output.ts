/** What the command line prints, and in which form. */

import { stripVTControlCharacters } from "node:util";
import { SchemaStoreError } from "../errors.js";

/** Control characters, C1 among them, and what changes the direction of writing or breaks the line. */
const OBEYED = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu;

/** Results on standard output, everything else on standard error. */
export class Output {
  /** Whether results are one JSON document instead of text for people. */
  readonly json: boolean;

  constructor(json: boolean) {
    this.json = json;
  }

  /** Prints a result: `document` under `--json`, the lines of `text` otherwise. */
  result(document: unknown, text: () => readonly string[]): void {
    const lines = this.json
      ? [escaped(JSON.stringify(document, undefined, 2))]
      : text().map(printable);
    if (lines.length > 0) process.stdout.write(`${lines.join("\n")}\n`);
  }

  /** Prints stored JSON as it is; on a terminal the line is ended, and nothing in it is obeyed. */
  raw(json: string): void {
    if (!process.stdout.isTTY) process.stdout.write(json);
    else process.stdout.write(`${escaped(json).trimEnd()}\n`);
  }

  /** A remark beside the result, on one line. */
  note(text: string): void {
    process.stderr.write(`${printable(text.replace(/\s*[\r\n]+\s*/g, " "))}\n`);
  }

  /** One line for what failed: `error: CODE message`. */
  error(error: unknown): void {
    this.note(`error: ${describe(error)}`);
  }
}

/** The code, where there is one, and the message. */
export function describe(error: unknown): string {
  if (error instanceof SchemaStoreError) return `${error.code} ${error.message}`;
  return error instanceof Error ? error.message : String(error);
}

/** A reader that goes away, like `head` or a closed terminal, is not a failure: the rest is dropped. */
export function tolerateClosedPipes(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE" && error.code !== "EIO") throw error;
    });
  }
}

/** Text without colours unless `stream` is a terminal that wants them. */
export function coloursFor(stream: NodeJS.WriteStream, text: string): string {
  return stream.isTTY && !process.env.NO_COLOR ? text : stripVTControlCharacters(text);
}

/** Lines with their cells in columns; the columns in `numeric` to the right. */
export function table(
  rows: readonly (readonly string[])[],
  numeric: readonly number[] = [],
): string[] {
  return aligned(
    rows.map((row) => row.map(printable)),
    numeric,
  );
}

/** Text from packages and stores may hold escape sequences and characters that reverse the direction. */
export function printable(text: string): string {
  return text.replace(OBEYED, "\ufffd");
}

/** The same for JSON, which can escape such characters. Its own line breaks stay. */
function escaped(json: string): string {
  return json.replace(OBEYED, (one) =>
    /[\t\r\n]/.test(one) ? one : `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function aligned(rows: readonly (readonly string[])[], numeric: readonly number[]): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [at, cell] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, cell.length);
  }
  return rows.map((row) =>
    row
      .map((cell, at) =>
        numeric.includes(at) ? cell.padStart(widths[at] ?? 0) : cell.padEnd(widths[at] ?? 0),
      )
      .join("  ")
      .trimEnd(),
  );
}

/** Bytes for people, in decimal units: `812 B`, `45.1 kB`, `1.8 MB`. */
export function readableBytes(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** `1 entry`, `2 entries`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
