/** How the benches speak: Markdown tables, and where and on what they were made. */

import { execFileSync } from "node:child_process";
import { statfsSync } from "node:fs";
import { cpus, release, totalmem, type } from "node:os";

/** Kinds of file systems by their magic number; what is synced means something else on each. */
const FILE_SYSTEMS = new Map([
  [0xef53, "ext4"],
  [0x58465342, "xfs"],
  [0x9123683e, "btrfs"],
  [0x794c7630, "overlayfs"],
  [0x01021994, "tmpfs (in memory: nothing is synced here)"],
  [0x2fc12fc1, "zfs"],
]);

/** The lines that make a figure worth keeping. */
export function where(folder) {
  const [cpu] = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  const kind = statfsSync(folder).type;
  return [
    `- commit ${commit()}, ${new Date().toISOString().slice(0, 16)}Z`,
    `- ${cpu?.model ?? "unknown CPU"}, ${cpus().length} logical, ${memory} GiB`,
    `- ${type()} ${release()}, Node ${process.versions.node}`,
    `- temporary files on ${FILE_SYSTEMS.get(kind) ?? `a file system of kind 0x${kind.toString(16)}`}`,
  ].join("\n");
}

/** A table of samples: subjects down, tasks across. */
export function grid(table, { samples, missing }) {
  const head = ["", ...table.columns.map(({ title, unit = table.unit }) => `${title}, ${unit}`)];
  const rows = table.subjects.map((subject) => {
    const cells = table.columns.map(({ task }) =>
      cell(samples[task], subject, subject.base ?? table.base),
    );
    if (!(subject.id in missing)) return [subject.title, ...cells];
    return [subject.title, `not run: ${missing[subject.id]}`, ...cells.slice(1).map(() => "")];
  });
  return markdown(head, rows);
}

/** `median (quartiles) ratio`: the ratio is the median of this one's samples over the base's, paired. */
function cell(samples, { id }, base) {
  const values = samples[id];
  if (values === undefined) return "";
  const [low, middle, high] = quartiles(values).map(figure);
  const own = `${middle} (${low}-${high})`;
  if (base === id || samples[base] === undefined) return own;
  return `${own} ${pairedRatio(values, samples[base]).toFixed(2)}x`;
}

/** Checks a table's limits on ours against its peers; sentences for those that do not hold. */
export function overLimits(table, { samples }) {
  return table.columns.flatMap(({ task, title, limit, limits = [limit] }) =>
    limits.flatMap((it) => {
      const theirs = it && samples[task][it.against];
      if (!theirs) return [];
      const ours = it.of ?? table.base;
      const ratio = pairedRatio(samples[task][ours], theirs);
      if (ratio <= it.most) return [];
      return [
        `${table.name}, ${title}: ${ours} ${ratio.toFixed(2)}x ${it.against}, limit ${it.most}x`,
      ];
    }),
  );
}

/** Median of the ratios of samples taken side by side. */
function pairedRatio(values, others) {
  return quartiles(values.map((value, at) => value / others[at]))[1];
}

/** The values at a quarter, at half and at three quarters, interpolated. */
export function quartiles(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return [0.25, 0.5, 0.75].map((share) => {
    const at = (sorted.length - 1) * share;
    const [below, above] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]];
    return below + (above - below) * (at % 1);
  });
}

/** A Markdown table. */
export function markdown(head, rows) {
  const line = (cells) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

/** Three digits that count. */
export function figure(value) {
  if (value >= 100) return value.toFixed(0);
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

function commit() {
  try {
    const git = (...args) => execFileSync("git", args, { encoding: "utf8", stdio: "pipe" }).trim();
    const dirty = git("status", "--porcelain") === "" ? "" : " with changes";
    return git("rev-parse", "--short", "HEAD") + dirty;
  } catch {
    return "unknown";
  }
}
