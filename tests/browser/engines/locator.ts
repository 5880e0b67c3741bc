/** Elements of a driven page, found by selectors and by their text. */

import { rmSync } from "node:fs";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type DrivenPage, until } from "./driven.js";
import type { Filter, Locator, MadeFile, Patience } from "./engine.js";

/** One selector, and which of its elements are meant. */
interface Step {
  readonly css: string;
  readonly text?: { readonly pattern: string; readonly flags: string };
  readonly has?: readonly Step[];
  readonly first?: boolean;
}

/** Elements of a page that steps lead to, from selector to selector. */
export class DrivenLocator implements Locator {
  readonly #page: DrivenPage;
  readonly #steps: readonly Step[];

  constructor(page: DrivenPage, steps: readonly Step[]) {
    this.#page = page;
    this.#steps = steps;
  }

  locator(css: string, { hasText, has }: Filter = {}): DrivenLocator {
    const step: Step = {
      // What is looked for in an element may begin with a combinator.
      css: css.replace(/^(?=[>~+])/, ":scope "),
      ...(hasText === undefined ? {} : { text: patternOf(hasText) }),
      ...(has === undefined ? {} : { has: (has as DrivenLocator).#steps }),
    };
    return new DrivenLocator(this.#page, [...this.#steps, step]);
  }

  first(): DrivenLocator {
    const steps = this.#steps.map((step, at) =>
      at === this.#steps.length - 1 ? { ...step, first: true } : step,
    );
    return new DrivenLocator(this.#page, steps);
  }

  count(): Promise<number> {
    return this.#all("found.length");
  }

  allTextContents(): Promise<string[]> {
    return this.#all("found.map((one) => one.textContent)");
  }

  isVisible(): Promise<boolean> {
    return this.#all("found.some(isVisible)");
  }

  waitFor({
    state = "visible",
    timeout,
  }: Patience & { state?: "visible" | "hidden" } = {}): Promise<void> {
    const wanted = state === "visible";
    return until(async () => (await this.isVisible()) === wanted, timeout, `${state} ${this}`);
  }

  evaluate<R>(run: (element: Element) => R): Promise<R> {
    return this.#one(`(${run})(one)`);
  }

  textContent(): Promise<string | null> {
    return this.#one("one.textContent");
  }

  innerText(): Promise<string> {
    return this.#one("one.innerText");
  }

  getAttribute(name: string): Promise<string | null> {
    return this.#one(`one.getAttribute(${JSON.stringify(name)})`);
  }

  async click(): Promise<void> {
    await this.waitFor();
    await until(() => this.#one("!one.disabled"), undefined, `enabled ${this}`);
    await this.#page.tab.click(await this.#element());
  }

  async uncheck(): Promise<void> {
    if (await this.#one("one.checked")) await this.click();
  }

  focus(): Promise<void> {
    return this.#one("void one.focus()");
  }

  async fill(value: string): Promise<void> {
    await this.waitFor();
    const text = JSON.stringify(value);
    await this.#one(
      `void (one.focus(), one.value = ${text}, one.dispatchEvent(new Event("input", { bubbles: true })))`,
    );
  }

  async setInputFiles(files: string | MadeFile | MadeFile[]): Promise<void> {
    // A driver adds to what was chosen before.
    await this.#one(`void (one.value = "")`);
    const element = await this.#element();
    if (typeof files === "string") return this.#page.tab.upload(element, [files]);
    const folder = await mkdtemp(join(tmpdir(), "fhir-schema-store-files-"));
    const paths: string[] = [];
    for (const { name, buffer } of [files].flat()) {
      paths.push(join(folder, name));
      await writeFile(join(folder, name), buffer);
    }
    await this.#page.tab.upload(element, paths);
    // The page reads them when it likes to.
    process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  }

  toString(): string {
    return this.#steps
      .map(({ css, text }) => css + (text ? ` /${text.pattern}/` : ""))
      .join(" >> ");
  }

  /** The value of an expression over `found`, whatever there is. */
  #all<R>(expression: string): Promise<R> {
    return this.#page.evaluate(this.#script(expression));
  }

  /** The value of an expression over `one`, the only element; waits for it. */
  async #one<R>(expression: string): Promise<R> {
    await this.#wait();
    return this.#all(`((one) => ${expression})(only(found))`);
  }

  async #element(): Promise<string> {
    await this.#wait();
    return this.#page.tab.element(this.#script("only(found)"));
  }

  #wait(): Promise<void> {
    return until(async () => (await this.count()) > 0, undefined, `${this}`);
  }

  #script(expression: string): string {
    return `(() => {
      const __name = (named) => named;
      ${find}
      ${isVisible}
      ${only}
      const found = find(document, ${JSON.stringify(this.#steps)});
      return ${expression};
    })()`;
  }
}

function patternOf(text: string | RegExp): { pattern: string; flags: string } {
  if (text instanceof RegExp) return { pattern: text.source, flags: text.flags };
  return { pattern: text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"), flags: "i" };
}

/** In the page. */
function find(root: ParentNode, steps: readonly Step[]): Element[] {
  let found: ParentNode[] = [root];
  for (const { css, text, has, first } of steps) {
    const inside = found.flatMap((one) => [...one.querySelectorAll(css)]);
    const meant = [...new Set(inside)].filter((one) => {
      const words = (one.textContent ?? "").replace(/\s+/g, " ").trim();
      if (text && !new RegExp(text.pattern, text.flags).test(words)) return false;
      return !has || find(one, has).length > 0;
    });
    found = first ? meant.slice(0, 1) : meant;
  }
  return found as Element[];
}

/** In the page. */
function isVisible(one: Element): boolean {
  const { width, height } = one.getBoundingClientRect();
  return width > 0 && height > 0 && getComputedStyle(one).visibility === "visible";
}

/** In the page. */
function only(found: Element[]): Element | undefined {
  if (found.length > 1) throw new Error(`${found.length} elements, one was meant`);
  return found[0];
}
