/** `cache config`: the options as they are in force, and where each was set. */

import type { Command } from "./command.js";
import { OPTIONS, type OptionValue } from "./flags.js";
import { EXIT } from "./outcome.js";
import { table, terminalWidth } from "./table.js";

/** An option in force. */
interface InForce {
  /** Its key in `[storage]`. */
  readonly option: string;
  /** Null where nothing is set and there is no default. */
  readonly value: OptionValue | null;
  /** `default`, `--strategy`, `FSS_STRATEGY` or `strategy in <file>`. */
  readonly origin: string;
}

export const config: Command = {
  name: "config",
  summary: "show every option of the store as it is in force, and where it was set",
  store: "none",
  example: "--dir ./schemas",

  async run({ settings, output }) {
    const { defaultDirectory } = await import("../index.node.js");
    const all = OPTIONS.flatMap(({ option, toml, byDefault }): InForce[] => {
      if (option === undefined) return [];
      const set = settings.find((one) => one.option === option);
      if (set !== undefined) return [{ option: toml, value: set.value, origin: set.origin }];
      const value = option === "diskCacheDir" ? defaultDirectory() : (byDefault ?? null);
      return [{ option: toml, value, origin: "default" }];
    });
    output.result(all, () => {
      const rows = all.map(({ option, value, origin }) => [
        option,
        value === null ? "none" : String(value),
        origin,
      ]);
      return table([["OPTION", "VALUE", "FROM"], ...rows], { width: terminalWidth() });
    });
    return EXIT.ok;
  },
};
