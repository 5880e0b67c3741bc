/** Too little memory: of the heap, of the process, of WebAssembly. */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { openSchemaStore } from "../../dist/index.node.js";
import { type Reading, watchPressure } from "../../js/platform/pressure.js";
import { runTask } from "./children.js";

const MB = 1e6;
const parent = mkdtempSync(join(tmpdir(), "fss-pressure-"));
after(() => rmSync(parent, { recursive: true, force: true }));
const directory = join(parent, "store");
const COUNT = 600;

/** About 100 MB of heap when decoded. */
before(async () => {
  const store = await openSchemaStore({ diskCacheDir: directory });
  for (let n = 0; n < COUNT; n += 1) {
    const parts = Array.from({ length: 1000 }, (_, at) => ({ id: `element ${n}.${at}`, min: at }));
    await store.put({ url: `http://x/${n}`, parts, filler: "x".repeat(40_000) });
  }
  await store.close();
});

test("a heap too small for all values: they leave memory, and every answer is right", () => {
  const { report, stderr, signal } = runTask(
    ["--max-old-space-size=64"],
    "heap",
    directory,
    "true",
  );
  assert.ok(report, `${signal} ${stderr}`);
  assert.deepEqual([report.entries, report.wrong], [COUNT, 0]);
  assert.ok(report.pressure.length > 0);
  for (const { reason, freedBytes } of report.pressure as {
    reason: string;
    freedBytes: number;
  }[]) {
    assert.equal(reason, "heap");
    assert.ok(freedBytes > 0);
  }
  assert.ok(report.evictions.pressure > 0);
  assert.equal(report.causes.pressure, report.evictions.pressure);
  assert.equal(report.evictions.size, 0);
});

test("without autoCleanup the same process runs out of memory", () => {
  const { status, report, stderr } = runTask(
    ["--max-old-space-size=64"],
    "heap",
    directory,
    "false",
  );
  assert.notEqual(status, 0, JSON.stringify(report));
  assert.match(stderr, /heap out of memory/);
});

test("a container too small for all values", () => {
  const roomy = runTask([], "process", directory, String(100_000 * MB));
  assert.ok(roomy.report, roomy.stderr);
  assert.deepEqual(roomy.report.pressure, []);
  assert.equal(roomy.report.evictions.pressure, 0);
  // What a process takes differs by machine and by what else that does.
  const { report, stderr } = runTask([], "process", directory, String(0.8 * roomy.report.rss));
  assert.ok(report, stderr);
  assert.deepEqual([report.entries, report.wrong], [COUNT, 0]);
  assert.ok(report.pressure.length > 0);
  for (const { reason } of report.pressure) assert.equal(reason, "process");
  assert.equal(report.causes.pressure, report.evictions.pressure);
});

for (const strategy of ["memory", "memory-disk", "disk"]) {
  test(`${strategy}: memory of WebAssembly that cannot grow costs bodies, no restart`, () => {
    const place = join(parent, strategy);
    const { report, stderr } = runTask(["--wasm-max-mem-pages=100"], "wasm", strategy, place);
    assert.ok(report, stderr);
    assert.deepEqual([report.restarts, report.wrong], [0, 0]);
    assert.deepEqual(report.errors, []);
    // The log of a directory is an instance of its own.
    const instances = strategy === "memory" ? 1 : 2;
    assert.ok(report.memory.wasmBytes <= instances * 100 * 65536);
    assert.ok(report.pressure.length > 0);
    for (const { reason, freedBytes } of report.pressure) {
      assert.equal(reason, "wasm");
      assert.ok(freedBytes > 0);
    }
    assert.equal(report.causes.pressure, report.evictions.pressure);
    assert.ok(report.evictions.pressure > 0);
    if (strategy !== "memory") assert.deepEqual([report.entries, report.lost], [200, 5]);
    else assert.equal(report.entries, report.memory.residentEntries);
  });
}

test("a body that Wasm memory cannot take even when empty costs nothing but itself", () => {
  const { report, stderr } = runTask(["--wasm-max-mem-pages=60"], "too-large");
  assert.ok(report, stderr);
  assert.deepEqual(report.error, {
    code: "STORAGE_FULL",
    message: "WebAssembly memory cannot grow to hold 3000020 bytes",
  });
  assert.deepEqual([report.kept, report.restarts, report.pressure.length], [10, 0, 1]);
});

test("a report of hits that Wasm memory has no room for is dropped, and costs nothing else", () => {
  const { report, stderr } = runTask(["--wasm-max-mem-pages=80"], "full-report");
  assert.ok(report, stderr);
  assert.equal(report.code, "STORAGE_FULL");
  // Three numbers of four bytes for each entry.
  const refused = { reason: "wasm", wantedBytes: 7000 * 12, freedBytes: 0 };
  assert.deepEqual(report.pressure, [refused]);
  assert.deepEqual([report.many, report.few], [7000, 1000], "every value is right");
  assert.deepEqual(report.hits, [0, 1000], "the next hits count again");
  assert.deepEqual([report.restarts, report.emitted], [0, 1]);
  assert.ok(report.entries > 7000);
});

test("memory that was let go is not asked for twice before the collector has run", async () => {
  const readings: Reading[] = [];
  const wanted: { reason: string; wantedBytes: number }[] = [];
  const { check, stop } = watchPressure(
    { trim: (bytes) => bytes },
    { relieved: ({ reason, wantedBytes }) => wanted.push({ reason, wantedBytes }) },
    () => readings,
  );
  const look = async (used: number, reason: Reading["reason"] = "heap") => {
    readings.splice(0, 1, { reason, used, limit: 1000 });
    await new Promise((resolve) => setTimeout(resolve, 110));
    check(0);
    return wanted.splice(0);
  };
  assert.deepEqual(await look(850), []);
  assert.deepEqual(await look(851), [{ reason: "heap", wantedBytes: 101 }]);
  assert.deepEqual(await look(900), [], "asked twice");
  assert.deepEqual(await look(902), [{ reason: "heap", wantedBytes: 152 }], "it goes on growing");
  assert.deepEqual(await look(900, "process"), [{ reason: "process", wantedBytes: 150 }]);
  readings.splice(0, 1, { reason: "process", used: 990, limit: 1000 });
  check(1000);
  assert.deepEqual(wanted, [], "looked twice in a moment");
  check(1_100_000);
  assert.deepEqual(wanted.splice(0), [{ reason: "process", wantedBytes: 240 }], "much was loaded");
  readings.splice(0, 1, { reason: "heap", used: 9e9, limit: 0 });
  await new Promise((resolve) => setTimeout(resolve, 110));
  check(0);
  assert.deepEqual(wanted, [], "0 is no limit");
  // The timer looks too.
  readings.splice(0, 1, { reason: "heap", used: 990, limit: 1000 });
  await new Promise((resolve) => setTimeout(resolve, 1100));
  assert.equal(wanted.length, 1);
  stop();
  readings.splice(0, 1, { reason: "process", used: 9e9, limit: 1000 });
  await new Promise((resolve) => setTimeout(resolve, 1100));
  assert.equal(wanted.length, 1, "it was stopped");
});

test("the watch over memory keeps no process alive", () => {
  const { status, stderr } = runTask([], "left-open");
  assert.equal(status, 0, stderr);
});
