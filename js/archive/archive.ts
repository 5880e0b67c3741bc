/**
 * Archives: entries out of a store into one stream of bytes, and back. Loaded on first use.
 * `src/format/archive/` says what the bytes are.
 */

export { exportArchive } from "./export.js";
export { importArchive } from "./import.js";
