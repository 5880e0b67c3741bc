/** `cache stats`: how much is stored and whether the store is healthy. */

import { type Command, EXIT } from "./command.js";
import { listed } from "./list.js";
import { readableBytes, table } from "./output.js";

export const stats: Command = {
  name: "stats",
  summary: "show how much is stored and whether the store is healthy",
  store: "read",
  args: {},

  async run({ options, output, withStore }) {
    const { defaultDirectory } = await import("../index.node.js");
    const directory = options.diskCacheDir ?? defaultDirectory();
    const { stats, health, entries, incomplete } = await withStore(async (store) => ({
      stats: await store.stats(),
      health: store.health(),
      ...(await listed(store, {})),
    }));
    const sizes = {
      entries: entries.length,
      totalBytes: entries.reduce((sum, { size }) => sum + size, 0),
    };
    const { writeError, ...rest } = health;
    const error = writeError && { code: writeError.code, message: writeError.message };
    const document = { directory, ...stats, ...sizes, incomplete };
    output.result({ ...document, health: { ...rest, writeError: error ?? null } }, () =>
      table([
        ["directory", directory],
        ["strategy", stats.strategy],
        ["entries", String(sizes.entries)],
        ["schemas", readableBytes(sizes.totalBytes)],
        ["on disk", stats.disk ? readableBytes(stats.disk.bytes) : "nothing"],
        ["catalog", `${readableBytes(stats.memory.catalogBytes)} of memory`],
        ...incomplete.map((name) => ["incomplete", `${name}; save it again`]),
        ["health", health.ok ? "ok" : "damaged"],
        ...health.damage.map((damage) => ["", damage]),
      ]),
    );
    return EXIT.ok;
  },
};
