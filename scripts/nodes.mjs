/**
 * Runs the JavaScript and packaging tests on later versions of Node than the one at hand, those of
 * `scripts/nodes/package.json`. Wants a built package: `npm test` leaves one.
 */

import { existsSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { delimiter, join } from "node:path";
import { findChromium } from "./lib/browser.mjs";
import { countsOf, nodeCounts } from "./lib/count.mjs";
import { inLanes, runWhole } from "./lib/lanes.mjs";
import { testArguments, testFiles } from "./lib/node-tests.mjs";
import { installPackages } from "./lib/projects.mjs";
import { Failure, heading, main, output, root } from "./lib/run.mjs";

const PLACE = "scripts/nodes";
const FOLDERS = ["js", "packaging"];
const lanes = Math.min(availableParallelism(), 2);

await main(async () => {
  installPackages(PLACE);
  const manifest = JSON.parse(readFileSync(join(root, PLACE, "package.json"), "utf8"));
  const folders = Object.keys(manifest.optionalDependencies).map((name) =>
    join(root, PLACE, "node_modules", name, "bin"),
  );
  if (!folders.every((bin) => existsSync(join(bin, "node")))) {
    if (process.env.CI === "true") throw new Failure(`${PLACE} has no Node for this platform`);
    console.warn("SKIPPED: these versions of Node come as packages for Linux on x64 alone");
    return;
  }
  const results = [];
  const pieces = FOLDERS.flatMap((folder) => folders.map((bin) => () => run(folder, bin)));
  await inLanes(
    lanes,
    pieces.map((piece) => async () => results.push(await piece())),
  );
  heading("Versions of Node");
  for (const { title, passed, failed, skipped } of results) {
    console.log(`${title}: ${passed} passed, ${failed} failed, ${skipped} skipped`);
  }
  if (results.some(({ failed }) => failed > 0)) process.exitCode = 1;
});

async function run(folder, bin) {
  const node = join(bin, "node");
  const title = `tests/${folder} on Node ${output(node, ["--version"])}`;
  const chromium = findChromium();
  const env = {
    // What the tests start by name is of the same version.
    PATH: `${bin}${delimiter}${process.env.PATH}`,
    ...(chromium && { CHROME_PATH: chromium }),
  };
  const ended = await runWhole(title, node, testArguments(testFiles(folder), 1), { env });
  return { title, ...countsOf(title, ended, nodeCounts) };
}
