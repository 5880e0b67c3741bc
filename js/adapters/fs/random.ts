/** Random bytes in Node. */

import { closeSync, openSync, readSync } from "node:fs";

/**
 * Random bytes from the system's own source. Asked for by `crypto` they would load what it is made
 * of, which takes 2 ms; a store that is only read is open sooner without.
 */
export function randomBytes(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  try {
    const fd = openSync("/dev/urandom", "r");
    try {
      if (readSync(fd, bytes) === length) return bytes;
    } finally {
      closeSync(fd);
    }
  } catch {
    // Windows has no such file.
  }
  return crypto.getRandomValues(bytes);
}
