/** Options from flags, the environment and a file: which wins, what is refused, and what is shown. */

import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Stats } from "../../dist/types.js";
import { type ConfigSources, optionsOf, settingsOf } from "../../js/cli/config.js";
import { cache, foldersIn, scratchFolder } from "./commands.js";

const scratch = scratchFolder("cli-config");
const directory = foldersIn(scratch);
const resolveConfig = async (sources: ConfigSources) => optionsOf(await settingsOf(sources));

test("flags win over the environment, and the environment over the file", async () => {
  const cwd = directory();
  const toml = (text: string, name = "fhir-schema-store.toml") => {
    writeFileSync(join(cwd, name), text);
    return join(cwd, name);
  };
  toml(
    '[storage]\nmax_entries = 10\nttl_hours = 1.5\ngrace_hours = 24\nstrategy = "disk"\ndisk_cache_dir = "here"\n',
  );
  const environment = {
    FSS_MAX_ENTRIES: "20",
    FSS_TTL_HOURS: "",
    FSS_IDLE_TTL_HOURS: "0.5",
    FSS_MEMORY_LIMIT_MB: "64",
    FSS_AUTO_CLEANUP: "false",
  };
  const flags = { "max-entries": "30", "grace-hours": "2", dir: undefined };
  const lives = { ttlHours: 1.5, idleTtlHours: 0.5, graceHours: 2 };
  const expected = {
    maxEntries: 30,
    ...lives,
    strategy: "disk",
    memoryLimitMb: 64,
    autoCleanup: false,
  };
  const found = await resolveConfig({ flags, environment, directory: cwd });
  assert.deepEqual(found, { ...expected, diskCacheDir: join(cwd, "here") });
  assert.equal((await resolveConfig({ flags: {}, environment, directory: cwd })).maxEntries, 20);
  assert.equal(
    (await resolveConfig({ flags: {}, environment: {}, directory: cwd })).maxEntries,
    10,
  );
  assert.deepEqual(await resolveConfig({ flags: {}, environment: {}, directory: scratch }), {});
  const warm = "[storage]\nwarm_on_startup = true\nwarm_size = 7\n";
  const warmed = { flags: { "warm-size": "9" }, environment: { FSS_WARM_ON_STARTUP: "false" } };
  const both = { directory: scratch, file: toml(warm, "warm.toml") };
  const fromFile = await resolveConfig({ flags: {}, environment: {}, ...both });
  assert.deepEqual(fromFile, { warmOnStartup: true, warmSize: 7 });
  assert.deepEqual(await resolveConfig({ ...warmed, ...both }), {
    warmOnStartup: false,
    warmSize: 9,
  });
  const file = toml('[storage]\ndisk_cache_dir = "~/there"\n', "other.toml");
  const other = await resolveConfig({ flags: {}, environment: {}, directory: scratch, file });
  assert.ok(other.diskCacheDir?.endsWith("/there") && !other.diskCacheDir.includes("~"));

  mkdirSync(join(cwd, "here"));
  const stats = async (flags: string[], env: Record<string, string>) => {
    const { out } = await cache(["stats", "--json", ...flags], { cwd, env });
    return JSON.parse(out) as Stats;
  };
  const run1 = await stats([], { FSS_STRATEGY: "memory-disk" });
  assert.equal(run1.strategy, "memory-disk");
  assert.equal((await stats([], {})).strategy, "disk");
  const env = { FSS_STRATEGY: "disk" };
  const run3 = await stats(["--strategy", "memory-disk"], env);
  assert.equal(run3.strategy, "memory-disk");
});

test("every wrong value names key, value and range", async () => {
  const wrong: [string, string[]][] = [
    ["strategy", ["", "ram", "Disk"]],
    ["memory_limit_mb", ["0", "4001", "1.5", "much", "0x10", "1e2", "-1"]],
    ["max_entries", ["0", "1000001", "NaN"]],
    ["auto_cleanup", ["yes", "1", "True"]],
    ["max_entry_bytes", ["1023", "268435457"]],
    ["max_catalog_mb", ["0", "1025"]],
    ["ttl_hours", ["0", "-1", "Infinity"]],
    ["idle_ttl_hours", ["0", "-1", "long"]],
    ["grace_hours", ["0", "-1", "NaN"]],
    ["eviction_policy", ["mru", "LRU", "custom"]],
    ["eviction_batch_size", ["0", "1001", "1.5"]],
    ["warm_on_startup", ["yes", "1", "TRUE"]],
    ["warm_size", ["0", "1000001", "1.5", "true"]],
  ];
  const check = async (sources: object, code: string, ...parts: string[]) => {
    const around = { flags: {}, environment: {}, directory: scratch, ...sources };
    await assert.rejects(resolveConfig(around), (error) => {
      const { code: actual, message } = error as { code: string; message: string };
      assert.equal(actual, code, message);
      for (const part of parts) assert.ok(message.includes(part), `${part} in: ${message}`);
      return true;
    });
  };
  const file = join(directory(), "wrong.toml");
  const inFile = async (text: string, code: string, ...parts: string[]) => {
    writeFileSync(file, text);
    await check({ file }, code, file, ...parts);
  };
  for (const [key, values] of wrong) {
    const variable = `FSS_${key.toUpperCase()}`;
    const flag = key.replaceAll("_", "-");
    for (const value of values) {
      if (value)
        await check(
          { environment: { [variable]: value } },
          "INVALID_CONFIG",
          variable,
          value,
          "must be",
        );
      if (key !== "eviction_batch_size")
        await check({ flags: { [flag]: value } }, "INVALID_CONFIG", `--${flag}`, value, "must be");
      await inFile(`[storage]\n${key} = "${value}"\n`, "INVALID_CONFIG", key, value, "must be");
    }
  }
  await inFile("[storage]\nmax_entries = true\n", "INVALID_CONFIG", "max_entries", "true");
  await inFile("[storage]\nmax_entries = 2024-01-01\n", "INVALID_CONFIG", "max_entries");
  await inFile("[storage]\neviction_policy = { rank = 1 }\n", "INVALID_CONFIG", "eviction_policy");
  await inFile("[storage]\nmax_entrys = 5\n", "INVALID_CONFIG", "max_entrys", "max_entries");
  await inFile("[store]\nmax_entries = 5\n", "INVALID_CONFIG", "store");
  await inFile("storage = 5\n", "INVALID_CONFIG", "storage");
  await inFile("[storage\n", "INVALID_CONFIG", "TOML");
  await check({ file: join(scratch, "absent.toml") }, "INVALID_CONFIG", "absent.toml");
  const later = ["max_disk_size_gb", "enable_compression", "sync_interval_seconds"];
  for (const key of later) {
    await inFile(`[storage]\n${key} = 1\n`, "UNSUPPORTED", key);
    await check(
      { environment: { [`FSS_${key.toUpperCase()}`]: "1" } },
      "UNSUPPORTED",
      key.toUpperCase(),
    );
  }
  const { code, out, err } = await cache(["stats", "--max-entries", "0"], { cwd: scratch });
  assert.deepEqual([code, out], [2, ""]);
  assert.match(err, /^error: INVALID_CONFIG --max-entries is 0, must be a whole number from 1 to /);
});

test("config shows each option in force, and where it was set", async () => {
  const folder = join(scratch, "configured");
  mkdirSync(folder);
  const file = join(folder, "fhir-schema-store.toml");
  writeFileSync(file, '[storage]\nmax_entries = 5\nttl_hours = 2\nstrategy = "memory"\n');
  const env = { FSS_MAX_ENTRIES: "6", FSS_WARM_SIZE: "7" };
  const { code, out } = await cache(["config", "--warm-size", "8", "--json"], { cwd: folder, env });
  assert.equal(code, 0);
  type Line = { option: string; value: unknown; origin: string };
  const told = new Map((JSON.parse(out) as Line[]).map((one) => [one.option, one]));
  const line = (option: string) => [told.get(option)?.value, told.get(option)?.origin];
  assert.deepEqual(line("max_entries"), [6, "FSS_MAX_ENTRIES"]);
  assert.deepEqual(line("warm_size"), [8, "--warm-size"]);
  assert.deepEqual(line("ttl_hours"), [2, `ttl_hours in ${file}`]);
  assert.deepEqual(line("strategy"), ["memory", `strategy in ${file}`]);
  assert.deepEqual(line("memory_limit_mb"), [256, "default"]);
  assert.deepEqual(line("grace_hours"), [null, "default"]);
  assert.deepEqual(line("disk_cache_dir"), [join(folder, "xdg/fhir-schema-store"), "default"]);
  const text = await cache(["config"], { cwd: folder });
  assert.match(text.out, /^OPTION +VALUE +FROM$/m);
  assert.match(text.out, /^grace_hours +none +default$/m);
});
