/**
 * Firefox, driven by the protocol that it speaks itself. It takes long to start, so the tests of a file
 * share one, each in a container of its own, which has its own storage; what prefers something else, or
 * has a quota, gets one for itself.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { Session } from "./bidi.js";
import { DrivenPage } from "./driven.js";
import type { Engine, LaunchOptions, Running } from "./engine.js";
import { findProgram } from "./programs.js";

const findFirefox = () => findProgram("FIREFOX_PATH", "firefox-esr", "firefox");

export const firefox: Engine = {
  title: "Firefox",
  missing: () =>
    findFirefox() ? undefined : "Firefox: sudo apt-get install -y firefox-esr, or set FIREFOX_PATH",
  async launch(profile, options = {}): Promise<Running> {
    const own = Object.keys(options).length > 0;
    const { session, end } = await (own ? start(profile, options) : share());
    const container = await session.newContainer();
    const downloads = join(profile, "downloads");
    await mkdir(downloads);
    await session.send("browser.setDownloadBehavior", {
      downloadBehavior: { type: "allowed", destinationFolder: downloads },
      userContexts: [container],
    });
    return {
      downloads,
      newPage: async (watch) => new DrivenPage(await session.newTab(container, watch)),
      async close() {
        await session.send("browser.removeUserContext", { userContext: container });
        if (own) await end();
      },
    };
  },
};

/** A Firefox that runs. */
interface Started {
  readonly session: Session;
  end(): Promise<void>;
}

let shared: Promise<Started> | undefined;

function share(): Promise<Started> {
  shared ??= mkdtemp(join(tmpdir(), "fhir-schema-store-firefox-")).then(async (profile) => {
    const { session, end } = await start(profile, {});
    return {
      session,
      async end() {
        await end();
        await rm(profile, { recursive: true, force: true, maxRetries: 5 });
      },
    };
  });
  return shared;
}

after(async () => (await shared)?.end());

async function start(profile: string, options: LaunchOptions): Promise<Started> {
  await writeFile(join(profile, "user.js"), preferences(options));
  const flags = ["--headless", "--no-remote", "--remote-debugging-port=0", "--profile", profile];
  const child = spawn(findFirefox() ?? "", flags, { stdio: ["ignore", "ignore", "pipe"] });
  const session = await Session.connect(`${await address(child)}/session`);
  return {
    session,
    async end() {
      const ended = once(child, "exit");
      await session.send("browser.close", {}).catch(() => child.kill());
      await ended;
    },
  };
}

/** What a profile says in its file of preferences; the protocol sets those that driving needs. */
function preferences({ quota, colorScheme }: LaunchOptions): string {
  const all: Record<string, boolean | number | string> = {
    "app.normandy.enabled": false,
    "datareporting.policy.dataSubmissionEnabled": false,
    // Nothing but the site of the tests is asked for anything.
    "services.settings.server": "data:,",
  };
  if (quota) all["dom.quotaManager.temporaryStorage.fixedLimit"] = Math.floor(quota.bytes / 1024);
  if (colorScheme) {
    all["layout.css.prefers-color-scheme.content-override"] = colorScheme === "dark" ? 0 : 1;
    all["ui.prefersReducedMotion"] = 1;
  }
  const lines = Object.entries(all).map(
    ([name, value]) => `user_pref("${name}", ${JSON.stringify(value)});`,
  );
  return `${lines.join("\n")}\n`;
}

/** Where it listens, which it prints. */
function address(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let printed = "";
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      printed += text;
      const found = /WebDriver BiDi listening on (ws:\/\/\S+)/.exec(printed)?.[1];
      if (found) resolve(found);
    });
    child.once("error", reject);
    child.once("exit", () => reject(new Error(`Firefox has ended:\n${printed}`)));
  });
}
