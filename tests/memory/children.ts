/** Runs a task of `tasks.ts` in a process of its own, with flags of Node's. */

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const TASKS = fileURLToPath(new URL("tasks.ts", import.meta.url));

/** How a process ended, and what it reported. */
export interface Ended {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
  // biome-ignore lint/suspicious/noExplicitAny: each task reports what it likes
  readonly report: any;
}

/** Runs a task to its end. */
export function runTask(flags: readonly string[], task: string, ...args: string[]): Ended {
  const { status, signal, stdout, stderr } = spawnSync(
    process.execPath,
    [...flags, "--import", "tsx", TASKS, task, ...args],
    { encoding: "utf8", maxBuffer: 64 * 1024 * 1024, timeout: 120_000 },
  );
  const last = stdout.trimEnd().split("\n").at(-1) ?? "";
  return { status, signal, stderr, report: last === "" ? undefined : JSON.parse(last) };
}
