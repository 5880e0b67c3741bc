/**
 * Chromium driven over its pipe, tab by tab. Playwright keeps every page visible and focused, and a
 * visible page is never frozen: what concerns tabs in the background is tested with this.
 */

import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { ARGS, chromiumPath } from "./engines/chromium.js";
import { serve } from "./harness.js";

/** One tab. */
export interface Tab {
  /** The value of an expression in the page; a promise is waited for. */
  evaluate<T>(expression: string): Promise<T>;
  /** A command of the DevTools protocol to this tab. */
  send(method: string, params?: object): Promise<unknown>;
  /** Brings this tab to the front; the others are hidden. */
  show(): Promise<void>;
}

/** A browser with one window. */
export interface Tabs {
  /** `http://127.0.0.1:<port>`, as of the harness. */
  readonly origin: string;
  open(path: string): Promise<Tab>;
}

/** Runs `use` with a browser on a fresh profile. */
export async function withTabs(use: (tabs: Tabs) => Promise<void>): Promise<void> {
  const profile = await mkdtemp(join(tmpdir(), "fhir-schema-store-tabs-"));
  const site = await serve();
  const args = ["--headless=new", "--remote-debugging-pipe", `--user-data-dir=${profile}`, ...ARGS];
  const child = spawn(chromiumPath() ?? "", args, {
    stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"],
  });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const browser = new Pipe(child.stdio[3] as Writable, child.stdio[4] as Readable);
  try {
    await use({
      origin: site.origin,
      async open(path) {
        const url = `${site.origin}${path}`;
        const { targetId } = (await browser.send("Target.createTarget", { url })) as {
          targetId: string;
        };
        const attach = { targetId, flatten: true };
        const { sessionId } = (await browser.send("Target.attachToTarget", attach)) as {
          sessionId: string;
        };
        return tabOf(browser, sessionId);
      },
    });
  } finally {
    await browser.send("Browser.close").catch(() => {});
    await ended;
    await site.close();
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function tabOf(browser: Pipe, sessionId: string): Promise<Tab> {
  const send = (method: string, params: object = {}) => browser.send(method, params, sessionId);
  const tab: Tab = {
    async evaluate<T>(expression: string) {
      const params = { expression, awaitPromise: true, returnByValue: true };
      const { result, exceptionDetails } = (await send("Runtime.evaluate", params)) as {
        result: { value: T };
        exceptionDetails?: { exception?: { description?: string } };
      };
      if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? expression);
      return result.value;
    },
    send,
    show: async () => void (await send("Page.bringToFront")),
  };
  // The new tab may still be on its way to the page.
  while (
    !(await tab.evaluate<boolean>("document.readyState === 'complete' && origin !== 'null'"))
  ) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return tab;
}

/** Commands and answers, each a JSON text that ends with a zero byte. */
class Pipe {
  readonly #to: Writable;
  readonly #waiting = new Map<number, { resolve(value: unknown): void; reject(e: Error): void }>();
  #last = 0;

  constructor(to: Writable, from: Readable) {
    this.#to = to;
    let rest = "";
    from.setEncoding("utf8").on("data", (text: string) => {
      const messages = (rest + text).split("\0");
      rest = messages.pop() ?? "";
      for (const message of messages) this.#receive(message);
    });
    from.on("close", () => {
      for (const { reject } of this.#waiting.values()) reject(new Error("the browser has ended"));
    });
  }

  send(method: string, params: object = {}, sessionId?: string): Promise<unknown> {
    this.#last += 1;
    const id = this.#last;
    this.#to.write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
  }

  #receive(message: string): void {
    const { id, result, error } = JSON.parse(message);
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error === undefined) waiting?.resolve(result);
    else waiting?.reject(new Error(error.message));
  }
}
