/** The command line, through processes of its own. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import type { Metadata, Stats } from "../../dist/types.js";
import { foldersIn, scratchFolder } from "./commands.js";

const program = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const usCore = fileURLToPath(new URL("../fixtures/us_core_311.tgz", import.meta.url));
const patient = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient";
const scratch = scratchFolder("cli");
const directory = foldersIn(scratch);

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

interface Surroundings {
  readonly env?: Record<string, string>;
  readonly cwd?: string;
  readonly input?: Uint8Array | string;
}

/** Runs the command line with nothing of our own environment that could change its answers. */
function run(
  words: string[],
  { env = {}, cwd = scratch, input = "" }: Surroundings = {},
): Promise<Ended> {
  const child = spawn(process.execPath, [program, ...words], {
    cwd,
    env: { PATH: process.env.PATH, HOME: scratch, XDG_CACHE_HOME: join(scratch, "xdg"), ...env },
  });
  const printed = { out: "", err: "" };
  child.stdout.setEncoding("utf8").on("data", (text) => {
    printed.out += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text) => {
    printed.err += text;
  });
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, ...printed })));
}

async function json<T>(words: string[], around?: Surroundings): Promise<T> {
  const { code, out, err } = await run([...words, "--json"], around);
  assert.equal(code, 0, err);
  return JSON.parse(out) as T;
}

interface Saved {
  readonly package: string | null;
  readonly structureDefinitions: number;
  readonly converted: number;
  readonly unchanged: readonly string[];
  readonly failed: { file: string; canonical?: string; code: string }[];
  readonly missingDependencies: string[];
}

test("saves US Core once, and lists, counts and prints what it saved", async () => {
  const at = ["--dir", directory()];
  const first = await json<Saved>(["cache", "save", usCore, ...at]);
  assert.equal(first.package, "hl7.fhir.us.core#3.1.1");
  assert.deepEqual(
    [first.structureDefinitions, first.converted, first.unchanged.length],
    [30, 30, 0],
  );
  assert.deepEqual(first.failed, []);
  assert.deepEqual(first.missingDependencies, ["hl7.fhir.r4.core#4.0.1"]);

  const again = await json<Saved>(["cache", "save", usCore, ...at]);
  assert.deepEqual(
    [again.structureDefinitions, again.converted, again.unchanged.length],
    [30, 0, 30],
  );

  const stats = await json<Stats>([...at, "cache", "stats"]);
  assert.equal(stats.entries, 30);
  assert.equal(stats.strategy, "memory-disk");

  const entries = await json<Metadata[]>(["cache", "list", ...at]);
  assert.equal(entries.length, 30);
  assert.equal(
    entries.reduce((sum, { size }) => sum + size, 0),
    stats.totalBytes,
  );
  for (const entry of entries) {
    assert.equal(entry.source, "hl7.fhir.us.core#3.1.1");
    assert.equal(entry.converter, "fhir-schema-store@1");
    assert.equal(entry.origin, "converted");
    assert.equal(entry.fhirVersion, "4.0.1");
    assert.ok(
      entry.dependencies.some(({ kind }) => kind === "base"),
      entry.canonical,
    );
  }

  const own = entries.find(({ url }) => url === patient);
  for (const canonical of [patient, `${patient}|3.1.1`]) {
    const { code, out } = await run(["cache", "get", canonical, ...at]);
    assert.equal(code, 0);
    assert.equal(createHash("sha256").update(out).digest("hex"), own?.contentHash);
    assert.equal(JSON.parse(out).url, patient);
  }
});

test("lists by filter, in columns", async () => {
  const at = ["--dir", directory()];
  await run(["cache", "save", usCore, "--tag", "one,two", ...at]);
  const count = async (...words: string[]) =>
    (await json<Metadata[]>(["cache", "list", ...words, ...at])).length;
  assert.equal(await count("--url-prefix", patient), 1);
  assert.equal(await count("--package", "hl7.fhir.us.core"), 30);
  assert.equal(await count("--package", "hl7.fhir.us.core#3.1.1"), 30);
  assert.equal(await count("--package", "hl7.fhir.us.core#9"), 0);
  assert.equal(await count("--type", "Patient"), 1);
  assert.equal(await count("--tag", "two", "--type", "Patient"), 1);
  assert.equal(await count("--tag", "three"), 0);

  const { code, out } = await run(["cache", "list", "--type", "Patient", ...at]);
  assert.equal(code, 0);
  const [head, row, total] = out.trimEnd().split("\n");
  assert.match(head ?? "", /^CANONICAL +TYPE +PACKAGE +SIZE$/);
  assert.match(
    row ?? "",
    /us-core-patient\|3\.1\.1 +Patient +hl7\.fhir\.us\.core#3\.1\.1 +[\d.]+ kB$/,
  );
  assert.equal(head?.length, row?.length);
  assert.match(total ?? "", /^1 entry, [\d.]+ kB$/);
});

test("saves from standard input", async () => {
  const at = ["--dir", directory()];
  const archive = await json<Saved>(["cache", "save", "-", ...at], { input: readFileSync(usCore) });
  assert.equal(archive.converted, 30);
  const url = "http://example.org/StructureDefinition/mine";
  const mine = {
    resourceType: "StructureDefinition",
    url,
    name: "Mine",
    kind: "resource",
    type: "Patient",
    differential: { element: [{ path: "Patient" }] },
  };
  const single = await json<Saved>(["cache", "save", "-", ...at], { input: JSON.stringify(mine) });
  assert.deepEqual([single.package, single.converted], [null, 1]);
  const { out } = await run(["cache", "get", url, ...at]);
  assert.equal(JSON.parse(out).name, "Mine");
});

test("a definition that fails is named, and the rest is saved", async () => {
  const folder = directory();
  const base = "http://example.org/StructureDefinition/";
  const definition = (name: string, more: object) => {
    const differential = { element: [{ path: "Patient" }] };
    const common = { resourceType: "StructureDefinition", name, kind: "resource", differential };
    writeFileSync(join(folder, `${name}.json`), JSON.stringify({ ...common, ...more }));
  };
  definition("good", { url: `${base}good` });
  definition("broken", {
    url: `${base}broken`,
    version: "1",
    differential: { element: [{ min: 1 }] },
  });
  definition("nameless", {});
  writeFileSync(join(folder, "cut.json"), '{"resourceType":"StructureDefinition","url":');

  const at = ["--dir", directory()];
  const { code, out, err } = await run(["cache", "save", folder, "--json", ...at]);
  assert.equal(code, 1);
  const report = JSON.parse(out) as Saved;
  assert.deepEqual([report.structureDefinitions, report.converted], [3, 1]);
  assert.deepEqual(
    report.failed.map(({ file, canonical, code }) => [file, canonical, code]),
    [
      ["cut.json", undefined, "SERIALIZATION"],
      ["broken.json", `${base}broken|1`, "CONVERSION"],
      ["nameless.json", undefined, "INVALID_KEY"],
    ],
  );
  const { errors } = JSON.parse(err) as { errors: { code: string; where: string }[] };
  assert.deepEqual(
    errors.map((error) => [error.code, error.where]),
    [
      ["SERIALIZATION", "cut.json"],
      ["CONVERSION", `${base}broken|1`],
      ["INVALID_KEY", "nameless.json"],
    ],
  );
  const told = await run(["cache", "save", folder, ...at]);
  assert.match(told.err, /^error: CONVERSION .*\/broken /m);
  assert.match(told.err, /^error: SERIALIZATION cut\.json /m);
  assert.equal((await json<Stats>(["cache", "stats", ...at])).entries, 1);
});

test("a cut archive saves nothing and leaves the store as it is", async () => {
  const at = ["--dir", directory()];
  const bytes = readFileSync(usCore);
  const { code, out, err } = await run(["cache", "save", "-", ...at], {
    input: bytes.subarray(0, 300_000),
  });
  assert.deepEqual([code, out], [1, ""]);
  assert.match(err, /^error: CORRUPT standard input /);
  assert.equal((await json<Stats>(["cache", "stats", ...at])).entries, 0);
});

test("clears what it is told to, and only after a yes", async () => {
  const at = ["--dir", directory()];
  await run(["cache", "save", usCore, ...at]);
  const refused: [string[], RegExp][] = [
    [[], /--all/],
    [["--yes"], /--all/],
    [["--all"], /--yes/],
    [["--url", patient], /--yes/],
    [["--all", "--type", "Patient", "--yes"], /cannot be combined/],
    [["--url", patient, "--all", "--yes"], /cannot be combined/],
    [["--older-than", "30", "--yes"], /--older-than is "30", must be a number/],
  ];
  for (const [words, message] of refused) {
    const { code, out, err } = await run(["cache", "clear", ...words, ...at]);
    assert.deepEqual([code, out], [2, ""], words.join(" "));
    assert.match(err, message);
  }
  const clear = (...words: string[]) => json(["cache", "clear", "--yes", ...words, ...at]);
  for (const none of [patient.slice(0, -1), `${patient}|9`]) {
    const { code, out, err } = await run(["cache", "clear", "--yes", "--url", none, ...at]);
    assert.deepEqual([code, out], [1, "nothing matches: removed 0 entries\n"]);
    assert.equal(err, `error: NOT_FOUND nothing is stored under ${none}\n`);
  }
  assert.deepEqual(await clear("--older-than", "1h"), { removed: 0 });
  assert.deepEqual(await clear("--url", patient), { removed: 1 });
  assert.equal((await run(["cache", "get", patient, ...at])).code, 1);
  assert.deepEqual(await clear("--type", "Practitioner"), { removed: 1 });
  assert.deepEqual(await clear("--package", "hl7.fhir.us.core#3.1.1"), { removed: 28 });
  await run(["cache", "save", usCore, ...at]);
  assert.deepEqual(await clear("--all"), { removed: 30 });
  assert.equal((await json<Stats>(["cache", "stats", ...at])).entries, 0);
});

test("a miss and a wrong canonical have codes of their own", async () => {
  const at = ["--dir", directory()];
  const miss = await run(["cache", "get", "http://example.org/none", ...at]);
  assert.deepEqual([miss.code, miss.out], [1, ""]);
  assert.match(miss.err, /^error: NOT_FOUND .*http:\/\/example\.org\/none/);
  const wrong = await run(["cache", "get", "http://example.org/a b", ...at]);
  assert.deepEqual([wrong.code, wrong.out], [2, ""]);
  assert.match(wrong.err, /^error: INVALID_KEY /);
});

test("a directory that is not ours is a mistake, a damaged store is a storage error", async () => {
  const foreign = directory();
  writeFileSync(join(foreign, "notes.txt"), "somebody else's");
  const refused = await run(["cache", "stats", "--dir", foreign]);
  assert.deepEqual([refused.code, refused.out], [2, ""]);
  assert.match(refused.err, /^error: INVALID_CONFIG .*notes\.txt/);

  const damaged = directory();
  await run(["cache", "save", usCore, "--dir", damaged]);
  writeFileSync(join(damaged, "FORMAT"), "nonsense");
  assert.equal((await run(["cache", "stats", "--dir", damaged])).code, 0, "it is made again");
  writeFileSync(join(damaged, "FORMAT"), "nonsense");
  for (const name of readdirSync(damaged)) if (name !== "FORMAT") rmSync(join(damaged, name));
  const failed = await run(["cache", "stats", "--dir", damaged]);
  assert.deepEqual([failed.code, failed.out], [3, ""]);
  assert.match(failed.err, /^error: CORRUPT /);
});

test("mistakes on the command line are told, with exit code 2", async () => {
  const mistakes: [string[], RegExp][] = [
    [[], /no command/],
    [["cache"], /no command/],
    [["store"], /unknown command 'store'$/m],
    [["list"], /unknown command 'list' \(Did you mean cache list\?\)$/m],
    [["cache", "keep"], /unknown command 'keep'/],
    [["cache", "lsit"], /unknown command 'lsit' \(Did you mean list\?\)$/m],
    [["cache", "get"], /'canonical'\nsee fhir-schema-store cache get --help\n$/],
    [["cache", "save"], /'source'/],
    [["cache", "stats", "more"], /unexpected argument 'more'/],
    [["cache", "get", "one", "more"], /unexpected argument 'more'/],
    [["cache", "list", "--older-than", "1d"], /unknown option '--older-than'/],
    [["cache", "list", "--typ", "x"], /unknown option '--typ' \(Did you mean --type\?\)$/m],
    [["cache", "list", "-x"], /unknown option '-x'/],
    [["cache", "list", "--no-such"], /unknown option '--no-such'/],
    [["cache", "list", "--no-json"], /unknown option '--no-json'/],
    [["cache", "list", "--eviction-batch-size", "9"], /unknown option '--eviction-batch-size'/],
    [["--strategy", "disk", "cache", "pack", "x"], /unknown option '--strategy' for pack/],
    [["cache", "list", "--json=yes"], /--json/],
    [["help", "bogus"], /unknown command 'bogus'/],
    [["help", "cache", "lst"], /unknown command 'lst' \(Did you mean list\?\)/],
    [["cache", "help", "lst"], /unknown command 'lst' \(Did you mean list\?\)/],
    [["cache", "list", "--dir"], /'--dir <value>' argument missing/],
    [["cache", "list", "--dir", ""], /--dir needs a value/],
    [["cache", "list", "--type", "--json"], /--type needs a value/],
  ];
  for (const [words, message] of mistakes) {
    const { code, out, err } = await run(words);
    assert.deepEqual([code, out], [2, ""], words.join(" "));
    assert.match(err, message);
    assert.match(err, /--help/);
  }
});

test("helps, and says its version", async () => {
  const { version } = JSON.parse(
    readFileSync(new URL("../../package.json", import.meta.url), "utf8"),
  );
  assert.deepEqual(await run(["--version"]), { code: 0, out: `${version}\n`, err: "" });
  assert.deepEqual(await run(["version"]), { code: 0, out: `${version}\n`, err: "" });
  const helps: [string[], RegExp][] = [
    [["--help"], /cache/],
    [["help"], /cache/],
    [["help", "--help"], /cache/],
    [["cache", "-h"], /save.*list.*show.*get.*put.*clear.*stats.*config/s],
    [["cache", "help"], /save.*list/s],
    [["help", "cache"], /save.*list/s],
    [["cache", "clear", "--help"], /--older-than.*Example:\n {2}fhir-schema-store cache clear /s],
    [["cache", "help", "clear"], /--older-than/],
    [["help", "cache", "clear"], /--older-than/],
    [["cache", "list", "--help"], /--memory-limit-mb.*default 256.*FSS_MEMORY_LIMIT_MB/s],
  ];
  for (const [words, text] of helps) {
    const { code, out, err } = await run(words);
    assert.deepEqual([code, err], [0, ""]);
    assert.match(out, text);
    assert.ok(!out.includes("\x1b"), "no colours where there is no terminal");
  }
});

test("a full disk behind the output is told", async () => {
  if (!existsSync("/dev/full")) return;
  const at = ["--dir", directory()];
  await run(["cache", "save", usCore, ...at]);
  for (const words of [
    ["list", "--json"],
    ["export", "-"],
  ]) {
    const full = openSync("/dev/full", "w");
    const child = spawn(process.execPath, [program, "cache", ...words, ...at], {
      stdio: ["ignore", full, "pipe"],
    });
    let err = "";
    child.stderr?.setEncoding("utf8").on("data", (text) => {
      err += text;
    });
    const code = await new Promise((resolve) => child.on("close", resolve));
    closeSync(full);
    assert.equal(code, 3);
    assert.match(err, /DISK_ERROR.*standard output cannot be written: ENOSPC|ENOSPC/s);
    assert.ok(!err.includes("node:"), err);
  }
});

test("a reader that goes away is no failure", async () => {
  const at = ["--dir", directory()];
  await run(["cache", "save", usCore, ...at]);
  const child = spawn(process.execPath, [program, "cache", "list", "--json", ...at]);
  let err = "";
  child.stderr.setEncoding("utf8").on("data", (text) => {
    err += text;
  });
  child.stdout.destroy();
  const code = await new Promise((resolve) => child.on("close", resolve));
  assert.deepEqual([code, err], [0, ""]);
});
