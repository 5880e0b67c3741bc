/** The scripts that build and count: what they must not let through. */

import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

const script = (name: string) => import(`../../scripts/lib/${name}.mjs`);
const { countsOf, nodeCounts, nodeSkips, rustCounts } = await script("count");
const { Estimate } = await script("estimate");
const { removeUnreachable } = await script("reachable");
const { Failure } = await script("run");

test("a program that ran no test has failed, and so has one that exits with a failure", () => {
  const count = (status: number, text: string) => countsOf("x", { status, text }, rustCounts);
  const ended = (passed: number, failed: number) =>
    `test result: ok. ${passed} passed; ${failed} failed; 1 ignored; 0 measured\n`;
  assert.deepEqual(count(0, ended(3, 0)), { passed: 3, failed: 0, skipped: 1 });
  assert.equal(count(0, ended(0, 0)).failed, 1);
  assert.equal(count(0, "").failed, 1);
  assert.equal(count(101, ended(3, 0)).failed, 1);
  assert.equal(count(101, ended(3, 2)).failed, 2);
  const spec =
    "\u2139 tests 9\n\u2139 pass 6\n\u2139 fail 1\n\u2139 cancelled 1\n\u2139 skipped 1\n\u2139 todo 0\n";
  assert.deepEqual(nodeCounts(spec), { passed: 6, failed: 2, skipped: 1 });
});

test("tests that were skipped are told by their reasons", () => {
  const spec = [
    "\u2714 one (that ran) (1.5ms)",
    "\ufe63 two (0.3ms) # only in Chromium: it freezes tabs",
    "  \ufe63 three, inside (12ms) # only in Chromium: it freezes tabs",
    "\ufe63 four (0.2ms) # SKIP",
    "\u2139 skipped 3",
  ].join("\n");
  assert.deepEqual(
    [...nodeSkips(spec)],
    [
      ["only in Chromium: it freezes tabs", ["two", "three, inside"]],
      ["SKIP", ["four"]],
    ],
  );
});

test("a built package keeps what an export leads to, and nothing else", (t) => {
  const root = mkdtempSync(join(tmpdir(), "reachable-"));
  t.after(() => rmSync(root, { recursive: true }));
  const dist = join(root, "dist");
  const file = (name: string, text = "") => {
    mkdirSync(join(dist, name, ".."), { recursive: true });
    writeFileSync(join(dist, name), text);
  };
  file("index.js", 'import "./used/one.js";\nconst later = () => import("./used/late.js");');
  file("index.d.ts", 'export * from "./used/one.js";');
  file("used/one.js", 'new URL("../core.wasm", import.meta.url);');
  file("used/one.d.ts");
  file("used/late.js");
  file("used/late.d.ts");
  file("core.wasm");
  file("left/deep/er.js");
  file("THIRD-PARTY-LICENSES.txt");
  const manifest = {
    exports: { ".": { types: "./dist/index.d.ts", default: "./dist/index.js" } },
    bin: {},
  };

  removeUnreachable(dist, manifest);
  const there = ["index.js", "used/one.js", "used/one.d.ts", "used/late.js", "core.wasm"];
  for (const name of [...there, "index.d.ts", "THIRD-PARTY-LICENSES.txt"]) {
    assert.ok(existsSync(join(dist, name)), name);
  }
  for (const name of ["used/late.d.ts", "left"]) assert.ok(!existsSync(join(dist, name)), name);

  const absent = { ...manifest, bin: { command: "./dist/no.js" } };
  assert.throws(() => removeUnreachable(dist, absent), Failure);
});

test("an estimate counts layers side by side, and those that go alone", () => {
  // Names that no run has recorded: each counts as five seconds.
  const names = Array.from({ length: 48 }, (_, number) => `layer ${number} of this test`);
  const estimate = new Estimate(2, names, []);
  assert.equal(estimate.minutes, 2);
  assert.equal(`${estimate}`, "0 of 48 layers done, about 2 min left");
  assert.equal(new Estimate(2, names.slice(0, 24), names.slice(24)).minutes, 3);
});
