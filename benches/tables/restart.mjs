/** The first requests after a restart, with memory warmed by what was used most before, and without. */

import { cpSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { canonicals } from "../lib/read-input.mjs";

const REQUESTS = 1000;
/** Requests of the session before the restart. */
const BEFORE = 20_000;
const LIMIT_MB = 1;

export const table = {
  name: "restart",
  title: "The first requests after a restart",
  what: `${REQUESTS} gets of the FHIR Schemas of R4B, drawn by a Zipf law with exponent 1, in a new process over a store
that served ${BEFORE} others of the same law before; one per turn of the event loop. Memory is limited to ${LIMIT_MB} MiB, which holds about half of the
schemas. "From memory" is the share of gets that no read of the disk was made for. The second row waits for
\`warm({ top: 1000 })\` before the first get; the third one does not wait, and opens with
\`warmOnStartup: true, warmSize: 1000\`.`,
  unit: "ms",
  base: "cold",
  columns: [
    { task: "share", title: "from memory", unit: "%", rounds: 7 },
    { task: "requests", title: `${REQUESTS} gets`, rounds: 11 },
    { task: "all", title: "with opening and warming", rounds: 11 },
  ],
  subjects: [
    { id: "cold", title: "not warmed", ours: true },
    { id: "warm", title: "`warm()` first", ours: true },
    { id: "startup", title: "`warmOnStartup`", ours: true },
  ],
};

/** Serves a session's requests, and leaves the place as that session's end left it. */
export async function prepare(folder) {
  const place = join(folder, "restart");
  if (existsSync(place)) return;
  cpSync(join(folder, "full", "store"), place, { recursive: true });
  const store = await openOurs(place, {});
  const draw = zipf(canonicals(folder), 1);
  for (let n = 0; n < BEFORE; n += 1) await store.get(draw());
  await store.close();
}

/** Milliseconds, or per cent. */
export async function sample({ subject, task, folder }) {
  const keys = canonicals(folder);
  // Each session saves what it counted: the next one shall find what this one found.
  const place = mkdtempSync(join(folder, "restarted-"));
  cpSync(join(folder, "restart"), place, { recursive: true });
  const draw = zipf(keys, 2);
  const requests = Array.from({ length: REQUESTS }, () => draw());
  const begin = performance.now();
  const options = subject === "startup" ? { warmOnStartup: true, warmSize: 1000 } : {};
  const store = await openOurs(place, options);
  if (subject === "warm") await store.warm({ top: 1000 });
  const opened = performance.now();
  for (const key of requests) {
    if ((await store.get(key)) === undefined) throw new Error(`${key} was not found`);
    // As requests come from outside, one turn of the event loop each.
    await setImmediate();
  }
  const end = performance.now();
  const { hits } = await store.stats();
  await store.close();
  rmSync(place, { recursive: true });
  if (task === "share") return (100 * (REQUESTS - hits.disk)) / REQUESTS;
  return end - (task === "all" ? begin : opened);
}

async function openOurs(diskCacheDir, options) {
  const { openSchemaStore } = await import("../../dist/index.node.js");
  return openSchemaStore({ diskCacheDir, memoryLimitMb: LIMIT_MB, ...options });
}

/** Draws keys by a Zipf law: which ones are popular is the same for every seed. */
function zipf(keys, seed) {
  const order = shuffled(keys, generator(7));
  const next = generator(seed);
  const sums = [];
  let sum = 0;
  for (let rank = 1; rank <= order.length; rank += 1) {
    sum += 1 / rank;
    sums.push(sum);
  }
  return () => {
    const point = next() * sum;
    return order[sums.findIndex((upTo) => upTo >= point)];
  };
}

function shuffled(keys, next) {
  const order = [...keys];
  for (let at = order.length - 1; at > 0; at -= 1) {
    const other = Math.floor(next() * (at + 1));
    [order[at], order[other]] = [order[other], order[at]];
  }
  return order;
}

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
