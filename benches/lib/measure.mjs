/** Taking samples: every subject in turn, round by round, so that a slow minute hits them all. */

import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const CHILD = fileURLToPath(new URL("child.mjs", import.meta.url));
const TIMEOUT_MS = 300_000;
const run = promisify(execFile);

/**
 * All samples of a table: `samples[task][subject]` is one number per round, so that numbers with
 * one index were taken side by side. A peer that fails in the round that does not count is put into
 * `missing` with its reason and left out; one of ours ends the run.
 */
export async function measure(table, { folder, rounds }) {
  const session = await (table.session ?? processes)(table, folder);
  const missing = {};
  const samples = {};
  try {
    for (const { task, rounds: own } of table.columns) {
      const present = table.subjects.filter(({ id }) => !(id in missing));
      samples[task] = await column(present, task, session, rounds ?? own, missing);
    }
  } finally {
    await session.close();
  }
  return { samples, missing };
}

async function column(subjects, task, session, rounds, missing) {
  for (const { id, ours } of subjects) {
    try {
      await session.sample(id, task);
    } catch (error) {
      if (ours) throw error;
      missing[id] = reason(error);
    }
  }
  const present = subjects.filter(({ id }) => !(id in missing));
  const values = Object.fromEntries(present.map(({ id }) => [id, []]));
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < present.length; turn++) {
      const { id } = present[(round + turn) % present.length];
      values[id].push(await session.sample(id, task));
    }
  }
  return values;
}

/** The session of tables whose samples are processes. */
async function processes({ name }, folder) {
  return {
    async sample(subject, task) {
      const args = [CHILD, name, subject, task, folder];
      const { stdout } = await run(process.execPath, args, { timeout: TIMEOUT_MS });
      const value = Number(stdout.trimEnd().split("\n").at(-1));
      if (!Number.isFinite(value)) throw new Error(`${name}, ${subject}, ${task}: no number`);
      return value;
    },
    async close() {},
  };
}

/** The line of an error that says what is wrong, without the folders of this machine. */
export function reason(error) {
  const lines = String(error.stderr || error.message).split("\n");
  const line = lines.find((line) => /Error\b.*:/.test(line)) ?? lines[0];
  return line
    .replace(/ imported from .*/, "")
    .replaceAll("|", "\\|")
    .trim();
}
