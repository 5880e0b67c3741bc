/** The public types of the store: what goes in, what comes out, what can be asked. */

export type * from "./types/calls.js";
export type * from "./types/convert.js";
export type * from "./types/entry.js";
export type * from "./types/events.js";
export type * from "./types/holding.js";
export type * from "./types/options.js";
export type * from "./types/stats.js";
