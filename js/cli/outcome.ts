/** How a command ends. */

import { SchemaStoreError } from "../errors.js";

/** Exit codes. */
export const EXIT = {
  ok: 0,
  /** What was named is not there, or only a part of the work succeeded. */
  incomplete: 1,
  /** The command line, the configuration or a file to put is wrong. */
  usage: 2,
  /** The store, a disk or an archive failed. */
  storage: 3,
} as const;

/** A mistake on the command line. */
export class UsageError extends Error {}

/** A command has nothing to work on: it ends with `EXIT.incomplete`. */
export class NothingThere extends SchemaStoreError {
  constructor(message: string, key: string) {
    super("NOT_FOUND", message, { key });
  }
}
