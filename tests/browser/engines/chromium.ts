/** Chromium, driven by Playwright, which has the whole of its DevTools protocol. */

import { execFileSync } from "node:child_process";
import { readlink, rm } from "node:fs/promises";
import { join } from "node:path";
import {
  type BrowserContext,
  type BrowserContextOptions,
  type Page as FullPage,
  chromium as playwright,
} from "playwright-core";
import type { Engine, Page, Running, Watch } from "./engine.js";
import { findProgram } from "./programs.js";
import { reportViolations } from "./values.js";

/** Chromium with one profile, and all that Playwright can do with it. */
export interface Chromium extends Running {
  readonly context: BrowserContext;
  /** SIGKILL to every process of this browser: what a crash or the end of power looks like to it. */
  kill(): Promise<void>;
}

/** Switches every browser of the tests is started with. */
export const ARGS: readonly string[] = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export const chromium: Engine = {
  title: "Chromium",
  missing: () =>
    chromiumPath() ? undefined : "Chromium: sudo apt-get install -y chromium, or set CHROME_PATH",
  async launch(profile, { quota, colorScheme } = {}): Promise<Running> {
    const prefers = colorScheme && { colorScheme, reducedMotion: "reduce" as const };
    const { context, downloads, newPage, close } = await launchChromium(profile, prefers);
    if (!quota) return { downloads, newPage, close };
    return {
      downloads,
      async newPage(watch) {
        const page = await newPage(watch);
        const session = await context.newCDPSession(fullPage(page));
        const { origin, bytes: quotaSize } = quota;
        await session.send("Storage.overrideQuotaForOrigin", { origin, quotaSize });
        return page;
      },
      close,
    };
  },
};

/** Where Chromium is, if it is anywhere. */
export function chromiumPath(): string | undefined {
  return findProgram("CHROME_PATH", "chromium");
}

/** A page of Chromium with all that its driver can do. */
export function fullPage(page: Page): FullPage {
  if (!("context" in page)) throw new Error("this is not a page of Chromium");
  return page as FullPage;
}

/**
 * Starts Chromium on a profile directory; the same one again is the same browser restarted. `extension`: the folder
 * of one that is installed in it.
 */
export async function launchChromium(
  profile: string,
  { extension, ...prefers }: BrowserContextOptions & { readonly extension?: string } = {},
): Promise<Chromium> {
  const executablePath = chromiumPath();
  if (executablePath === undefined) throw new Error(chromium.missing());
  // A killed browser leaves these behind and would wait for their owner.
  for (const name of ["SingletonLock", "SingletonCookie", "SingletonSocket"]) {
    await rm(join(profile, name), { force: true });
  }
  const context = await playwright.launchPersistentContext(profile, {
    executablePath,
    headless: true,
    // A driven browser would not keep pages it goes back to, as every user's does.
    ignoreDefaultArgs: [
      "--disable-back-forward-cache",
      ...(extension ? ["--disable-extensions"] : []),
    ],
    args: [...ARGS, ...(extension ? [`--load-extension=${extension}`] : [])],
    ...prefers,
  });
  const downloads = join(profile, "downloads");
  return {
    context,
    downloads,
    async newPage(watch) {
      const page = await context.newPage();
      page.on("download", (file) => file.saveAs(join(downloads, file.suggestedFilename())));
      if (watch) await hear(page, watch);
      return page;
    },
    async kill() {
      // The lock is a link to "<host>-<process id>"; the browser leads a process group.
      const owner = await readlink(join(profile, "SingletonLock"));
      const group = Number(owner.slice(owner.lastIndexOf("-") + 1));
      const closed = new Promise((resolve) => context.once("close", resolve));
      process.kill(-group, "SIGKILL");
      await closed;
      // A browser that starts while the old one is still dying finds its quota database locked, and
      // then deletes everything the profile has stored.
      while (isAlive(group)) await new Promise((resolve) => setTimeout(resolve, 10));
    },
    close: () => context.close(),
  };
}

async function hear(page: FullPage, watch: Watch): Promise<void> {
  page.on("console", (message) => {
    if (message.type() === "error") watch.complaint(message.text());
  });
  page.on("pageerror", (error) => watch.complaint(String(error)));
  page.on("dialog", (dialog) => {
    void (watch.dialog(dialog.message()) ? dialog.accept() : dialog.dismiss());
  });
  // Functions sent to a page name others by it.
  await page.addInitScript({ content: "globalThis.__name = (named) => named;" });
  await page.addInitScript(reportViolations);
}

/** Whether a process of the group still runs; those that only wait to be reaped do not. */
function isAlive(group: number): boolean {
  const processes = execFileSync("ps", ["-A", "-o", "pgid=,stat="], { encoding: "utf8" });
  return processes.split("\n").some((line) => {
    const [id, state] = line.trim().split(/\s+/);
    return Number(id) === group && !state?.startsWith("Z");
  });
}
