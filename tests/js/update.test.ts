/** Updates are exact: for rows of every source, one store or several, known to the store or not. */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fsAdapter } from "../../dist/adapters/fs.js";
import type { SchemaStore } from "../../dist/store.js";
import { MemoryPlace, memoryAdapter, openStore } from "./kit.js";
import { updateRounds } from "./update-rounds.js";

/** `FSS_UPDATE_ROUNDS=1000` tries for longer than `npm test` does. */
const ROUNDS = Number(process.env.FSS_UPDATE_ROUNDS ?? 80);

const parent = mkdtempSync(join(tmpdir(), "fss-update-"));
after(() => rmSync(parent, { recursive: true, force: true }));

type Open = () => Promise<SchemaStore>;

/** Places by name; each makes what opens stores on one new place. */
const places: Record<string, () => Open> = {
  "memory-disk over memory": () => overMemory("memory-disk"),
  "disk over memory": () => overMemory("disk"),
  "memory-disk over fs": () => overFs("memory-disk"),
  "disk over fs": () => overFs("disk"),
};

function overMemory(strategy: "memory-disk" | "disk"): Open {
  const place = new MemoryPlace();
  return () => openStore({ strategy, adapter: memoryAdapter(place) });
}

function overFs(strategy: "memory-disk" | "disk"): Open {
  const directory = mkdtempSync(join(parent, "place-"));
  return () => openStore({ strategy, adapter: fsAdapter(directory) });
}

const model: Open = () => openStore({ strategy: "memory" });

/** One store under many names: in memory there is no place that two could share. */
async function alone(): Promise<Open> {
  const store = await model();
  const shared = new Proxy(store, {
    get(target, name) {
      if (name === "close") return async () => {};
      const member = target[name as keyof SchemaStore];
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
  return async () => shared;
}

for (const [name, newPlace] of Object.entries({ memory: alone, ...places })) {
  test(`${name}: an update and any other write come to what one after the other does`, async () => {
    const open = await newPlace();
    assert.deepEqual(await updateRounds({ open, model, seed: 1, rounds: ROUNDS }), []);
  });
}

for (const [name, newPlace] of Object.entries(places)) {
  test(`${name}: an entry of a package is not overwritten by an update of what it was`, async () => {
    const open = newPlace();
    const [here, there] = [await open(), await open()];
    const source = "p#1.0.0";
    for (const [round, writer] of [here, there, here, there].entries()) {
      const url = `http://example.org/${round}`;
      await here.put({ url, n: 1 }, { source, durable: true });
      if (writer === there) await there.refresh();
      let calls = 0;
      await here.update<{ n: number }>(url, async (current) => {
        calls += 1;
        if (calls === 1) await writer.put({ url, n: 10 }, { source, durable: true });
        return { url, n: (current?.n ?? 0) + 1 };
      });
      assert.deepEqual([await here.get(url), calls], [{ url, n: 11 }, 2]);
    }
    await Promise.all([here.close(), there.close()]);
  });

  test(`${name}: an update sees what another store wrote and this one never asked for`, async () => {
    const open = newPlace();
    const [here, there] = [await open(), await open()];
    await there.size();
    for (const [at, source] of ["p#1.0.0", undefined].entries()) {
      const url = `http://example.org/${at}`;
      await here.put({ url, n: 1 }, { durable: true, ...(source && { source }) });
      const seen: unknown[] = [];
      await there.update<{ n: number }>(url, (current) => {
        seen.push(current?.n);
        return { url, n: (current?.n ?? 0) + 1 };
      });
      assert.deepEqual([seen, await there.get(url)], [[1], { url, n: 2 }]);
    }
    await Promise.all([here.close(), there.close()]);
  });

  test(`${name}: of two that create an entry for different sources one is refused`, async () => {
    const open = newPlace();
    const stores = [await open(), await open()];
    const url = "http://example.org/new";
    const puts = stores.map((store, at) =>
      store.put({ url, at }, { ifHash: null, source: `p${at}#1.0.0` }),
    );
    const outcomes = await Promise.allSettled(puts);
    const refused = outcomes.filter((one) => one.status === "rejected");
    assert.deepEqual(
      refused.map((one) => one.reason.code),
      ["CONCURRENCY"],
    );
    for (const store of stores) await store.close();
  });

  test(`${name}: random writers in several stores lose no increment`, async () => {
    const open = newPlace();
    const stores = [await open(), await open(), await open()];
    const url = "http://example.org/count";
    await stores[0]?.put({ url, n: 0 }, { source: "p#1.0.0", durable: true });
    const each = Math.ceil(ROUNDS / 4);
    await Promise.all(
      stores.flatMap((store) =>
        [1, 2].map(async () => {
          for (let n = 0; n < each; n += 1) {
            await store.update<{ n: number }>(url, (now) => ({ url, n: (now?.n ?? 0) + 1 }));
          }
        }),
      ),
    );
    const last = await open();
    assert.deepEqual(await last.get(url), { url, n: 6 * each });
    for (const store of [...stores, last]) await store.close();
  });
}
