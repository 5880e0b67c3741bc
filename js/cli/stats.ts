/** `cache stats`: how much is stored, how it is used, and whether the store is healthy. */

import type { LifetimeStats, LoadingTierStats, Metadata } from "../types.js";
import type { Command } from "./command.js";
import { listed, sizeOf } from "./entries.js";
import { EXIT } from "./outcome.js";
import { counted, readableBytes, readableTime } from "./output.js";
import { table, terminalWidth } from "./table.js";

export const stats: Command = {
  name: "stats",
  summary: "show how much is stored, how it is used, and whether the store is healthy",
  store: "read",
  example: "--json",

  async run({ options, output, withStore }) {
    const { defaultDirectory } = await import("../index.node.js");
    const directory = options.diskCacheDir ?? defaultDirectory();
    const { stats, health, entries, incomplete } = await withStore(async (store) => ({
      stats: await store.stats(),
      health: store.health(),
      ...(await listed(store, {})),
    }));
    const packages = packagesOf(entries);
    const sizes = summed(entries);
    const { writeError, ...rest } = health;
    const error = writeError && { code: writeError.code, message: writeError.message };
    const { bytes: totalBytes, ...counts } = sizes;
    const document = { directory, ...stats, ...counts, totalBytes, packages, incomplete };
    output.result({ ...document, health: { ...rest, writeError: error ?? null } }, () => [
      ...table([
        ["directory", directory],
        ["strategy", stats.strategy],
        ["entries", String(sizes.entries)],
        ["schemas", readableBytes(totalBytes)],
        ["on disk", stats.disk ? readableBytes(stats.disk.bytes) : "nothing"],
        ["catalog", `${readableBytes(stats.memory.catalogBytes)} of memory`],
        ...writtenLines(entries),
        ["uses", `${sizes.uses}, halved every week`],
        ...lifetimeLines(stats.lifetime),
        ...incomplete.map((name) => ["incomplete", `${name}; save it again`]),
        ["health", health.ok ? "ok" : "damaged"],
        ...health.damage.map((damage) => ["", damage]),
      ]),
      ...packageLines(packages),
    ]);
    return EXIT.ok;
  },
};

/** What the entries of one package add up to. */
interface PackageStats {
  /** `name#version`; null for those of no package. */
  readonly package: string | null;
  readonly entries: number;
  readonly bytes: number;
  readonly uses: number;
}

function packagesOf(entries: readonly Metadata[]): PackageStats[] {
  const byPackage = new Map<string | null, Metadata[]>();
  for (const entry of entries) {
    const name = entry.source ?? null;
    const own = byPackage.get(name);
    if (own === undefined) byPackage.set(name, [entry]);
    else own.push(entry);
  }
  return [...byPackage]
    .map(([name, own]) => ({ package: name, ...summed(own) }))
    .sort((left, right) => (left.package ?? "").localeCompare(right.package ?? "", "en"));
}

function summed(entries: readonly Metadata[]) {
  return {
    entries: entries.length,
    bytes: sizeOf(entries),
    uses: entries.reduce((sum, { accessCount }) => sum + accessCount, 0),
  };
}

function packageLines(packages: readonly PackageStats[]): string[] {
  if (packages.length === 0) return [];
  const rows = packages.map((one) => [
    one.package ?? "(no package)",
    String(one.entries),
    readableBytes(one.bytes),
    String(one.uses),
  ]);
  const head = ["PACKAGE", "ENTRIES", "SIZE", "USES"];
  return ["", ...table([head, ...rows], { numeric: [1, 2, 3], width: terminalWidth() })];
}

function writtenLines(entries: readonly Metadata[]): string[][] {
  if (entries.length === 0) return [];
  const first = entries.reduce((time, { createdAt }) => Math.min(time, createdAt), Infinity);
  const last = entries.reduce((time, { updatedAt }) => Math.max(time, updatedAt), 0);
  return [["written", `first ${readableTime(first)}, last ${readableTime(last)}`]];
}

function lifetimeLines(lifetime: LifetimeStats | undefined): string[][] {
  if (lifetime === undefined) return [];
  const { tiers, misses, since } = lifetime;
  const { memory, disk, network } = tiers;
  return [
    ["look-ups", `${memory.hits + memory.misses} since ${readableTime(since)}`],
    ["  memory", counted(memory.hits, "hit")],
    ["  disk", loadsOf(disk)],
    ...(network.loads > 0 ? [["  network", loadsOf(network)]] : []),
    ["  nowhere", String(misses)],
  ];
}

function loadsOf({ hits, loads, loadTimes: { upToMs, counts } }: LoadingTierStats): string {
  if (loads === 0) return counted(hits, "hit");
  const within = (share: number) => {
    let seen = 0;
    const at = counts.findIndex((count) => {
      seen += count;
      return seen >= share * loads;
    });
    const limit = upToMs[at];
    return limit === undefined ? `over ${upToMs.at(-1)} ms` : `within ${limit} ms`;
  };
  return `${counted(hits, "hit")}; half of ${counted(loads, "load")} ${within(0.5)}, 99 % ${within(0.99)}`;
}
