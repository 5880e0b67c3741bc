/** WebKitGTK in its small browser, on a screen that nobody sees, driven by its own driver. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { DrivenPage, until } from "./driven.js";
import type { Engine, Running } from "./engine.js";
import { findProgram } from "./programs.js";
import { Session } from "./webdriver.js";

const findDriver = () => findProgram("WEBKIT_DRIVER", "WebKitWebDriver");
const findScreen = () => findProgram("XVFB", "Xvfb");

export const webkit: Engine = {
  title: "WebKitGTK",
  missing() {
    const packages = [];
    if (!findDriver()) packages.push("webkit2gtk-driver");
    if (!findScreen()) packages.push("xvfb");
    if (packages.length === 0) return undefined;
    return `WebKitGTK: sudo apt-get install -y ${packages.join(" ")}`;
  },
  async launch(profile, { colorScheme } = {}): Promise<Running> {
    const downloads = await prepare(profile, colorScheme);
    const port = await freePort();
    const child = spawn(findDriver() ?? "", [`--port=${port}`], {
      env: {
        ...process.env,
        ...homes(profile),
        DISPLAY: await screen(),
        GTK_THEME: colorScheme === "dark" ? "Adwaita:dark" : "Adwaita",
      },
      stdio: "ignore",
    });
    const url = `http://127.0.0.1:${port}`;
    await until(async () => (await fetch(`${url}/status`)).ok, 10_000, "WebKitWebDriver listens");
    const session = await Session.start(url, { unhandledPromptBehavior: "ignore" });
    return {
      downloads,
      newPage: async (watch) => new DrivenPage(await session.newTab(watch)),
      async close() {
        await session.close();
        child.kill();
        if (child.exitCode === null) await once(child, "exit");
      },
    };
  },
};

/** The folders of the user, which the browser has no other way to be told. */
function homes(profile: string): Record<string, string> {
  const names = ["HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"];
  return Object.fromEntries(names.map((name) => [name, profile]));
}

/** Writes what the browser reads of the user's wishes; the folder that downloads come to. */
async function prepare(profile: string, colorScheme?: "light" | "dark"): Promise<string> {
  const downloads = join(profile, "downloads");
  const settings = join(profile, "gtk-3.0");
  await mkdir(downloads);
  await mkdir(settings);
  await writeFile(join(profile, "user-dirs.dirs"), `XDG_DOWNLOAD_DIR="${downloads}"\n`);
  const animations = colorScheme ? "[Settings]\ngtk-enable-animations=0\n" : "";
  await writeFile(join(settings, "settings.ini"), animations);
  return downloads;
}

let display: Promise<string> | undefined;

/** The one screen of this process, which ends with it. */
function screen(): Promise<string> {
  display ??= startScreen();
  return display;
}

async function startScreen(): Promise<string> {
  const flags = ["-displayfd", "3", "-screen", "0", "1280x1024x24", "-nolisten", "tcp"];
  const child = spawn(findScreen() ?? "", flags, { stdio: ["ignore", "ignore", "ignore", "pipe"] });
  process.once("exit", () => child.kill());
  const told = child.stdio[3] as Socket;
  let number = "";
  while (!number.endsWith("\n")) number += String((await once(told, "data"))[0]);
  child.unref();
  told.unref();
  return `:${number.trim()}`;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
