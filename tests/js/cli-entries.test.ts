/** Finding, showing and putting entries from the command line, and what it says of the store. */

import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { Metadata } from "../../dist/types.js";
import { table } from "../../js/cli/table.js";
import { cache, type Ended, scratchFolder } from "./commands.js";

const usCore = fileURLToPath(new URL("../fixtures/us_core_311.tgz", import.meta.url));
const base = "http://hl7.org/fhir/us/core/StructureDefinition/";
const cwd = scratchFolder("cli-entries");
const at = ["--dir", join(cwd, "store")];

const run = (words: readonly string[], input?: string): Promise<Ended> =>
  cache([...words, ...at], { cwd }, input);

async function ok(words: readonly string[], input?: string): Promise<string> {
  const { code, out, err } = await run(words, input);
  assert.deepEqual([code, err], [0, ""], words.join(" "));
  return out;
}

async function json<T>(words: readonly string[], input?: string): Promise<T> {
  return JSON.parse(await ok([...words, "--json"], input)) as T;
}

before(async () => {
  assert.equal((await run(["save", usCore, "--quiet"])).code, 0);
});

test("finds by a text in canonical, name or title, in any case", async () => {
  const found = (text: string) => json<Metadata[]>(["list", text]);
  assert.deepEqual(
    (await found("PULSE")).map(({ url }) => url),
    [`${base}us-core-pulse-oximetry`],
  );
  assert.equal((await found("us core pulse oximetry profile")).length, 1, "a title");
  assert.equal((await found("uscorepulseoximetry")).length, 1, "a name");
  assert.deepEqual(await found("no such thing"), []);
  assert.equal((await json<Metadata[]>(["list", "oximetry", "PULSE"])).length, 1, "all of several");
  assert.deepEqual(await json<Metadata[]>(["list", "oximetry", "patient"]), []);
});

test("sorts, limits, and shows the columns asked for", async () => {
  const all = await json<Metadata[]>(["list"]);
  const sizes = all.map(({ size }) => size).sort((left, right) => right - left);
  const bySize = await json<Metadata[]>(["list", "--sort", "size"]);
  assert.deepEqual(
    bySize.map(({ size }) => size),
    sizes,
  );
  const least = await json<Metadata[]>(["list", "--sort", "size", "--reverse", "--limit", "3"]);
  assert.deepEqual(
    least.map(({ size }) => size),
    sizes.reverse().slice(0, 3),
  );
  const titled = await json<Metadata[]>(["list", "--sort", "expires,title", "--reverse"]);
  const titles = titled.map(({ title }) => title ?? "");
  assert.deepEqual(
    titles,
    [...titles].sort((one, other) => other.localeCompare(one, "en")),
    "what has none comes last",
  );
  const byType = await json<Metadata[]>(["list", "--sort", "type,canonical"]);
  const keys = byType.map(({ type, canonical }) => `${type} ${canonical}`);
  assert.deepEqual(
    keys,
    [...keys].sort((one, other) => one.localeCompare(other, "en")),
  );
  const text = await ok(["list", "--columns", "version, name,uses", "--limit", "2"]);
  const [head, row, , total] = text.split("\n");
  assert.match(head ?? "", /^VERSION +NAME +USES$/);
  assert.match(row ?? "", /^3\.1\.1 +U[sS]\w+ +\d+$/);
  assert.match(total ?? "", /^2 of 30 entries, [\d.]+ kB in all$/);
  for (const [words, message] of [
    [["--sort", "wight"], /--sort is "wight", must be of canonical, url/],
    [["--columns", "constructor"], /--columns is "constructor"/],
    [["--sort", "__proto__"], /--sort is "__proto__"/],
    [["--columns", "size,"], /--columns is "", must be of/],
    [["--limit", "0"], /--limit is "0", must be a whole number above 0/],
    [["--limit", "1.5"], /--limit is "1.5"/],
    [["--limit", "1", "--limit", "2"], /--limit is given twice/],
    [["--json", "--columns", "size"], /--columns is for tables/],
  ] as const) {
    const { code, out, err } = await run(["list", ...words]);
    assert.deepEqual([code, out], [2, ""]);
    assert.match(err, message);
  }
});

test("a table is made narrower in the middle of its widest cells", () => {
  const long = `${base}us-core-pulse-oximetry|3.1.1`;
  const rows = [
    ["CANONICAL", "TYPE", "SIZE"],
    [long, "Observation", "9.1 kB"],
    ["short", "A", "1 B"],
  ];
  assert.deepEqual(table(rows, { numeric: [2] })[1], `${long}  Observation  9.1 kB`);
  for (const width of [45, 60, 79, 200]) {
    const lines = table(rows, { numeric: [2], width });
    assert.ok(
      lines.every((line) => line.length <= width),
      lines.join("\n"),
    );
    assert.match(lines[1] ?? "", /^http.*3\.1\.1 {2}Observation {2}9\.1 kB$/);
  }
  assert.equal(table([[long, long]], { width: 5 })[0]?.length, 22, "but not to nothing");
});

test("shows what is known of one entry", async () => {
  const canonical = `${base}us-core-patient`;
  const shown = await json<Metadata>(["show", canonical]);
  assert.equal(shown.canonical, `${canonical}|3.1.1`);
  const text = await ok(["show", canonical]);
  const line = (name: string) => new RegExp(`^${name} +(.*)$`, "m").exec(text)?.[1];
  assert.equal(line("canonical"), shown.canonical);
  assert.equal(line("package"), "hl7.fhir.us.core#3.1.1");
  assert.equal(line("base"), "http://hl7.org/fhir/StructureDefinition/Patient");
  assert.equal(line("sha-256"), shown.contentHash);
  assert.match(line("updated") ?? "", /^\d{4}-\d\d-\d\d \d\d:\d\d$/);
  for (const { kind, target } of shown.dependencies)
    assert.ok(text.includes(`${kind} ${target}\n`));
  const { code, out, err } = await run(["show", "http://example.org/none"]);
  assert.deepEqual([code, out], [1, ""]);
  assert.equal(err, "error: NOT_FOUND nothing is stored under http://example.org/none\n");
  for (const [wrong, hint] of [
    [`${canonical}|6.1.0`, `there is ${canonical}|3.1.1`],
    ["us-core-patient", `did you mean ${canonical}|3.1.1`],
    [`https://example.org/US-Core-Patient/`, `did you mean ${canonical}|3.1.1`],
  ] as const) {
    for (const command of ["show", "get"]) {
      const miss = await run([command, wrong]);
      assert.equal(miss.code, 1);
      assert.equal(miss.err, `error: NOT_FOUND nothing is stored under ${wrong}; ${hint}\n`);
    }
  }
});

test("each get is a use, kept with the store and shown by show, list and stats", async () => {
  const canonical = `${base}us-core-location`;
  type Told = {
    uses: number;
    packages: { package: string; entries: number; bytes: number; uses: number }[];
    totalBytes: number;
    lifetime: { tiers: { disk: { hits: number } } };
  };
  const first = await json<Told>(["stats"]);
  for (let n = 0; n < 3; n += 1) await ok(["get", canonical]);
  assert.equal((await json<Metadata>(["show", canonical])).accessCount, 3);
  const [used] = await json<Metadata[]>(["list", "--sort", "uses", "--limit", "1"]);
  assert.equal(used?.url, canonical);
  const told = await json<Told>(["stats"]);
  assert.equal(told.uses, first.uses + 3);
  const { totalBytes, uses } = told;
  assert.deepEqual(
    told.packages.filter((one) => one.package !== null),
    [{ package: "hl7.fhir.us.core#3.1.1", entries: 30, bytes: totalBytes, uses }],
  );
  assert.equal(told.lifetime.tiers.disk.hits - (first.lifetime?.tiers.disk.hits ?? 0), 3);
  const text = await ok(["stats"]);
  assert.match(text, new RegExp(`^uses +${uses}, halved every week$`, "m"));
  assert.match(text, /^look-ups +\d+ since \d{4}-/m);
  assert.match(text, /^ {2}disk +\d+ hits; half of \d+ loads within [\d.]+ ms, 99 % within/m);
  assert.match(
    text,
    new RegExp(`^hl7\\.fhir\\.us\\.core#3\\.1\\.1 +30 +[\\d.]+ kB +${uses}$`, "m"),
  );
});

test("puts any JSON as it is, and says what it cannot take", async () => {
  const own = ["--dir", join(cwd, "own")];
  const put = async (words: string[], input?: string) =>
    cache(["put", ...words, ...own], { cwd }, input);
  const valueSet =
    '{ "resourceType": "ValueSet",\n "url": "http://x/VS", "version": "1", "title": "T" }';
  writeFileSync(join(cwd, "vs.json"), `\ufeff${valueSet}`);
  writeFileSync(join(cwd, "own.json"), '{"anything":[1.50]}');
  assert.match((await put(["vs.json", "--tag", "a,b"])).out, /^stored http:\/\/x\/VS\|1, \d+ B\n$/);
  const named = await put(["own.json", "--url", "http://x/own|2", "--package", "mine#1", "-q"]);
  assert.deepEqual([named.code, named.out, named.err], [0, "", ""]);
  assert.equal((await put(["-", "--json"], '{"url":"http://x/in"}')).code, 0);

  assert.equal((await cache(["get", "http://x/VS", ...own], { cwd })).out, valueSet);
  assert.equal((await cache(["get", "http://x/own", ...own], { cwd })).out, '{"anything":[1.50]}');
  const { out } = await cache(["list", "--json", ...own], { cwd });
  const stored = (JSON.parse(out) as Metadata[]).map(({ canonical, type, title, source, tags }) => [
    ...[canonical, type, title, source, tags.join()],
  ]);
  assert.deepEqual(stored, [
    ["http://x/VS|1", "ValueSet", "T", undefined, "a,b"],
    ["http://x/in", undefined, undefined, undefined, ""],
    ["http://x/own|2", undefined, undefined, "mine#1", ""],
  ]);

  writeFileSync(join(cwd, "cut.json"), '{"url":');
  writeFileSync(join(cwd, "list.json"), "[1]");
  writeFileSync(join(cwd, "latin.json"), Buffer.from([0x7b, 0xe9, 0x7d]));
  const refused: [string[], number, RegExp][] = [
    [["own.json"], 2, /^error: INVALID_KEY own\.json has no url .*--url/],
    [["vs.json", "cut.json"], 2, /^error: SERIALIZATION cut\.json is not JSON/],
    [["list.json"], 2, /^error: INVALID_VALUE list\.json is JSON but not an object/],
    [["latin.json"], 2, /^error: SERIALIZATION latin\.json is not UTF-8/],
    [["-"], 2, /^error: SERIALIZATION standard input is not JSON/],
    [["own.json", "--url", "u", "--package", "p"], 2, /--package is "p", must be name#version/],
    [["own.json", "--url", "u", "--tag", "a", "--tag", "b"], 2, /--tag is given twice/],
    [
      ["absent.json"],
      1,
      /^error: NOT_FOUND absent\.json cannot be read: ENOENT: no such file or directory\n/,
    ],
    [["vs.json", "own.json", "--url", "http://x/y"], 2, /--url names one entry/],
    [["own.json", "--url", "http://x/y#z"], 2, /must have no #fragment/],
    [["own.json", "--url", "a b"], 2, /^error: INVALID_KEY .*white space/],
  ];
  for (const [words, code, message] of refused) {
    const ended = await put(words);
    assert.deepEqual([ended.code, ended.out], [code, ""], words.join(" "));
    assert.match(ended.err, message);
  }
  const definition = '{"resourceType":"StructureDefinition","url":"http://x/own"}';
  const raw = await put(["-", "--url", "http://x/own|2", "--package", "mine#1"], definition);
  assert.equal(
    raw.err,
    "standard input is a StructureDefinition, stored as it is: save would convert it\n",
  );
  const { out: left } = await cache(["list", "--json", ...own], { cwd });
  assert.equal(JSON.parse(left).length, 3);
});

test("a dry run of clear lists what would go, asks nothing and removes nothing", async () => {
  const text = await ok(["clear", "--type", "Patient", "--dry-run"]);
  assert.match(text, /us-core-patient\|3\.1\.1\nwould remove 1 entry, [\d.]+ kB\n$/);
  assert.deepEqual(
    await json(["clear", "--all", "-n", "--yes"]).then((one) => Object.keys(one as object)),
    ["removed", "matching"],
  );
  assert.equal((await json<Metadata[]>(["list"])).length, 30);
});

test("clears what is damaged, which no list shows, and counts it", async () => {
  const own = ["--dir", join(cwd, "rotten")];
  const bodies = ["one", "two"].map((name) => ({
    url: `http://x/${name}`,
    text: "text".repeat(9),
  }));
  for (const body of bodies) {
    assert.equal((await cache(["put", "-", ...own], { cwd }, JSON.stringify(body))).code, 0);
  }
  const [segment = ""] = readdirSync(join(cwd, "rotten")).filter((name) => name.startsWith("seg-"));
  const path = join(cwd, "rotten", segment);
  const bytes = readFileSync(path);
  bytes.write("rot", bytes.indexOf('"url":"http://x/one"') + 8);
  writeFileSync(path, bytes);
  assert.equal((await cache(["get", "http://x/one", ...own], { cwd })).code, 3);
  const dry = await cache(["clear", "--all", "-n", ...own], { cwd });
  assert.match(dry.out, /^http:\/\/x\/one\nhttp:\/\/x\/two\nwould remove 2 entries, /);
  const none = await cache(["clear", "--url", "http://x/none", "-n", ...own], { cwd });
  assert.equal(none.code, 1);
  const one = await cache(["clear", "--url", "http://x/one", "-y", ...own], { cwd });
  assert.deepEqual([one.code, one.out, one.err], [0, "removed 1 entry\n", ""]);
  const stats = await cache(["stats", "--json", ...own], { cwd });
  assert.equal(JSON.parse(stats.out).health.ok, true);
});

test("under --json whatever fails is one document on standard error", async () => {
  writeFileSync(join(cwd, "nameless.json"), '{"resourceType":"StructureDefinition"}');
  const failures: [string[], number, string][] = [
    [["get", "http://example.org/none"], 1, "NOT_FOUND"],
    [["get", "a b"], 2, "INVALID_KEY"],
    [["list", "--max-entries", "0"], 2, "INVALID_CONFIG"],
    [["list", "--no-such"], 2, "USAGE"],
    [["save", "nameless.json"], 1, "INVALID_KEY"],
    [["import", "nameless.json"], 3, "CORRUPT"],
    [["export", "x.fss", "--type", "None"], 1, "NOT_FOUND"],
    [["clear", "--all"], 2, "USAGE"],
  ];
  for (const [words, exitCode, code] of failures) {
    const ended = await run([...words, "--json"]);
    const document = JSON.parse(ended.err);
    assert.deepEqual([ended.code, document.exitCode], [exitCode, exitCode], words.join(" "));
    assert.equal(document.errors[0].code, code, ended.err);
    assert.ok(document.errors[0].message.length > 5);
  }
  const damaged = ["--dir", join(cwd, "damaged")];
  mkdirSync(join(cwd, "damaged"));
  writeFileSync(join(cwd, "damaged", "FORMAT"), "nonsense");
  const { code, out, err } = await cache(["stats", "--json", ...damaged], { cwd });
  assert.deepEqual([code, out, JSON.parse(err).errors[0].code], [3, "", "CORRUPT"]);
});

test("quiet leaves what was asked for, and errors", async () => {
  const quiet = ["--dir", join(cwd, "quiet"), "--quiet"];
  const said = async (...words: string[]) => {
    const flags = words[0] === "pack" ? ["--quiet"] : quiet;
    const { code, out, err } = await cache([...words, ...flags], { cwd });
    return [code, out, err];
  };
  assert.deepEqual(await said("save", usCore), [0, "", ""]);
  assert.deepEqual(await said("export", "quiet.fss"), [0, "", ""]);
  assert.deepEqual(await said("import", "quiet.fss"), [0, "", ""]);
  assert.deepEqual(await said("pack", usCore, "-o", "packed.fss"), [0, "", ""]);
  assert.match(String((await said("list"))[1]), /us-core-patient/);
  assert.deepEqual(await said("get", "x"), [1, "", "error: NOT_FOUND nothing is stored under x\n"]);
  assert.deepEqual(await said("clear", "--all", "-yq"), [0, "", ""]);
  const { out } = await cache(["list", "--dir", join(cwd, "quiet"), "--", "--json"], { cwd });
  assert.equal(out, "no entries\n", "what follows -- is no flag");
  const text = readFileSync(join(cwd, "quiet.fss"));
  assert.ok(text.length > 1000);
});
