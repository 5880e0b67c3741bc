/** How the benches speak: where and on what they ran, and each figure beside its limit. */

import { execFileSync } from "node:child_process";
import { cpus, release, totalmem, type } from "node:os";

/** Prints the line that makes a figure worth keeping. */
export function where() {
  const [cpu] = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  console.log(`${cpu?.model ?? "unknown CPU"}, ${cpus().length} logical, ${memory} GiB`);
  console.log(`${type()} ${release()}, Node ${process.versions.node}`);
  console.log(`${new Date().toISOString()}, commit ${commit()}\n`);
}

/** The middle value. */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Median and quartiles of the ratios of pairs measured side by side. */
export function ratio(ours, theirs) {
  const ratios = ours.map((value, at) => value / theirs[at]).sort((a, b) => a - b);
  const at = (share) => ratios[Math.floor((ratios.length - 1) * share)];
  return { median: median(ratios), low: at(0.25), high: at(0.75) };
}

/** Prints a row; over its limit, where it has one, the process will exit with 1. */
export function verdict(name, value, limit, detail) {
  const held = limit === undefined || value <= limit;
  if (!held) process.exitCode = 1;
  const bound = limit === undefined ? "" : `, limit ${limit.toFixed(2)}x ${held ? "ok" : "OVER"}`;
  console.log(`${name.padEnd(30)} ${value.toFixed(2)}x${bound.padEnd(20)} ${detail}`);
}

function commit() {
  try {
    const git = (...args) => execFileSync("git", args, { encoding: "utf8", stdio: "pipe" }).trim();
    const dirty = git("status", "--porcelain") === "" ? "" : " with changes";
    return git("rev-parse", "--short", "HEAD") + dirty;
  } catch {
    return "none";
  }
}
