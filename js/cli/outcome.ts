/** How a command ends. */

import { SchemaStoreError } from "../errors.js";

/** Exit codes. */
export const EXIT = {
  ok: 0,
  /** The entry asked for is not there, or only a part of the work succeeded. */
  incomplete: 1,
  /** The command line or the configuration is wrong. */
  usage: 2,
  /** The store failed. */
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
