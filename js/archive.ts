/**
 * Archives: entries out of a store into one stream of bytes, and back. Loaded on first use.
 * `src/format/archive/` says what the bytes are.
 */

export { exportArchive } from "./archive-export.js";
export { importArchive } from "./archive-import.js";
export { fillEmpty } from "./seed.js";
