/** Counting what test programs report. */

/**
 * The counts of a program that has ended. A failing exit without a failed test is a failure too, and
 * so is one that ran no test.
 */
export function countsOf(title, { status, text }, count) {
  const counts = count(text);
  if (status !== 0 && counts.failed === 0) counts.failed = 1;
  if (counts.passed + counts.failed === 0) {
    console.error(`${title} ran no test`);
    counts.failed = 1;
  }
  return counts;
}

/** The sums of the `test result:` lines, of which cargo prints one per test program. */
export function rustCounts(text) {
  const result = /^test result: .*?(\d+) passed; (\d+) failed; (\d+) ignored/gm;
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const [, passed, failed, ignored] of text.matchAll(result)) {
    counts.passed += Number(passed);
    counts.failed += Number(failed);
    counts.skipped += Number(ignored);
  }
  return counts;
}

/** The last summary of the `spec` reporter. */
export function nodeCounts(text) {
  const last = (word) => {
    const lines = [...text.matchAll(new RegExp(`^\\S+ ${word} (\\d+)$`, "gm"))];
    return Number(lines.at(-1)?.[1] ?? 0);
  };
  return {
    passed: last("pass"),
    failed: last("fail") + last("cancelled"),
    skipped: last("skipped") + last("todo"),
  };
}

/** Of the `spec` reporter, the reasons for which tests were skipped, each with their names. */
export function nodeSkips(text) {
  const skips = new Map();
  for (const [, name, reason] of text.matchAll(/^ *\S (.*) \([\d.]+ms\) # (.*)$/gm)) {
    skips.set(reason, [...(skips.get(reason) ?? []), name]);
  }
  return skips;
}

/** The summary of vitest: `Tests  1 failed | 83 passed (84)`. */
export function vitestCounts(text) {
  const line = text.match(/^ *Tests +(.*)$/m)?.[1] ?? "";
  const number = (word) => Number(line.match(new RegExp(`(\\d+) ${word}`))?.[1] ?? 0);
  return {
    passed: number("passed"),
    failed: number("failed"),
    skipped: number("skipped") + number("todo"),
  };
}
