/** Work that takes a while: its count, its Stop button, and what went wrong in it. */

import { byId, clip, describe, make, visible } from "./dom.js";

/** The longest list of problems shown. */
const MOST_PROBLEMS = 100;
/** The same of warnings. */
const MOST_WARNINGS = 1000;

let stopping;

byId("stop").addEventListener("click", () => stopping?.abort(new Stopped()));
byId("dismiss").addEventListener("click", () => showProblems([]));

/** The reason of work that was stopped by the reader. */
export class Stopped extends Error {
  constructor() {
    super("stopped");
  }
}

/** Whether something is under way. */
export function isWorking() {
  return stopping !== undefined;
}

/**
 * Runs `work(signal, progress)` with the bar shown. What it throws is shown, but being stopped is
 * an answer: undefined.
 */
export async function working(title, work) {
  stopping = new AbortController();
  const said = new Set();
  byId("work-title").textContent = clip(visible(title), 200);
  byId("work").hidden = false;
  showProgress(said)();
  try {
    return await work(stopping.signal, showProgress(said));
  } catch (error) {
    if (error instanceof Stopped) return undefined;
    throw error;
  } finally {
    stopping = undefined;
    byId("work").hidden = true;
    byId("work-said").textContent = "";
  }
}

/** The line that says what happened last; read out by screen readers. */
export function showStatus(text) {
  byId("status").textContent = visible(text);
}

/** What went wrong, a line each. */
export function showProblems(problems) {
  const texts = problems.map((one) => (typeof one === "string" ? one : describe(one)));
  byId("problem-list").replaceChildren(...linesOf(texts, MOST_PROBLEMS));
  byId("problems").hidden = texts.length === 0;
}

/** What schemas do not say of their definitions: how many warnings of each kind, and the list to unfold. */
export function showWarnings(warnings) {
  const counts = new Map();
  for (const { kind } of warnings) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  const kinds = [...counts].map(([kind, count]) => `${count} ${kind}`).join(", ");
  const what = warnings.length === 1 ? "warning" : "warnings";
  byId("warning-count").textContent =
    `Not said by the schemas, ${warnings.length} ${what}: ${kinds}`;
  const texts = warnings.map(
    ({ canonical, kind, element, message }) => `${canonical} ${element}: ${kind}: ${message}`,
  );
  byId("warning-list").replaceChildren(...linesOf(texts, MOST_WARNINGS));
  byId("warnings").hidden = warnings.length === 0;
}

/** A line for each text, up to a limit, and one that says how many more there are. */
function linesOf(texts, most) {
  const lines = texts
    .slice(0, most)
    .map((text) => make("li", {}, make("bdi", {}, clip(visible(text)))));
  const more = texts.length - lines.length;
  return more > 0 ? [...lines, make("li", {}, `and ${more} more`)] : lines;
}

/** The same work, with its failure shown. */
export function reporting(work) {
  return async (...given) => {
    try {
      return await work(...given);
    } catch (error) {
      showProblems([error]);
      return undefined;
    }
  };
}

function showProgress(said) {
  const bar = byId("work-bar");
  return ({ done, total } = {}) => {
    if (total === undefined) bar.removeAttribute("value");
    else Object.assign(bar, { max: total, value: done });
    byId("work-count").textContent = total === undefined ? "" : `${done} of ${total}`;
    const quarter = total === undefined ? 0 : Math.floor((4 * done) / total);
    if (quarter === 0 || said.has(quarter)) return;
    said.add(quarter);
    // Every quarter, not every file: this is read aloud.
    byId("work-said").textContent = `${25 * quarter} percent`;
  };
}
