/** How long a run of the tests takes: what each layer took here the last time, else what it took elsewhere. */

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { stageDir } from "./tools.mjs";

/** Seconds by layer, of the last run on this machine. */
const RECORD = join(stageDir, "test-seconds.json");

/** Seconds on two cores, two layers at a time: for the first run on a machine. */
const MEASURED = {
  "tests/browser": 420,
  "tests/js": 300,
  "tests/packaging": 240,
  "tests/crash": 80,
  "Core, native": 70,
  "tests/memory": 50,
  "tests/docs": 45,
  "tests/convert": 60,
  "tests/bridges": 20,
  "tests/contract": 10,
};
/** Of a layer that is not among them. */
const SHORT = 5;

/** What is left of a run, in so many lanes; the layers of `alone` take all lanes. */
export class Estimate {
  #lanes;
  #left = new Map();
  #alone;
  #begun = new Map();
  #took = recorded();
  #count;

  constructor(lanes, together, alone) {
    this.#lanes = lanes;
    for (const title of [...together, ...alone]) {
      this.#left.set(title, this.#took[title] ?? MEASURED[title] ?? SHORT);
    }
    this.#alone = new Set(alone);
    this.#count = this.#left.size;
  }

  /** A layer begins. */
  begin(title) {
    this.#begun.set(title, performance.now());
  }

  /** A layer has ended; the next run goes by the time it took. */
  end(title, hasPassed) {
    this.#left.delete(title);
    // What failed may have ended early.
    if (!hasPassed) return;
    this.#took[title] = Math.round(secondsSince(this.#begun.get(title)));
    mkdirSync(dirname(RECORD), { recursive: true });
    writeFileSync(RECORD, `${JSON.stringify(this.#took, undefined, 2)}\n`);
  }

  /** Minutes until all layers are done, rounded up. */
  get minutes() {
    return Math.ceil(this.#seconds() / 60);
  }

  /** A line for the reader: how many layers are done, and how long the rest takes. */
  toString() {
    const rest = this.#left.size === 0 ? "" : `, about ${this.minutes} min left`;
    return `${this.#count - this.#left.size} of ${this.#count} layers done${rest}`;
  }

  #seconds() {
    const together = [];
    let alone = 0;
    for (const [title, whole] of this.#left) {
      const begun = this.#begun.get(title);
      const rest = begun === undefined ? whole : Math.max(0, whole - secondsSince(begun));
      if (this.#alone.has(title)) alone += rest;
      else together.push(rest);
    }
    const shared = together.reduce((sum, rest) => sum + rest, 0) / this.#lanes;
    return Math.max(shared, ...together) + alone;
  }
}

function secondsSince(start) {
  return (performance.now() - start) / 1000;
}

function recorded() {
  try {
    const entries = Object.entries(JSON.parse(readFileSync(RECORD, "utf8")));
    return Object.fromEntries(entries.filter(([, seconds]) => Number.isFinite(seconds)));
  } catch {
    return {};
  }
}
