/** Signals that ask a command to end: the first lets it finish cleanly, a second one ends it at once. */

import { constants } from "node:os";
import { isatty } from "node:tty";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
type Signal = (typeof SIGNALS)[number];

/** npm forwards signals that the terminal sends to everyone: one key press may arrive twice within this. */
const SAME_KEY_MS = 300;

/** Whether there was a terminal at first. */
const ON_TERMINAL = [0, 1, 2].some((fd) => isatty(fd));

/** The user, or the system, wants the command to end. */
export class Interrupted extends Error {
  readonly signal: Signal;
  /** 128 and the number of the signal, as shells have it. */
  readonly exitCode: number;

  constructor(signal: Signal) {
    super(`interrupted by ${signal}`);
    this.signal = signal;
    this.exitCode = 128 + constants.signals[signal];
  }
}

/** Aborts with an `Interrupted` at the first signal. */
export function whenInterrupted(): AbortSignal {
  const interrupt = new AbortController();
  let first: number | undefined;
  const take = (name: Signal) => {
    const now = performance.now();
    first ??= now;
    interrupt.abort(new Interrupted(name));
    if (now - first <= SAME_KEY_MS) return;
    for (const one of SIGNALS) process.removeListener(one, take);
    process.kill(process.pid, name);
  };
  for (const name of SIGNALS) process.on(name, take);
  return interrupt.signal;
}

/** Ends the process, even if an abandoned read, for example of standard input, would keep it alive. */
export function endInterrupted({ signal, exitCode }: Interrupted): void {
  // At its exit Node restores the modes of the terminal, and aborts where that has gone.
  if (signal !== "SIGHUP" || !ON_TERMINAL) process.exit(exitCode);
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
}

/** The result of `promise`, or the reason of the signal as soon as that aborts. */
export async function unlessInterrupted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  // Nobody else listens to it once this one has given up.
  promise.catch(() => {});
  signal.throwIfAborted();
  let stop = () => {};
  const stopped = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
    signal.addEventListener("abort", stop);
  });
  try {
    return await Promise.race([promise, stopped]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
