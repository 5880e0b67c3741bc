/** Installing what the system has to bring. */

import { onPath } from "./browser.mjs";
import { run } from "./run.mjs";

/** Installs Debian packages where this user may, and says why; answers whether it did. */
export function aptInstall(names, why) {
  if (!onPath("apt-get") || process.getuid?.() !== 0) return false;
  console.log(`Installing ${names.join(", ")} with apt-get: ${why}`);
  run("apt-get", ["update"]);
  run("apt-get", ["install", "-y", "--no-install-recommends", ...names]);
  return true;
}

/** What a user types who may not install by `aptInstall`. */
export function aptCommand(names) {
  return `sudo apt-get install -y ${names.join(" ")}`;
}
