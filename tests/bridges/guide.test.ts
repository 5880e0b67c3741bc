/** The examples of docs/guides/bridges.md run, and print what stands behind their `console.log`. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

const ROOT = join(import.meta.dirname, "../..");
const guide = readFileSync(join(ROOT, "docs/guides/bridges.md"), "utf8");
const examples = [...guide.matchAll(/^```js\n(.*?)^```$/gms)].map(([, code = ""]) => code);

test("the guide has an example of each bridge", () => {
  assert.equal(examples.length, 3);
});

for (const code of examples) {
  const [name] = /\w+(Adapter|Driver)/.exec(code) ?? [];
  test(`the example of ${name} prints what it says`, () => {
    const folder = mkdtempSync(join(tmpdir(), "fhir-schema-store-guide-"));
    try {
      mkdirSync(join(folder, "node_modules"));
      symlinkSync(ROOT, join(folder, "node_modules/fhir-schema-store"), "dir");
      for (const library of ["keyv", "unstorage"]) {
        const installed = join(import.meta.dirname, "node_modules", library);
        symlinkSync(installed, join(folder, "node_modules", library), "dir");
      }
      writeFileSync(join(folder, "example.mjs"), code);
      const options = { cwd: folder, encoding: "utf8", timeout: 60_000 } as const;
      const { status, stdout, stderr } = spawnSync(process.execPath, ["example.mjs"], options);
      assert.equal(stderr, "");
      const promised = [...code.matchAll(/console\.log\(.*\); \/\/ (.*)$/gm)];
      const expected = promised.map(([, text]) => text);
      assert.ok(expected.length > 0);
      assert.deepEqual(stdout.trim().split("\n"), expected);
      assert.equal(status, 0);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
}
