/** A page over what every driver can do with a tab: run a script, navigate, press keys. */

import type { Filter, Locator, Page, Patience, Until } from "./engine.js";
import { DrivenLocator } from "./locator.js";
import { callIn, decode, encode } from "./values.js";

/** A tab as a driver knows it. */
export interface Tab {
  /** Runs the body of an async function in the realm of the page; the text that it returns. */
  run(body: string, argument: string): Promise<string>;
  /** The driver's name of the element that an expression of the page comes to. */
  element(expression: string): Promise<string>;
  /** Navigates; resolves when the new document is there, or loaded as well. */
  navigate(url: string, until: Until): Promise<void>;
  reload(until: Until): Promise<void>;
  back(): Promise<void>;
  close(): Promise<void>;
  click(element: string): Promise<void>;
  upload(element: string, paths: readonly string[]): Promise<void>;
  /** Presses keys one after the other, each a character of WebDriver's. */
  keys(keys: readonly string[]): Promise<void>;
  resize(width: number, height: number): Promise<void>;
}

/** Keys that are no characters, in the private area that WebDriver gives them. */
const KEYS: Readonly<Record<string, string>> = {
  ArrowDown: "\ue015",
  ArrowLeft: "\ue012",
  ArrowRight: "\ue014",
  ArrowUp: "\ue013",
  End: "\ue010",
  Enter: "\ue007",
  Home: "\ue011",
  Tab: "\ue004",
};

const PATIENCE_MS = 30_000;
const POLL_MS = 15;

/** A page that a driver drives. */
export class DrivenPage implements Page {
  readonly keyboard = {
    press: (key: string) => this.tab.keys([KEYS[key] ?? key]),
    type: (text: string) => this.tab.keys([...text]),
  };
  /** The tab it is in. */
  readonly tab: Tab;
  #isClosed = false;

  constructor(tab: Tab) {
    this.tab = tab;
  }

  async evaluate<R, A>(run: string | ((argument: A) => R), argument?: A): Promise<R> {
    return decode(await this.tab.run(callIn(run), encode(argument))) as R;
  }

  goto(url: string): Promise<void> {
    return this.tab.navigate(url, {});
  }

  reload(until: Until = {}): Promise<void> {
    return this.tab.reload(until);
  }

  goBack(): Promise<void> {
    return this.tab.back();
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.tab.close();
  }

  title(): Promise<string> {
    return this.evaluate("document.title");
  }

  waitForFunction<A>(
    run: string | ((argument: A) => unknown),
    argument?: A,
    { timeout = PATIENCE_MS }: Patience = {},
  ): Promise<void> {
    return until(() => this.evaluate(run, argument), timeout, String(run));
  }

  waitForURL(pattern: string): Promise<void> {
    const end = pattern.replace(/^\*\*/, "");
    return this.waitForFunction((end) => location.href.endsWith(end), end);
  }

  waitForTimeout(ms: number): Promise<void> {
    return pause(ms);
  }

  addScriptTag({ content }: { content: string }): Promise<void> {
    return this.evaluate((content) => {
      const script = document.createElement("script");
      script.textContent = content;
      document.head.append(script);
    }, content);
  }

  setViewportSize({ width, height }: { width: number; height: number }): Promise<void> {
    return this.tab.resize(width, height);
  }

  locator(css: string, filter: Filter = {}): Locator {
    return new DrivenLocator(this, []).locator(css, filter);
  }
}

/** Waits until `look` comes to something true; it may fail before, while the page is on its way. */
export async function until(
  look: () => Promise<unknown>,
  timeout: number = PATIENCE_MS,
  what = "",
): Promise<void> {
  const end = performance.now() + timeout;
  let failure: unknown;
  for (;;) {
    try {
      if (await look()) return;
      failure = undefined;
    } catch (error) {
      failure = error;
    }
    if (performance.now() > end) {
      throw new Error(`waited ${timeout} ms in vain: ${what.slice(0, 200)}`, { cause: failure });
    }
    await pause(POLL_MS);
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
