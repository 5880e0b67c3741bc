/** What the host can no longer read: how a row marks it, and what a caller is told. */

import { SchemaStoreError } from "./errors.js";

/** The hash in a row whose content is damaged. Nothing has this SHA-256. */
export const UNREADABLE: Uint8Array<ArrayBuffer> = new Uint8Array(32);

/** Whether a row says by its hash that its content is damaged. */
export function isUnreadable(hash: Uint8Array): boolean {
  return hash.every((byte) => byte === 0);
}

/** Throws CORRUPT if the hash of a row says that its content is damaged. */
export function refuseUnreadable(hash: Uint8Array | undefined, canonical: string): void {
  if (hash !== undefined && isUnreadable(hash)) throw unreadable(canonical);
}

/** The error of an entry whose content is damaged. */
export function unreadable(canonical: string): SchemaStoreError {
  return new SchemaStoreError("CORRUPT", sentenceOn(canonical), { key: canonical });
}

/** What is wrong with such an entry, and what to do. */
export function sentenceOn(canonical: string): string {
  return `${canonical} is damaged and cannot be read: put it again or delete it`;
}
