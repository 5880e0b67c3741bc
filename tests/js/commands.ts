/** Runs the command line in processes of its own. */

import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { fileURLToPath } from "node:url";

const program = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const signalAt = new URL("./signal-at.ts", import.meta.url).href;

/** How a command ended. */
export interface Ended {
  /** As a shell has it: 128 and the number of the signal where one ended the process. */
  readonly code: number;
  /** The signal that ended the process, where it did not end by itself. */
  readonly by: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
}

/** A command that runs. */
export interface Running {
  readonly child: ChildProcess;
  /** With a signal: until it was sent, or the process takes the one that is to come from outside. */
  readonly signalled: Promise<unknown>;
  readonly ended: Promise<Ended>;
}

/** A signal of the system that the process gets at a certain point. */
export interface Signalled {
  readonly name: NodeJS.Signals;
  /** The point, as `signal-at.ts` knows them; `outside`: the test sends it. */
  readonly at: "start" | "commit" | "last-commit" | "write" | "reading" | "outside";
  /** The commit of that number, from 1. */
  readonly nth?: number;
  /** Signals, one right after the other. */
  readonly times?: number;
  /** Whether commits never end from then on. */
  readonly stuck?: boolean;
}

/** A folder of its own for a test file. */
export function scratchFolder(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), `fss-${name}-`));
  after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Makes folders in a folder, a new one at each call. */
export function foldersIn(folder: string): () => string {
  let made = 0;
  return () => {
    made += 1;
    const path = join(folder, String(made));
    mkdirSync(path);
    return path;
  };
}

/** Starts `cache <words>` with nothing of our own environment that could change its answers. */
export function start(
  words: readonly string[],
  { cwd, env = {}, signal }: { cwd: string; env?: Record<string, string>; signal?: Signalled },
): Running {
  const preload = signal ? ["--import", import.meta.resolve("tsx"), "--import", signalAt] : [];
  const child = spawn(process.execPath, [...preload, program, "cache", ...words], {
    cwd,
    stdio: ["pipe", "pipe", "pipe", "ipc"],
    env: {
      PATH: process.env.PATH,
      HOME: cwd,
      XDG_CACHE_HOME: join(cwd, "xdg"),
      ...(signal && { SIGNAL_AT: JSON.stringify(signal) }),
      ...env,
    },
  });
  let [out, err] = ["", ""];
  child.stdout?.setEncoding("utf8").on("data", (text) => {
    out += text;
  });
  child.stderr?.setEncoding("utf8").on("data", (text) => {
    err += text;
  });
  child.stdin?.on("error", () => {});
  const signalled = new Promise((resolve) => child.once("message", resolve));
  const ended = new Promise<Ended>((resolve) =>
    child.on("close", (code, by) =>
      resolve({ code: code ?? 128 + constants.signals[by ?? "SIGKILL"], by, out, err }),
    ),
  );
  return { child, signalled, ended };
}

/** Runs `cache <words>` to its end. */
export function cache(
  words: readonly string[],
  around: Parameters<typeof start>[1],
  input: Uint8Array | string = "",
): Promise<Ended> {
  const { child, ended } = start(words, around);
  child.stdin?.end(input);
  return ended;
}
