/** Many callers at once, over a store that is full and of which nothing is in memory. */

import { join } from "node:path";
import { DURABLE, peers } from "../lib/peers.mjs";
import { canonicals } from "../lib/read-input.mjs";

const SCHEMAS = 200;
const CALLERS = [1, 10, 50, 100];

export const table = {
  name: "concurrent",
  title: "Callers in flight",
  what: `Each caller gets the same ${SCHEMAS} schemas one after the other, in an order of its own, all callers at
once, in a new process whose store is open and has read nothing. Time per get, parsing included. Who
keeps values reads each schema once; the others read it for every caller. "lru-cache over unstorage" is
\`LRUCache.fetch\` with a \`fetchMethod\` that reads a file.`,
  unit: "us",
  base: "store",
  columns: CALLERS.map((count) => ({
    task: String(count),
    title: count === 1 ? "1 caller" : `${count} callers`,
    rounds: 9,
  })),
  subjects: [
    // Parses the one file at its first get and is a plain object from then on.
    ...DURABLE.filter(({ id }) => id !== "file"),
    { id: "fetch", title: "lru-cache over unstorage" },
  ],
};

/** Microseconds per get. */
export async function sample({ subject, task, folder }) {
  const opened = subject === "fetch" ? await fetching(folder) : await full(subject, folder);
  const callers = Number(task);
  const keys = canonicals(folder).slice(0, SCHEMAS);
  const start = performance.now();
  await Promise.all(Array.from({ length: callers }, (_, caller) => call(opened, keys, caller)));
  const time = performance.now() - start;
  await opened.close();
  return (time * 1000) / (callers * keys.length);
}

async function call({ one }, keys, caller) {
  for (let count = 0; count < keys.length; count++) {
    const value = await one(keys[(count + caller * 7) % keys.length]);
    if (typeof value?.url !== "string") throw new Error("a value is missing");
  }
}

function full(subject, folder) {
  return peers[subject](join(folder, "full", subject));
}

async function fetching(folder) {
  const { LRUCache } = await import("lru-cache");
  const files = await full("unstorage", folder);
  const cache = new LRUCache({ max: 1000, fetchMethod: (key) => files.one(key) });
  return { one: (key) => cache.fetch(key), close: files.close };
}
