/** Small charts over the last two minutes, drawn with SVG. */

import { draw, set } from "./dom.js";

const WIDTH = 120;
const HEIGHT = 24;

/** How many points a chart holds: one a second. */
export const POINTS = WIDTH;

/** A level over time, with its limit as a line. */
export class LevelChart {
  element = canvas();
  #area = draw("path", { class: "area" });
  #limit = draw("path", { class: "limit" });

  constructor() {
    this.element.append(this.#area, this.#limit);
  }

  show(levels, limit, label) {
    const top = Math.max(1, ...levels) * 1.15;
    const y = (level) => (HEIGHT - (level / top) * HEIGHT).toFixed(2);
    const from = WIDTH - levels.length;
    const points = levels.map((level, at) => `H${from + at}V${y(level)}`).join("");
    set(this.#area, { d: `M${from} ${HEIGHT}${points}H${WIDTH}V${HEIGHT}Z` });
    // A limit far above the level would flatten it: it is drawn only where it is near.
    set(this.#limit, { d: limit <= top ? `M0 ${y(limit)}H${WIDTH}` : "M0 0" });
    set(this.element, { "aria-label": label });
  }
}

/** How much happened in each second. */
export class RateChart {
  element = canvas();
  #bars = draw("path", { class: "bars" });

  constructor() {
    this.element.append(this.#bars);
  }

  show(counts, label) {
    const top = Math.max(1, ...counts);
    const from = WIDTH - counts.length;
    // The square root lets one hit be seen beside six hundred.
    const bar = (count, at) =>
      `M${from + at + 0.5} ${HEIGHT}V${HEIGHT - Math.sqrt(count / top) * HEIGHT}`;
    const bars = counts.map((count, at) => (count > 0 ? bar(count, at) : "")).join("");
    set(this.#bars, { d: bars || "M0 0" });
    set(this.element, { "aria-label": label });
  }
}

function canvas() {
  return draw("svg", {
    viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
    preserveAspectRatio: "none",
    role: "img",
    class: "chart",
  });
}
