/** What the system refuses while a store closes or looks around is an error of ours, and loses nothing. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

/** Runs `code` in a process where `fail(name, when)` makes a call of node:fs fail with EIO. */
function inProcess(code: string): unknown {
  const directory = mkdtempSync(join(tmpdir(), "fss-system-"));
  const script = `
    import fs from "node:fs";
    import { syncBuiltinESMExports } from "node:module";
    let failing = () => false;
    const refuse = (name, when) => { failing = (called, args) => called === name && when(...args); };
    for (const name of ["fdatasync", "writeSync", "openSync", "readSync"]) {
      const real = fs[name];
      fs[name] = (...args) => {
        if (!failing(name, args)) return real(...args);
        const error = Object.assign(new Error("EIO: refused"), { code: "EIO" });
        if (typeof args.at(-1) !== "function") throw error;
        args.at(-1)(error);
      };
    }
    syncBuiltinESMExports();
    const { openSchemaStore } = await import(${JSON.stringify(import.meta.resolve("../../dist/index.node.js"))});
    const diskCacheDir = ${JSON.stringify(directory)};
    const codeOf = (promise) => promise.then(() => "resolved", (error) => error.code + " " + error.name);
    console.log(JSON.stringify(await (async () => { ${code} })()));`;
  try {
    const { stdout, stderr } = spawnSync(
      process.execPath,
      ["--input-type=module", "--eval", script],
      { encoding: "utf8" },
    );
    assert.notEqual(stdout, "", stderr);
    return JSON.parse(stdout);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

test("a sync that fails at the end is told by close, with a code", () => {
  const told = inProcess(`
    const store = await openSchemaStore({ diskCacheDir, durability: "relaxed" });
    await store.put({ url: "u" });
    await store.flush();
    refuse("fdatasync", () => true);
    return codeOf(store.close());`);
  assert.equal(told, "DISK_ERROR SchemaStoreError");
});

test("a seal that cannot be written is no failure: everything is in front of it", () => {
  const told = inProcess(`
    const store = await openSchemaStore({ diskCacheDir });
    await store.put({ url: "u" }, { durable: true });
    refuse("writeSync", (fd, bytes) => bytes.length === 40);
    const closed = await codeOf(store.close());
    const again = await openSchemaStore({ diskCacheDir });
    return [closed, await again.get("u"), again.health().ok];`);
  assert.deepEqual(told, ["resolved", { url: "u" }, true]);
});

test("a body that the disk cannot read is told of its entry, and written again by the next that brings it", () => {
  const told = inProcess(`
    const entry = (n) => ({ url: "u" + n, text: "NEEDLE" + n + "x".repeat(30_000) });
    const first = await openSchemaStore({ diskCacheDir });
    for (const n of [1, 2, 3]) await first.put(entry(n), { durable: true });
    await first.close();
    const [segment] = fs.readdirSync(diskCacheDir).filter((name) => name.endsWith(".log"));
    const bad = fs.readFileSync(diskCacheDir + "/" + segment).indexOf("NEEDLE2");
    const isBad = (fd, bytes, from, length, at) => typeof at === "number" && at <= bad && bad < at + length;
    const store = await openSchemaStore({ diskCacheDir });
    refuse("readSync", isBad);
    const failures = [];
    for (const read of [store.get("u2"), new Response(store.export()).arrayBuffer()]) {
      await read.catch(({ code, key }) => failures.push(code + " " + key));
    }
    const puts = [];
    for (const n of [1, 2, 3, 4]) puts.push(await codeOf(store.put(entry(n), { durable: true })));
    const { ok } = store.health();
    await store.close();
    const again = await openSchemaStore({ diskCacheDir });
    const texts = [];
    for (const n of [1, 2, 3, 4]) texts.push((await again.get("u" + n)).text.slice(0, 7));
    return [failures, puts, ok, texts, again.health().ok];`);
  const written = "resolved";
  assert.deepEqual(told, [
    ["DISK_ERROR u2", "DISK_ERROR u2"],
    [written, written, written, written],
    true,
    ["NEEDLE1", "NEEDLE2", "NEEDLE3", "NEEDLE4"],
    true,
  ]);
});

test("a look at the directory that fails is an error with a code", () => {
  const told = inProcess(`
    const store = await openSchemaStore({ diskCacheDir });
    await store.put({ url: "u" }, { durable: true });
    refuse("openSync", () => true);
    return [await codeOf(store.getText("x")), await codeOf(store.get("x"))];`);
  assert.deepEqual(told, ["DISK_ERROR SchemaStoreError", "DISK_ERROR SchemaStoreError"]);
});

test("a part that is loaded when it is first needed and cannot be is a coded failure, and the store goes on", async () => {
  const dist = new URL("../../dist/index.node.js", import.meta.url).href;
  const program = `
    import { closeSync, openSync } from "node:fs";
    const { openSchemaStore } = await import(${JSON.stringify(dist)});
    const store = await openSchemaStore({ strategy: "memory" });
    await store.put({ url: "u" });
    const held = [];
    try { for (;;) held.push(openSync("/dev/null")); } catch {}
    const seen = [];
    for (const call of [() => store.stats(), () => store.pin("u"), () => store.import(new Uint8Array())]) {
      await call().catch(({ name, code, retryable }) => seen.push([name, code, retryable]));
    }
    for (const fd of held) closeSync(fd);
    seen.push(await store.size(), await store.get("u"));
    console.log(JSON.stringify(seen));`;
  const shell = `ulimit -n 64; exec "$0" --input-type=module -e "$1"`;
  const { stdout, stderr } = spawnSync("bash", ["-c", shell, process.execPath, program], {
    encoding: "utf8",
  });
  assert.notEqual(stdout, "", stderr);
  // Not to be tried again: Node remembers that the module failed.
  const coded = ["SchemaStoreError", "DISK_ERROR", false];
  assert.deepEqual(JSON.parse(stdout), [coded, coded, coded, 1, { url: "u" }]);
});
