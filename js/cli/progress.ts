/** A progress bar on standard error. */

import { type Output, printable } from "./output.js";

const WIDTH = 30;
const INTERVAL_MS = 50;
const ERASE_LINE = "\r\x1b[K";

/** Shows how far some work has come. */
export interface ProgressBar {
  update(done: number, total: number, label: string): void;
  /** Removes the bar. */
  end(): void;
}

/** A bar where standard error is a terminal that can move its cursor; elsewhere nothing is shown. */
export function progressBar(
  { showsProgress }: Output,
  stream: NodeJS.WriteStream = process.stderr,
): ProgressBar {
  const canShow = stream.isTTY && process.env.TERM !== "dumb";
  if (!canShow || !showsProgress) return { update() {}, end() {} };
  let drawn = 0;
  return {
    update(done, total, label) {
      const now = Date.now();
      if (now - drawn < INTERVAL_MS) return;
      drawn = now;
      const filled = total === 0 ? WIDTH : Math.round((done / total) * WIDTH);
      const bar = "#".repeat(filled).padEnd(WIDTH, ".");
      const line = `[${bar}] ${done}/${total} ${printable(label)}`;
      stream.write(ERASE_LINE + line.slice(0, (stream.columns || 80) - 1));
    },
    end() {
      if (drawn > 0) stream.write(ERASE_LINE);
    },
  };
}
