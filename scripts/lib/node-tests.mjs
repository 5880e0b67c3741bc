/** The tests in TypeScript, which Node's own runner runs. */

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { root } from "./run.mjs";

const TEST_TIMEOUT_MS = 15 * 60_000;

/** The test files in a folder of `tests/`. */
export function testFiles(folder) {
  const path = join("tests", folder);
  if (!existsSync(join(root, path))) return [];
  const names = readdirSync(join(root, path), { recursive: true, encoding: "utf8" });
  return names
    .filter((name) => name.endsWith(".test.ts") && !name.includes("node_modules"))
    .map((name) => join(path, name))
    .sort();
}

/** Arguments of Node that run these files, so many at a time. */
export function testArguments(files, filesAtATime) {
  return [
    ...["--import", "tsx", "--test", "--test-reporter=spec"],
    `--test-timeout=${TEST_TIMEOUT_MS}`,
    `--test-concurrency=${filesAtATime}`,
    ...files,
  ];
}
