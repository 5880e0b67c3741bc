/** `cache stats`: how much is stored and whether all is well. */

import { type Command, EXIT } from "./command.js";
import { readableBytes, table } from "./output.js";

export const stats: Command = {
  name: "stats",
  summary: "show how much is stored and whether all is well",
  args: {},

  async run({ options, output, withStore }) {
    const { defaultDirectory } = await import("../index.node.js");
    const directory =
      options.strategy === "memory" ? null : (options.diskCacheDir ?? defaultDirectory());
    const { stats, health } = await withStore(async (store) => ({
      stats: await store.stats(),
      health: store.health(),
    }));
    const { writeError, ...rest } = health;
    const error = writeError && { code: writeError.code, message: writeError.message };
    output.result({ directory, ...stats, health: { ...rest, writeError: error ?? null } }, () =>
      table([
        ["directory", directory ?? "none"],
        ["strategy", stats.strategy],
        ["entries", String(stats.entries)],
        ["schemas", readableBytes(stats.totalBytes)],
        ["on disk", stats.disk ? readableBytes(stats.disk.bytes) : "nothing"],
        ["catalog", `${readableBytes(stats.memory.catalogBytes)} of memory`],
        ["health", health.ok ? "ok" : "damaged"],
        ...health.damage.map((damage) => ["", damage]),
      ]),
    );
    return EXIT.ok;
  },
};
