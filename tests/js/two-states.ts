/** A package in two states, one after the other, and what a store has of it. */

import type { SchemaStore } from "../../dist/store.js";
import { definition } from "./made-packages.js";

export const X = "http://example.org/";
/** As it was. */
export const first = {
  "a.json": definition(`${X}a`, "one", "2.0.0"),
  "b.json": definition(`${X}b`, "one", "1.0.0"),
  "c.json": definition(`${X}c`, "one"),
  "d.json": definition(`${X}d`, "one"),
};
/** As it is: one went back a version, one is gone, one is new, one says something else. */
export const second = {
  "a.json": definition(`${X}a`, "two", "1.0.0"),
  "c.json": definition(`${X}c`, "one"),
  "d.json": definition(`${X}d`, "two"),
  "e.json": definition(`${X}e`, "two"),
};
/** What a store has of either. */
export const OLD = {
  [`${X}a|2.0.0`]: "one",
  [`${X}b|1.0.0`]: "one",
  [`${X}c`]: "one",
  [`${X}d`]: "one",
};
export const NEW = { [`${X}a|1.0.0`]: "two", [`${X}c`]: "one", [`${X}d`]: "two", [`${X}e`]: "two" };

/** What the store has, by canonical. */
export async function contents(store: SchemaStore): Promise<Record<string, string | undefined>> {
  const entries = await store.list();
  return Object.fromEntries(entries.map(({ canonical, description }) => [canonical, description]));
}
