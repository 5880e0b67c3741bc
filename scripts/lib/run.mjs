/** Running programs and talking to the terminal. */

import { spawn, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** The root of the repository. */
export const root = fileURLToPath(new URL("../..", import.meta.url));

/** A failure whose message is all the reader needs: printed without a stack. */
export class Failure extends Error {}

/** Runs a program in the root with its output on the terminal; a `Failure` unless it exits with 0. */
export function run(program, args, env = {}) {
  const { error, status, signal } = spawnWhole(program, args, { stdio: "inherit", env });
  if (error) throw new Failure(`${program} cannot be run: ${error.message}`);
  if (status !== 0) throw failed(program, args, status, signal);
}

/** The same while others run. */
export function runBeside(program, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd: root, stdio: "inherit" });
    child.on("error", ({ message }) => reject(new Failure(`${program} cannot be run: ${message}`)));
    child.on("close", (status, signal) => {
      if (status === 0) resolve();
      else reject(failed(program, args, status, signal));
    });
  });
}

/** Runs a program and gives back its standard output, or undefined where it is absent or fails. */
export function output(program, args) {
  const { error, status, stdout } = spawnWhole(program, args, {
    stdio: ["ignore", "pipe", "ignore"],
  });
  return error || status !== 0 ? undefined : stdout.trim();
}

/** Prints the line a step begins with. */
export function heading(text) {
  console.log(`\n== ${text}`);
}

/** Runs the body of a script: a `Failure` ends it with one line and exit code 1. */
export async function main(body) {
  try {
    await body(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    console.error(`\n${error.message}`);
    process.exitCode = 1;
  }
}

function failed(program, args, status, signal) {
  return new Failure(`${program} ${args[0] ?? ""} failed (${signal ?? `exit code ${status}`})`);
}

function spawnWhole(program, args, { stdio, env = {} }) {
  return spawnSync(program, args, {
    cwd: root,
    stdio,
    encoding: "utf8",
    env: { ...process.env, ...env },
    maxBuffer: 64 * 1024 * 1024,
  });
}
