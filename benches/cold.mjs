/**
 * A new process for every sample, ours and lmdb's in turn: import to first value, import to all
 * values parsed, durable import; and the bytes at rest against the bytes of JSON.
 */

import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { bodyBytes, schemas } from "./lib/input.mjs";
import { median, ratio, verdict, where } from "./lib/report.mjs";

const SAMPLE = fileURLToPath(new URL("lib/cold-sample.mjs", import.meta.url));
const SUBJECTS = ["store", "lmdb"];
const TASKS = [
  { name: "import to first value", task: "first", rounds: 41, limit: 1.0 },
  { name: "import to all values parsed", task: "all", rounds: 31, limit: 1.5 },
  { name: "import to all values durable", task: "save", rounds: 21, limit: 2.0 },
  { name: "  of which writing", task: "write", rounds: 21 },
];
/** Tasks that begin with an empty folder. */
const WRITES = new Set(["save", "write"]);
const DIRECTORY_LIMIT = 1.4;

where();
const entries = await schemas();
const folder = mkdtempSync(join(tmpdir(), "fhir-schema-store-bench-"));
try {
  for (const subject of SUBJECTS) sample(subject, "save", join(folder, subject));
  for (const { name, task, rounds, limit } of TASKS) {
    const { store, lmdb } = compare(task, rounds);
    const { median: middle, low, high } = ratio(store, lmdb);
    const figures = `${median(store).toFixed(1)} ms against ${median(lmdb).toFixed(1)} ms`;
    verdict(name, middle, limit, `${figures}, quartiles ${low.toFixed(2)}-${high.toFixed(2)}`);
  }
  const json = bodyBytes(entries);
  const [ours, theirs] = SUBJECTS.map((subject) => size(join(folder, subject)));
  const bytes = `${ours} bytes for ${json} bytes of JSON, lmdb ${(theirs / json).toFixed(2)}x`;
  verdict("directory", ours / json, DIRECTORY_LIMIT, bytes);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** Milliseconds of both, sample by sample, in an order that changes; the first two do not count. */
function compare(task, rounds) {
  const times = { store: [], lmdb: [] };
  for (let round = -2; round < rounds; round++) {
    const order = round % 2 === 0 ? SUBJECTS : [...SUBJECTS].reverse();
    for (const subject of order) {
      const target = WRITES.has(task) ? mkdtempSync(join(folder, "save-")) : join(folder, subject);
      const milliseconds = sample(subject, task, target);
      if (round >= 0) times[subject].push(milliseconds);
      if (WRITES.has(task)) rmSync(target, { recursive: true });
    }
  }
  return times;
}

function sample(subject, task, target) {
  const printed = execFileSync(process.execPath, [SAMPLE, subject, task, target], {
    encoding: "utf8",
  });
  return Number(printed);
}

function size(path) {
  const names = readdirSync(path, { recursive: true, encoding: "utf8" });
  return names.map((name) => statSync(join(path, name))).reduce((sum, file) => sum + file.size, 0);
}
