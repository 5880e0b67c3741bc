/** Rules of this repository that no linter knows. */

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Failure, output, root } from "./run.mjs";

/** Of code, and of the package itself. */
const MAX_LINES = 450;
const MAX_LINES_SHIPPED = 399;
const SHIPPED = /^(js|src)\//;
const SOURCE = /\.(rs|ts|mjs|js)$/;
const TEXT = /\.(rs|ts|mjs|js|json|toml|md|html|css|lock|yml)$|(^|\/)(run|LICENSE-\w+|\.\w+)$/;
const WALL = /\b(wasm_bindgen|js_sys|web_sys|serde_wasm_bindgen)\b/;
/** A folder of somebody's machine at the beginning of a path. */
const MACHINE_PATH = /(?<![\w./-])\/(root|home|Users|work)\//;
/** Lock files name packages by version and digest; the registry is the reader's own choice. */
const REGISTRY =
  /"resolved": "https?:|\b_authToken\b|^source = "(?!registry\+https:\/\/github\.com\/rust-lang\/crates\.io-index")/m;

const rules = [
  {
    breach: "is not plain ASCII",
    // Tab, line feed and the printable characters.
    offends: (line) => /[^\t\x20-\x7e]/.test(line),
  },
  {
    breach: "names the JavaScript side outside src/wasm/",
    applies: (path) => /^src\/(?!wasm\/).*\.rs$/.test(path),
    offends: (line) => WALL.test(line) && !line.trimStart().startsWith("//"),
  },
  { breach: "names a folder of one machine", offends: (line) => MACHINE_PATH.test(line) },
  {
    breach: "names a registry or a token",
    applies: (path) => /(\.lock|package-lock\.json|\.npmrc)$/.test(path),
    offends: (line) => REGISTRY.test(line),
  },
];

/** Checks all files that git knows or would add; a `Failure` that lists every breach. */
export function repositoryRules() {
  const listed = output("git", ["ls-files", "--cached", "--others", "--exclude-standard"]) ?? "";
  const files = listed
    .split("\n")
    .filter((path) => TEXT.test(path) && existsSync(join(root, path)));
  if (files.length === 0) throw new Failure("git lists no files");
  const breaches = files.flatMap(breachesOf);
  if (breaches.length > 0) throw new Failure(breaches.join("\n"));
  console.log(`${files.length} files`);
}

function breachesOf(path) {
  const lines = readFileSync(join(root, path), "utf8").split("\n");
  const found = rules
    .filter(({ applies }) => applies?.(path) ?? true)
    .flatMap(({ breach, offends }) =>
      offending(lines, offends).map((at) => `${path}:${at} ${breach}`),
    );
  const most = SHIPPED.test(path) ? MAX_LINES_SHIPPED : MAX_LINES;
  if (SOURCE.test(path) && lines.length > most + 1) {
    found.push(`${path} has ${lines.length - 1} lines; ${most} is the limit`);
  }
  return found;
}

function offending(lines, offends) {
  return lines.flatMap((line, index) => (offends(line) ? [index + 1] : []));
}
