/** The converter's WebAssembly: one instance for all, and a new one after a trap and after a very large definition. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { fhirSchemaConverter, savePackage, schemaDependencies } from "../../dist/convert/index.js";
import type { SchemaStoreError } from "../../dist/errors.js";
import type { JsonObject } from "../../dist/types.js";
import { openStore } from "./kit.js";
import { definition, packageOf } from "./made-packages.js";

const X = "http://x.org/";
const converter = fhirSchemaConverter();

/** Instances that have been made, and what the next call of one throws. */
let instances = 0;
let trap: Error | undefined;

/** Every export of every instance can be made to trap. */
class Trapping extends WebAssembly.Instance {
  override readonly exports: WebAssembly.Exports;

  constructor(module: WebAssembly.Module, imports?: WebAssembly.Imports) {
    super(module, imports);
    instances += 1;
    const functions = Object.entries(super.exports).map(([name, value]) => [
      name,
      typeof value === "function" ? trapping(value) : value,
    ]);
    this.exports = Object.fromEntries(functions);
  }
}

function trapping(call: CallableFunction): unknown {
  return (...args: unknown[]) => {
    if (trap === undefined) return call(...args);
    const error = trap;
    trap = undefined;
    throw error;
  };
}

// Its own instance does not trap.
const store = await openStore({ strategy: "memory" });
const { Instance } = WebAssembly;
WebAssembly.Instance = Trapping;
after(async () => {
  WebAssembly.Instance = Instance;
  await store.close();
});

function named(name: string): JsonObject {
  return definition(X + name, name) as JsonObject;
}

test("all converters share one instance, and a refusal is no end of it", async () => {
  await Promise.all([converter, fhirSchemaConverter()].map((one) => one.convert(named("a"))));
  await schemaDependencies({ base: "http://x.org/B" });
  await assert.rejects(converter.convert({ resourceType: "ValueSet" }), { code: "CONVERSION" });
  await converter.convert(named("a"));
  assert.equal(instances, 1);
});

test("a trap names the definition, and the next conversion has a new instance", async () => {
  const traps = [
    new WebAssembly.RuntimeError("unreachable"),
    new RangeError("Maximum call stack size exceeded"),
    new Error("panicked at a place"),
  ];
  for (trap of traps) {
    const cause = trap;
    const made: number = instances;
    await assert.rejects(converter.convert(named("b")), (error: SchemaStoreError) => {
      assert.deepEqual([error.code, error.key], ["CONVERSION", `${X}b`]);
      assert.ok(error.message.startsWith(`${X}b cannot be converted: `), error.message);
      assert.ok(error.message.includes(cause.message), error.message);
      assert.equal(error.cause, cause);
      return true;
    });
    assert.equal(JSON.parse((await converter.convert(named("b"))).schema).url, `${X}b`);
    assert.equal(instances, made + 1, "the next conversion has a new one");
  }
  trap = new WebAssembly.RuntimeError("unreachable");
  await assert.rejects(schemaDependencies({}), { code: "INVALID_VALUE" });
  assert.deepEqual(await schemaDependencies({}), []);
});

test("of a package in which one definition traps, the others are saved", async () => {
  const files = { "a.json": named("a"), "b.json": named("b"), "c.json": named("c") };
  const onProgress = ({ done }: { done: number }) => {
    if (done === 1) trap = new WebAssembly.RuntimeError("unreachable");
  };
  const report = await savePackage(store, await packageOf("p", files), { onProgress });
  assert.deepEqual(report.added, [`${X}a`, `${X}c`]);
  assert.deepEqual(
    report.failed.map(({ canonical, error }) => [canonical, error.code]),
    [[`${X}b`, "CONVERSION"]],
  );
});

test("an instance that has grown large is let go, as its memory never shrinks", async () => {
  const elements = Array.from({ length: 60_000 }, (_, n) => ({
    id: `Patient.x${n}`,
    path: `Patient.x${n}`,
    short: "s".repeat(600),
    type: [{ code: "string" }],
  }));
  const large = {
    ...named("large"),
    differential: { element: [{ path: "Patient" }, ...elements] },
  };
  assert.ok(JSON.stringify(large).length > 40_000_000);
  const { schema } = await converter.convert(large);
  assert.ok(schema.length > 36_000_000);
  const before = instances;
  await converter.convert(named("a"));
  assert.equal(instances, before + 1, "the large one is let go");
  await converter.convert(named("b"));
  assert.equal(instances, before + 1, "the small one stays");
});

test("a store compiles the converter when it first converts", () => {
  const script = `
    import fs from "node:fs";
    import { syncBuiltinESMExports } from "node:module";
    const read = [];
    const { readFileSync } = fs;
    fs.readFileSync = (path, ...more) => {
      read.push(String(path).split("/").at(-1));
      return readFileSync(path, ...more);
    };
    syncBuiltinESMExports();
    const { openSchemaStore } = await import("fhir-schema-store");
    const store = await openSchemaStore({ strategy: "memory" });
    await store.put({ url: "a" });
    await store.get("a");
    await store.list();
    const before = read.includes("convert.wasm");
    await store.convert(${JSON.stringify(named("a"))});
    console.log(JSON.stringify([before, read.includes("convert.wasm")]));
  `;
  const cwd = fileURLToPath(new URL("../..", import.meta.url));
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ["--input-type=module", "--eval", script],
    { cwd, encoding: "utf8" },
  );
  assert.equal(stdout.trim(), "[false,true]", stderr);
});
