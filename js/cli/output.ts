/** What the command line prints, and in which form. */

import { SchemaStoreError } from "../errors.js";
import { fileError } from "./input.js";
import { UsageError } from "./outcome.js";
import { Interrupted } from "./signals.js";

/** Control characters, C1 among them, and what changes the direction of writing or breaks the line. */
const OBEYED = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu;

/** In which form output is wanted. */
export interface OutputForm {
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** Results on standard output, everything else on standard error. */
export class Output {
  #json = false;
  #quiet = false;
  /** Under `--json`: what is to be said on standard error, in one document. */
  readonly #errors: object[] = [];
  readonly #notes: string[] = [];

  /** `json`: one JSON document on each stream instead of text for people. `quiet`: no notes and no reports. */
  constructor(form: OutputForm = {}) {
    this.take(form);
  }

  /** The form as the command line has it, once that is understood. */
  take({ json = false, quiet = false }: OutputForm): void {
    this.#json = json;
    this.#quiet = quiet;
  }

  /** Whether it is shown how far work has come. */
  get showsProgress(): boolean {
    return !this.#json && !this.#quiet;
  }

  /** Prints what was asked for: `document` under `--json`, the lines of `text` otherwise. */
  result(document: unknown, text: () => readonly string[]): void {
    const lines = this.#json
      ? [escaped(JSON.stringify(document, undefined, 2))]
      : text().map(printable);
    if (lines.length > 0) process.stdout.write(`${lines.join("\n")}\n`);
  }

  /** The same for what was done, which nobody asked to see. */
  report(document: unknown, text: () => readonly string[]): void {
    if (this.#json || !this.#quiet) this.result(document, text);
  }

  /** Prints stored JSON as it is; on a terminal the line is ended, and nothing in it is obeyed. */
  raw(json: string): void {
    if (!process.stdout.isTTY) process.stdout.write(json);
    else process.stdout.write(`${escaped(json).trimEnd()}\n`);
  }

  /** A remark beside the result, on one line. */
  note(text: string): void {
    if (this.#json) this.#notes.push(text);
    else if (!this.#quiet) writeLine(text);
  }

  /** What failed, `error: CODE message`, and where, if the message does not say. */
  error(error: unknown, where?: string): void {
    if (this.#json) this.#errors.push({ ...documentOf(error), ...(where && { where }) });
    else writeLine(`error: ${describe(error)}${where ? ` (${where})` : ""}`);
  }

  /**
   * A reader that goes away, like `head` or a closed terminal, is not a failure: the rest is dropped. A full disk
   * behind standard output is one, and ends the process with `exitCode`.
   */
  watchStreams(exitCode: number): void {
    const isGone = ({ code }: NodeJS.ErrnoException) => code === "EPIPE" || code === "EIO";
    process.stderr.on("error", () => {});
    process.stdout.on("error", (error: NodeJS.ErrnoException) => {
      if (isGone(error)) return;
      this.error(fileError(error, "standard output", "written"));
      this.finish(exitCode);
      process.exit(exitCode);
    });
  }

  /** Ends it; under `--json` prints what was said of errors, if anything. */
  finish(exitCode: number): void {
    if (!this.#json || this.#errors.length + this.#notes.length + exitCode === 0) return;
    const document = { exitCode, errors: this.#errors, notes: this.#notes };
    process.stderr.write(`${escaped(JSON.stringify(document, undefined, 2))}\n`);
  }
}

function writeLine(text: string): void {
  process.stderr.write(`${printable(text.replace(/\s*[\r\n]+\s*/g, " "))}\n`);
}

/** An error as JSON: one without a code of ours is a mistake on the command line, a signal, or unforeseen. */
function documentOf(error: unknown): object {
  const message = error instanceof Error ? error.message : String(error);
  if (!(error instanceof SchemaStoreError)) {
    const code = error instanceof UsageError ? "USAGE" : "INTERNAL";
    return { code: error instanceof Interrupted ? "INTERRUPTED" : code, message };
  }
  const { code, key, retryable } = error;
  return { code, message, ...(key !== undefined && { key }), retryable };
}

/** The code, where there is one, and the message. */
function describe(error: unknown): string {
  if (error instanceof SchemaStoreError) return `${error.code} ${error.message}`;
  return error instanceof Error ? error.message : String(error);
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

/** `30 entries, 1.2 MB`. */
export function entriesAndBytes(entries: number, bytes: number): string {
  return `${counted(entries, "entry", "entries")}, ${readableBytes(bytes)}`;
}

/** A time for people: `2026-03-01 14:05`, in the time zone of the machine. */
export function readableTime(milliseconds: number): string {
  const time = new Date(milliseconds);
  const local = new Date(milliseconds - time.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 16).replace("T", " ");
}
