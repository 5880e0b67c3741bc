/** How many requests each policy answers from memory, on every trace of a folder. */

import { execFile } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { chart } from "../lib/chart.mjs";
import { markdown } from "../lib/report.mjs";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const CHARTS = fileURLToPath(new URL("../../docs/charts/", import.meta.url));
/** In the order of the table; the default first. */
const POLICIES = ["w-tiny-lfu", "lru", "gdsf", "s3-fifo", "sieve", "lfu", "fifo", "random"];
const UNITS = { entries: "entries", MiB: "bytes" };

export const table = {
  name: "hit-ratio",
  title: "Hit ratios",
  what: `Requests answered from memory, in per cent, by policy and by how much fits: entries of whatever size, or MiB
of bodies. Hits do not depend on the machine. The policies are those of the core, compiled for the host
and driven as the memory tier drives them: \`cargo test --test eviction hit_ratios -- --ignored\`. In bold what is within
half a point of the best.

The traces are those of the LIRS authors (\`lirs_*\`), of cache2k (\`web07\`, Jens Wilke, CC BY 4.0), of R3's Corda
(the three as shipped with Caffeine), libCacheSim's sample of CloudPhysics, and two of FHIR packages: real sizes and
references, popularity and scans invented. They are not part of the package: \`FSS_TRACES\` names their folder.`,
};

/** Not timed: one run is as good as many. */
export async function look(_folder, _missing, write) {
  if (!process.env.FSS_TRACES) throw new Error("FSS_TRACES names no folder of traces");
  const rows = await ratios(resolve(process.env.FSS_TRACES));
  const body = rows.map(({ trace, unit, size, lines }) => {
    const best = Math.max(...POLICIES.map((policy) => lines[policy]));
    const cells = POLICIES.map((policy) => {
      const shown = lines[policy].toFixed(1);
      return best - lines[policy] <= 0.5 ? `**${shown}**` : shown;
    });
    return [`${short(trace)} @ ${size}${unit === "MiB" ? " MiB" : ""}`, ...cells];
  });
  if (write) writeCharts(rows);
  const images = Object.values(UNITS).map(
    (name) => `![Hit ratio by ${name} that fit](charts/hit-ratio-${name}.svg)`,
  );
  return {
    text: `${images.join("\n\n")}\n\n${markdown(["trace @ size", ...POLICIES], body)}`,
    over: [],
  };
}

/** One row for each trace, unit and size: `lines` has the per cents by policy. */
async function ratios(folder) {
  const args = [
    "test",
    "--locked",
    "--test",
    "eviction",
    "hit_ratios",
    "--",
    "--ignored",
    "--nocapture",
  ];
  const { stdout } = await promisify(execFile)("cargo", args, {
    cwd: ROOT,
    env: { ...process.env, FSS_TRACES: folder },
    maxBuffer: 2 ** 24,
  });
  const rows = new Map();
  for (const [, trace, unit, size, policy, ratio] of stdout.matchAll(
    /^ratio (\S+) (\S+) (\d+) (\S+) ([\d.]+)$/gm,
  )) {
    const key = [trace, unit, size].join();
    if (!rows.has(key)) rows.set(key, { trace, unit, size: Number(size), lines: {} });
    rows.get(key).lines[policy] = Number(ratio);
  }
  if (rows.size === 0) throw new Error("the simulation printed no ratio");
  const order = ({ trace, unit }) => `${unit === "MiB"} ${trace}`;
  return [...rows.values()].sort(
    (left, right) => order(left).localeCompare(order(right)) || left.size - right.size,
  );
}

function writeCharts(rows) {
  mkdirSync(CHARTS, { recursive: true });
  for (const [unit, name] of Object.entries(UNITS)) {
    const panels = new Map();
    for (const row of rows.filter((row) => row.unit === unit)) {
      const title = short(row.trace);
      const empty = {
        title,
        unit,
        sizes: [],
        lines: Object.fromEntries(POLICIES.map((p) => [p, []])),
      };
      const panel = panels.get(title) ?? empty;
      panels.set(title, panel);
      panel.sizes.push(row.size);
      for (const policy of POLICIES) panel.lines[policy].push(row.lines[policy]);
    }
    const title = `Hit ratio by ${name} that fit`;
    const drawn = chart({ title, label: "hits, %", names: POLICIES, panels: [...panels.values()] });
    writeFileSync(`${CHARTS}hit-ratio-${name}.svg`, drawn);
  }
}

/** Without the source's name, but where that says what it is. */
function short(trace) {
  return trace
    .replace(/^lirs_|^cache2k_|_vaultservice$/g, "")
    .replace("libcachesim_cloudPhysicsIO_oracle", "cloudPhysics")
    .replaceAll("_", " ");
}
