/** Copying a finished tree over the last one. */

import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";

/**
 * Makes `to` equal to `from`. A file whose bytes are the same is not touched, and no reader ever
 * sees half a file. Answers how many files were written or removed.
 */
export function publish(from, to) {
  mkdirSync(to, { recursive: true });
  const wanted = files(from);
  const stale = files(to).filter((name) => !wanted.includes(name));
  const changed = wanted.filter((name) => !same(join(from, name), join(to, name)));
  for (const name of changed) replace(join(from, name), join(to, name));
  for (const name of stale) rmSync(join(to, name));
  return changed.length + stale.length;
}

function files(folder) {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
}

function same(one, other) {
  const mode = statSync(other, { throwIfNoEntry: false })?.mode;
  return mode === statSync(one).mode && readFileSync(one).equals(readFileSync(other));
}

function replace(from, to) {
  mkdirSync(dirname(to), { recursive: true });
  const { mode } = statSync(from);
  writeFileSync(`${to}.new`, readFileSync(from), { mode });
  renameSync(`${to}.new`, to);
}
