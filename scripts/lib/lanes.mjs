/** Running programs side by side, the output of each kept together. */

import { spawn } from "node:child_process";
import { constants } from "node:os";
import { heading, root } from "./run.mjs";

/** Does pieces of work in so many lanes: each takes the next one as soon as it is free. */
export async function inLanes(lanes, pieces) {
  const waiting = [...pieces];
  const lane = async () => {
    for (let work = waiting.shift(); work !== undefined; work = waiting.shift()) await work();
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

const running = new Set();

/**
 * Runs a program and shows what it prints when it has ended, with the seconds it took; `live` shows
 * it at once. Answers exit code and text; never rejects. Should this process end before, by whatever,
 * what there is so far is shown all the same.
 */
export function runWhole(title, program, args, { env = {}, live = false } = {}) {
  const start = performance.now();
  if (live) heading(title);
  else console.log(`-- ${title} begins`);
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
      // A group of its own, to be ended with all that it has started.
      detached: true,
    });
    const run = { title, child, live, chunks: [] };
    running.add(run);
    const take = (stream) => (chunk) => {
      run.chunks.push(chunk);
      if (live) stream.write(chunk);
    };
    child.stdout.on("data", take(process.stdout));
    child.stderr.on("data", take(process.stderr));
    const finish = (status, note) => {
      if (!running.delete(run)) return;
      if (note !== undefined) run.chunks.push(Buffer.from(`${note}\n`));
      const text = textOf(run);
      const seconds = `${((performance.now() - start) / 1000).toFixed(0)} s`;
      if (!live) show(`${title} (${seconds})`, text);
      else console.log(`${note ? `${note}\n` : ""}${title} took ${seconds}`);
      resolve({ status, text });
    };
    child.on("error", (error) => finish(1, `${program} cannot be run: ${error.message}`));
    child.on("close", (status, signal) => {
      finish(status ?? 1, signal === null ? undefined : `${program} was ended by ${signal}`);
    });
  });
}

const textOf = ({ chunks }) => Buffer.concat(chunks).toString("utf8");

function show(title, text) {
  heading(title);
  process.stdout.write(text);
}

function end({ pid }) {
  try {
    process.kill(-pid);
  } catch {
    // It has just ended by itself.
  }
}

process.on("exit", () => {
  for (const run of running) {
    end(run.child);
    if (!run.live) show(`${run.title} (not ended)`, textOf(run));
  }
});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.on(signal, () => process.exit(128 + constants.signals[signal]));
}
