/** Finding browsers and their drivers. */

import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

const BROWSERS = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const MAC_BROWSER = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome";

/** The engines that the browser tests run in, by their names in `FSS_BROWSER`. */
export const ENGINES = {
  chromium: {
    title: "Chromium",
    packages: ["chromium"],
    isThere: () => findChromium() !== undefined,
  },
  firefox: {
    title: "Firefox",
    packages: ["firefox-esr"],
    isThere: () =>
      ["firefox-esr", "firefox"].some(onPath) || process.env.FIREFOX_PATH !== undefined,
  },
  webkit: {
    title: "WebKitGTK",
    packages: ["webkit2gtk-driver", "xvfb"],
    isThere: () => ["WebKitWebDriver", "Xvfb"].every(onPath),
  },
};

/** The path of Chromium or Chrome: CHROME_PATH, or the first of the usual names; else undefined. */
export function findChromium() {
  const known = [process.env.CHROME_PATH, ...BROWSERS.map(onPath), MAC_BROWSER];
  return known.find((path) => path && existsSync(path));
}

/** The path of the driver that wasm-bindgen's test runner steers Chromium with; else undefined. */
export function findChromedriver() {
  return [process.env.CHROMEDRIVER, onPath("chromedriver")].find(
    (path) => path && existsSync(path),
  );
}

/** Where a program is on PATH; undefined when it is not. */
export function onPath(program) {
  const folders = (process.env.PATH ?? "").split(delimiter);
  return folders.map((folder) => join(folder, program)).find((path) => existsSync(path));
}
