/**
 * Runs the browser tests in several engines, one after the other, and ends with the counts of each and the
 * reason for every test that was skipped: `node scripts/browsers.mjs [engine ...] [test ...]`, where a
 * test is named like its file in tests/browser/ without the ending. All of either, where none is named.
 * Wants a built package.
 */

import { basename } from "node:path";
import { aptCommand, aptInstall } from "./lib/apt.mjs";
import { ENGINES, findChromium } from "./lib/browser.mjs";
import { countsOf, nodeCounts, nodeSkips } from "./lib/count.mjs";
import { runWhole } from "./lib/lanes.mjs";
import { testArguments, testFiles } from "./lib/node-tests.mjs";
import { Failure, heading, main } from "./lib/run.mjs";

await main(async (names) => {
  const engines = Object.keys(ENGINES).filter((name) => names.includes(name));
  const tests = names.filter((name) => !(name in ENGINES));
  const files = chosen(tests);
  const results = [];
  for (const name of engines.length > 0 ? engines : Object.keys(ENGINES)) {
    results.push(await inEngine(ENGINES[name], name, files));
  }
  heading("Engines");
  for (const { title, counts, skips } of results) {
    console.log(
      `${title}: ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`,
    );
    for (const [reason, skipped] of skips) {
      console.log(`  skipped, ${reason}:`);
      for (const test of skipped) console.log(`    ${test}`);
    }
  }
  if (results.some(({ counts }) => counts.failed > 0)) process.exitCode = 1;
});

function chosen(tests) {
  const all = testFiles("browser");
  const names = all.map((file) => basename(file, ".test.ts"));
  const unknown = tests.filter((test) => !names.includes(test));
  if (unknown.length > 0) {
    const known = [...Object.keys(ENGINES), ...names].join(", ");
    throw new Failure(`${unknown.join(", ")}: neither an engine nor a test; there are ${known}`);
  }
  return tests.length === 0 ? all : all.filter((_, at) => tests.includes(names[at]));
}

async function inEngine({ title, packages, isThere }, name, files) {
  const why = `the tests are to run in ${title}, which is not whole here`;
  if (!isThere() && !aptInstall(packages, why)) {
    const reason = `${title} is missing: ${aptCommand(packages)}`;
    if (process.env.CI === "true") throw new Failure(reason);
    return {
      title,
      counts: { passed: 0, failed: 0, skipped: files.length },
      skips: [[reason, files]],
    };
  }
  const chromium = findChromium();
  const env = { FSS_BROWSER: name, ...(chromium && { CHROME_PATH: chromium }) };
  const ended = await runWhole(title, process.execPath, testArguments(files, 1), {
    env,
    live: true,
  });
  return { title, counts: countsOf(title, ended, nodeCounts), skips: nodeSkips(ended.text) };
}
