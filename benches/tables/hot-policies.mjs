/** A value in memory, by policy, beside the caches one would take instead. */

import { columns, hits, SUBJECTS, WHAT } from "../lib/hits.mjs";

/** Ours over theirs, at most. */
const LIMITS = [
  { of: "lru", against: "lru-cache", most: 1 },
  { of: "w-tiny-lfu", against: "lru-cache", most: 1.05 },
  { of: "w-tiny-lfu", against: "lru-cache-ttl", most: 0.85 },
];

export const table = {
  name: "hot-policies",
  title: "Hot hit by policy, in Node",
  what: WHAT,
  unit: "ns",
  base: "lru-cache",
  columns: columns(15, LIMITS),
  subjects: SUBJECTS,
};

export async function sample({ subject, task }) {
  const { openSchemaStore } = await import("../../dist/index.node.js");
  return hits(subject, task, openSchemaStore);
}
