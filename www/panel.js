/** The live panel: what is in memory and on disk, what happens there, and the budgets. */

import { LevelChart, POINTS, RateChart } from "./chart.js";
import { byId, counted, make, readableBytes } from "./dom.js";

const TICK_MS = 1000;
/** How long an evicted entry is marked as such. */
const EVICTED_MS = 5000;
/** The choices of the sliders. */
const LIMITS_MB = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512];
const LIMITS_ENTRIES = [5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000];
/** More squares than this say nothing any more. */
const MOST_SQUARES = 2000;
const COUNTERS = {
  hits: ["Hits in memory", ({ tiers }) => tiers.memory.hits],
  reads: ["Reads from disk", ({ tiers }) => tiers.disk.hits],
  misses: ["Misses", ({ misses }) => misses],
  evictions: ["Evictions", ({ evictions }) => evictions.size + evictions.entries],
};

export class Panel {
  #session;
  #catalog;
  #last = {};
  #levels = [];
  #rates = Object.fromEntries(Object.keys(COUNTERS).map((name) => [name, []]));
  #level = new LevelChart();
  #charts = Object.fromEntries(Object.keys(COUNTERS).map((name) => [name, new RateChart()]));
  #numbers = {};
  #squares = new Map();
  #grid = make("div", { class: "squares", role: "img" });
  /** When an entry was evicted, by canonical. */
  #evicted = new Map();
  #drawing = false;
  #sliders;

  /** `rebudget` and `warm` are called when the reader asks for it. */
  constructor(session, { rebudget, warm }) {
    this.#session = session;
    this.#sliders = [
      slider("limit-mb", "Memory limit", LIMITS_MB, (value) => `${value} MiB`),
      slider("limit-entries", "Entries in memory", LIMITS_ENTRIES, (value) => String(value)),
    ];
    for (const { input } of this.#sliders) {
      input.addEventListener("change", () => rebudget(this.#budget()));
    }
    const button = make(
      "button",
      { type: "button", id: "warm", click: warm, disabled: true },
      "Read all into memory",
    );
    byId("panel").replaceChildren(...this.#parts(button));
    session.addEventListener("evict", ({ detail }) => this.#evicted.set(detail, performance.now()));
    session.addEventListener("reopen", () => {
      this.#last = {};
    });
    setInterval(() => document.hidden || this.tick(), TICK_MS);
  }

  /** Makes the squares anew: one for every schema. */
  show(catalog) {
    this.#catalog = catalog;
    const entries = catalog.entries.slice(0, MOST_SQUARES);
    this.#squares = new Map(entries.map(({ metadata }) => [metadata.canonical, make("i")]));
    this.#grid.replaceChildren(...this.#squares.values());
    byId("warm").disabled = catalog.entries.length === 0;
    this.tick();
  }

  /** Nothing may be reopened while something is being loaded. */
  lock(locked) {
    for (const { input } of this.#sliders) input.disabled = locked;
    byId("warm").disabled = locked || !this.#catalog?.entries.length;
  }

  /** Brings everything up to date. */
  async tick() {
    if (this.#drawing) return;
    this.#drawing = true;
    try {
      const stats = await this.#session.read((store) => store.stats());
      this.#count(stats);
      this.#draw(stats);
    } catch {
      // The store is being replaced or has failed; whoever works with it is told, and the next tick tries again.
    } finally {
      this.#drawing = false;
    }
  }

  #budget() {
    const [limit, entries] = this.#sliders.map(({ value }) => value());
    return { memoryLimitMb: limit, maxEntries: entries };
  }

  #count(stats) {
    push(this.#levels, stats.memory.usedBytes);
    for (const [name, [, read]] of Object.entries(COUNTERS)) {
      const now = read(stats);
      push(this.#rates[name], Math.max(0, now - (this.#last[name] ?? 0)));
      this.#last[name] = now;
    }
  }

  #draw(stats) {
    const { memory, disk, entries, totalBytes } = stats;
    const used = `${readableBytes(memory.usedBytes)} of ${readableBytes(memory.limitBytes)}`;
    this.#say("memory", used);
    this.#say("resident", `${memory.residentEntries} of ${entries}`);
    this.#say("catalog", readableBytes(memory.catalogBytes));
    this.#say("wasm", readableBytes(memory.wasmBytes));
    this.#say("bodies", readableBytes(totalBytes));
    this.#say("disk", disk === undefined ? "none" : readableBytes(disk.bytes));
    this.#say("quota", disk?.quota === undefined ? "not told" : readableBytes(disk.quota));
    this.#level.show(this.#levels, memory.limitBytes, `Memory: ${used}`);
    for (const [name, [title, read]] of Object.entries(COUNTERS)) {
      const label = `${title}: ${read(stats)}, ${this.#rates[name].at(-1)} in the last second`;
      this.#say(name, read(stats).toLocaleString("en"));
      this.#charts[name].show(this.#rates[name], label);
    }
    this.#paint(memory.residentEntries, entries);
  }

  #paint(resident, entries) {
    const now = performance.now();
    for (const [canonical, square] of this.#squares) {
      const kept = this.#session.resident.has(canonical);
      const lost = now - (this.#evicted.get(canonical) ?? -EVICTED_MS) < EVICTED_MS;
      const state = kept ? "in" : lost ? "out" : "";
      if (square.className !== state) square.className = state;
    }
    this.#grid.setAttribute("aria-label", `${resident} of ${counted(entries)} in memory`);
  }

  #say(name, text) {
    this.#numbers[name].textContent = text;
  }

  #number(name) {
    this.#numbers[name] = make("dd", { id: `stat-${name}`, class: "number" });
    return this.#numbers[name];
  }

  #fact(name, title) {
    return [make("dt", {}, title), this.#number(name)];
  }

  #parts(button) {
    const rates = Object.entries(COUNTERS).map(([name, [title]]) =>
      make(
        "div",
        { class: `rate ${name}` },
        make("dt", {}, title),
        this.#number(name),
        make("dd", { class: "drawn" }, this.#charts[name].element),
      ),
    );
    return [
      make("h3", {}, "Memory"),
      make(
        "dl",
        { class: "facts" },
        ...this.#fact("memory", "Used"),
        ...this.#fact("resident", "Entries"),
      ),
      this.#level.element,
      this.#grid,
      make("p", { class: "quiet small" }, "A square is a schema; the filled ones are in memory."),
      make(
        "dl",
        { class: "facts" },
        ...this.#fact("catalog", "Catalog"),
        ...this.#fact("wasm", "WebAssembly"),
      ),
      make("h3", {}, "Budgets"),
      ...this.#sliders.map(({ element }) => element),
      make("p", {}, button),
      make("h3", {}, "Disk"),
      make(
        "dl",
        { class: "facts" },
        ...this.#fact("bodies", "Schemas"),
        ...this.#fact("disk", "Database"),
        ...this.#fact("quota", "Allowed"),
      ),
      make("h3", {}, "Activity"),
      make(
        "p",
        { class: "quiet small" },
        "Since the store was opened; bars: the last two minutes.",
      ),
      make("dl", { class: "rates" }, ...rates),
    ];
  }
}

function slider(id, title, choices, written) {
  const preset = { "limit-mb": 256, "limit-entries": 1000 }[id];
  const input = make("input", {
    type: "range",
    id,
    min: 0,
    max: choices.length - 1,
    step: 1,
    value: choices.indexOf(preset),
  });
  const output = make("output", { for: id, class: "number" });
  const value = () => choices[Number(input.value)];
  const say = () => {
    output.textContent = written(value());
    input.setAttribute("aria-valuetext", written(value()));
  };
  input.addEventListener("input", say);
  say();
  const element = make(
    "div",
    { class: "slider" },
    make("label", { for: id }, title),
    output,
    input,
  );
  return { element, input, value };
}

function push(list, value) {
  list.push(value);
  if (list.length > POINTS) list.shift();
}
