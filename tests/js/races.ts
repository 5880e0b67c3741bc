/** What the tests of interleavings share. */

import type { SchemaStore } from "../../dist/store.js";
import { GatedAdapter, MemoryPlace, openStore } from "./kit.js";

/** A store whose host waits for the test. */
export interface Gated {
  readonly place: MemoryPlace;
  readonly gate: GatedAdapter;
  readonly store: SchemaStore;
}

/** Opens a gated store, and waits until it knows what its place holds. */
export async function openGated(options: object = {}, place = new MemoryPlace()): Promise<Gated> {
  const gate = new GatedAdapter(place);
  const store = await openStore({ adapter: gate.adapter, ...options });
  await store.size();
  return { place, gate, store };
}

/** Two values of one row, and a newer version beside them. */
export const one = { url: "u", version: "1.0", n: 1 };
export const two = { url: "u", version: "1.0", n: 2 };
export const newer = { url: "u", version: "2.0", n: 3 };
