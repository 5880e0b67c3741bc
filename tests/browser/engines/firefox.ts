/** Firefox, driven by the protocol that it speaks itself. */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
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
    await writeFile(join(profile, "user.js"), preferences(options));
    const flags = ["--headless", "--no-remote", "--remote-debugging-port=0", "--profile", profile];
    const child = spawn(findFirefox() ?? "", flags, { stdio: ["ignore", "ignore", "pipe"] });
    const session = await Session.connect(`${await address(child)}/session`);
    return {
      newPage: async (watch) => new DrivenPage(await session.newTab(watch)),
      async close() {
        const ended = once(child, "exit");
        await session.send("browser.close", {}).catch(() => child.kill());
        await ended;
      },
    };
  },
};

/** What a profile says in its file of preferences; the protocol sets those that driving needs. */
function preferences({ quota }: LaunchOptions): string {
  const all: Record<string, boolean | number | string> = {
    "app.normandy.enabled": false,
    "datareporting.policy.dataSubmissionEnabled": false,
    // Nothing but the site of the tests is asked for anything.
    "services.settings.server": "data:,",
  };
  if (quota) all["dom.quotaManager.temporaryStorage.fixedLimit"] = Math.floor(quota.bytes / 1024);
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
