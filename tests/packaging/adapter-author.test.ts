/** `fhir-schema-store/testing` as the author of an adapter uses it, in an empty project. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Project } from "./project.js";

let project: Project;
before(() => {
  project = new Project();
});
after(() => project.remove());

const ADAPTERS = {
  memory: `
    import { MemoryPlace, memoryAdapter as make } from "fhir-schema-store/adapters/memory";
    const newPlace = () => { const place = new MemoryPlace(); return () => make(place); };`,
  fs: `
    import { fsAdapter } from "fhir-schema-store/adapters/fs";
    import { mkdtempSync } from "node:fs";
    import { tmpdir } from "node:os";
    import { join } from "node:path";
    const newPlace = () => {
      const directory = mkdtempSync(join(tmpdir(), "mine-"));
      return () => fsAdapter(directory);
    };`,
};

for (const [name, adapter] of Object.entries(ADAPTERS)) {
  test(`the contract runs on the ${name} adapter with nothing but a place given`, () => {
    project.write(
      `${name}.test.mjs`,
      `import { test } from "node:test";
      import { adapterContract } from "fhir-schema-store/testing";
      ${adapter}
      adapterContract({ test }, { name: "mine", newPlace });`,
    );
    const report = project.run(process.execPath, [
      "--test",
      "--test-reporter=spec",
      `${name}.test.mjs`,
    ]);
    const [, passed] = /^\S+ pass (\d+)$/m.exec(report) ?? [];
    assert.ok(Number(passed) > 45, report);
    assert.match(report, /^\S+ fail 0$/m);
  });
}

test("an adapter that loses a commit does not pass", () => {
  project.write(
    "loses.test.mjs",
    `import { test } from "node:test";
    import { adapterContract } from "fhir-schema-store/testing";
    import { MemoryPlace, memoryAdapter } from "fhir-schema-store/adapters/memory";
    const newPlace = () => {
      const place = new MemoryPlace();
      return () => {
        const adapter = memoryAdapter(place);
        const { commit } = adapter;
        adapter.commit = (batch, options) => commit.call(adapter, { ...batch, delete: [] }, options);
        return adapter;
      };
    };
    adapterContract({ test }, { name: "loses", newPlace });`,
  );
  assert.throws(
    () => project.run(process.execPath, ["--test", "loses.test.mjs"]),
    /deleted|delete/,
  );
});
