/** Work that takes a while: its count, its Stop button, and what went wrong in it. */

import { byId, clip, describe, make, visible } from "./dom.js";

/** The longest list of problems shown. */
const MOST_PROBLEMS = 100;

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
  const lines = problems.slice(0, MOST_PROBLEMS).map((problem) => {
    const text = typeof problem === "string" ? problem : describe(problem);
    return make("li", {}, make("bdi", {}, clip(visible(text))));
  });
  if (problems.length > lines.length) {
    lines.push(make("li", {}, `and ${problems.length - lines.length} more`));
  }
  byId("problem-list").replaceChildren(...lines);
  byId("problems").hidden = lines.length === 0;
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
