/** Sources that give no more: whoever reads them ends when the store is closed, and the source is told. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import {
  type FhirPackage,
  openPackage,
  savePackage,
  savePackages,
} from "../../dist/convert/index.js";
import type { SchemaStore } from "../../dist/store.js";
import { archiveOf, teas } from "./archives.js";
import { openStore, turn, until } from "./kit.js";
import { definition, packageOf } from "./made-packages.js";

/** A stream of these bytes that does not end, and whether it was cancelled. */
function stalled(bytes: Uint8Array): { stream: ReadableStream<Uint8Array>; cancelled: boolean } {
  const seen = {
    cancelled: false,
    stream: new ReadableStream<Uint8Array>({
      start: (controller) => {
        if (bytes.length > 0) controller.enqueue(bytes);
      },
      cancel: () => {
        seen.cancelled = true;
        return new Promise(() => {});
      },
    }),
  };
  return seen;
}

/** Calls that read a stream to its end. */
const READERS: Record<
  string,
  (store: SchemaStore, stream: ReadableStream<Uint8Array>) => Promise<unknown>
> = {
  import: (store, stream) => store.import(stream),
  savePackage: (store, stream) => savePackage(store, stream),
  savePackages: (store, stream) => savePackages(store, [stream]),
};

for (const [name, read] of Object.entries(READERS)) {
  for (const strategy of ["memory", "memory-disk"] as const) {
    test(`${strategy}: ${name} from a stalled stream is CLOSED with the store, at whatever moment`, async () => {
      const whole = name === "import" ? await archiveOf(...teas) : await packageOf("p", {});
      for (const turns of [0, 1, 2, 20]) {
        for (const bytes of [new Uint8Array(), whole.subarray(0, 100), whole]) {
          const store = await openStore({ strategy });
          const source = stalled(bytes);
          const reading = read(store, source.stream);
          reading.catch(() => {});
          for (let n = 0; n < turns; n += 1) await turn();
          await store.close();
          await assert.rejects(reading, { code: "CLOSED" });
          await until(() => source.cancelled, `the stream to be cancelled after ${turns} turns`);
          assert.equal(source.stream.locked, false);
        }
      }
    });
  }
}

test("an iterable and a Blob's stream that stall are left when the store is closed", async () => {
  const archive = await archiveOf(...teas);
  const sources = [
    (async function* () {
      yield archive.subarray(0, 100);
      await new Promise(() => {});
    })(),
    { [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}) }) },
    Object.assign(new Blob(), { stream: () => stalled(archive).stream }),
  ];
  for (const source of sources) {
    const store = await openStore();
    const importing = store.import(source);
    importing.catch(() => {});
    for (let turns = 0; turns < 5; turns += 1) await turn();
    await store.close();
    await assert.rejects(importing, { code: "CLOSED" });
  }
});

test("a response that stalls is given up when the store is closed", async () => {
  const bodies = { import: await archiveOf(...teas), savePackage: await packageOf("p", {}) };
  let gone = 0;
  const server = createServer(({ url }, response) => {
    response.on("close", () => {
      gone += 1;
    });
    response.writeHead(200, { "content-length": 1_000_000 });
    response.write(bodies[url?.slice(1) as keyof typeof bodies]);
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as AddressInfo;
  for (const [at, name] of (["import", "savePackage"] as const).entries()) {
    const store = await openStore();
    const { body } = await fetch(`http://127.0.0.1:${port}/${name}`);
    const reading = READERS[name]?.(store, body as ReadableStream<Uint8Array>);
    reading?.catch(() => {});
    for (let turns = 0; turns < 20; turns += 1) await turn();
    await store.close();
    await assert.rejects(reading as Promise<unknown>, { code: "CLOSED" });
    await until(() => gone === at + 1, "the connection to be closed");
  }
  server.close();
});

test("a package whose stream or files stall is given up at the signal, with its reason", async () => {
  const reason = new Error("enough");
  const whole = await openPackage(
    await packageOf("p", { "1.json": definition("http://x/A", "a") }),
  );
  const stuck: FhirPackage = {
    ...whole,
    async *resources(type) {
      yield* whole.resources(type);
      await new Promise(() => {});
    },
  };
  const source = stalled(new Uint8Array([0x1f, 0x8b]));
  for (const from of [source.stream, stuck]) {
    await using store = await openStore();
    const stop = new AbortController();
    const saving = savePackage(store, from, { signal: stop.signal });
    saving.catch(() => {});
    for (let turns = 0; turns < 20; turns += 1) await turn();
    stop.abort(reason);
    await assert.rejects(saving, reason);
  }
  assert.ok(source.cancelled);

  const store = await openStore();
  const saving = savePackage(store, stuck);
  saving.catch(() => {});
  await until(() => store.getSync("http://x/A") !== undefined, "the first definition");
  await store.close();
  await assert.rejects(saving, { code: "CLOSED" });
});

test("a stream is its owner's again, however reading it ended", async () => {
  await using store = await openStore({ strategy: "memory" });
  const whole = { import: await archiveOf(...teas), savePackage: await packageOf("p", {}) };
  const streamOf = (bytes: Uint8Array) => new Blob([new Uint8Array(bytes)]).stream();
  for (const name of ["import", "savePackage"] as const) {
    const read = READERS[name] as (typeof READERS)[string];
    const ended = streamOf(whole[name]);
    await read(store, ended);
    const bad = streamOf(new Uint8Array(200));
    await assert.rejects(read(store, bad), { name: "SchemaStoreError" });
    const failing = new ReadableStream<Uint8Array>({ pull: (it) => it.error(new Error("no")) });
    await assert.rejects(read(store, failing), { code: "DISK_ERROR" });
    for (const stream of [ended, bad, failing]) assert.equal(stream.locked, false, name);
  }
});

test("bytes that were transferred to somebody else are refused as such", async () => {
  await using store = await openStore({ strategy: "memory" });
  const transferred = <T extends ArrayBuffer | ArrayBufferView>(bytes: T): T => {
    structuredClone(null, {
      transfer: [ArrayBuffer.isView(bytes) ? bytes.buffer : bytes] as never,
    });
    return bytes;
  };
  const detached = { code: "INVALID_VALUE", message: /the bytes are detached/ };
  const bytes = () => transferred(Uint8Array.of(1, 2, 3));
  const stream = () =>
    new ReadableStream<Uint8Array>({
      pull(controller) {
        const chunk = Uint8Array.of(1, 2, 3);
        controller.enqueue(chunk);
        transferred(chunk);
      },
    });
  for (const read of [
    () => savePackage(store, bytes()),
    () => savePackage(store, transferred(new ArrayBuffer(8))),
    () => savePackage(store, stream()),
    () => openPackage(bytes()),
    () => store.import(bytes()),
    () => store.import(stream()),
    () =>
      store.import(
        (async function* () {
          yield bytes();
        })(),
      ),
  ]) {
    await assert.rejects(read, detached);
  }
});

test("a stream of a package that fails, or gives no bytes, is told and let go", async () => {
  await using store = await openStore({ strategy: "memory" });
  const failing = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.error(new Error("the line broke")),
  });
  await assert.rejects(savePackage(store, failing), { code: "DISK_ERROR", message: /line broke/ });
  let cancelled = false;
  const text = new ReadableStream({
    pull: (controller) => controller.enqueue("{}"),
    cancel: () => {
      cancelled = true;
    },
  });
  await assert.rejects(savePackage(store, text), { code: "DISK_ERROR", message: /Uint8Array/ });
  assert.ok(cancelled);
  const bytes = readFileSync(new URL("../fixtures/us_core_311.tgz", import.meta.url));
  assert.equal((await savePackage(store, new Blob([bytes]).stream())).added.length, 30);
  assert.equal((await savePackage(store, new Blob([bytes]))).unchanged.length, 30);
});
