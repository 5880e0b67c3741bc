/** A seed while another store is open on the same place: what that one does stays. */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fsAdapter } from "../../dist/adapters/fs.js";
import type { HostAdapter } from "../../dist/host.js";
import { openSchemaStore } from "../../dist/index.node.js";
import type { SchemaStore } from "../../dist/store.js";
import type { StoreOptions } from "../../dist/types.js";
import { archiveOf, teas } from "./archives.js";
import { MemoryPlace, memoryAdapter, random, turn, until } from "./kit.js";

const archive = await archiveOf(...teas);
const scratch = mkdtempSync(join(tmpdir(), "fss-seed-races-"));
after(() => rmSync(scratch, { recursive: true, force: true }));

/** A server that has the seed, and sends it when `during` is done. */
async function slowly(during: () => Promise<void>, use: (seed: string) => Promise<void>) {
  const server = createServer(async (_, response) => {
    response.write(archive.subarray(0, 50));
    await during();
    response.end(archive.subarray(50));
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  try {
    await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}/teas.fss`);
  } finally {
    await new Promise((closed) => server.close(closed));
  }
}

const places: Record<string, () => () => StoreOptions> = {
  fs: () => {
    const diskCacheDir = mkdtempSync(join(scratch, "place-"));
    return () => ({ diskCacheDir });
  },
  memory: () => {
    const place = new MemoryPlace();
    return () => ({ adapter: memoryAdapter(place) });
  },
};

/** Rows that the seed has as well. */
const ROWS: readonly { url: string; version: string; source?: string }[] = [
  { url: "http://x/assam", version: "1.0.0" },
  { url: "http://x/assam", version: "2.0.0" },
  { url: "http://x/ceylon", version: "1.0.0", source: "tea#1.0.0" },
];
const HELD = new Set(["index", "allRows", "byUrl", "rows", "changes", "bodies", "commit"]);

const urlsOf = async (store: SchemaStore) => (await store.list()).map(({ url }) => url);

for (const [name, placeOf] of Object.entries(places)) {
  test(`${name}: what is written while the seed is on its way decides whether it is needed`, async () => {
    const mine = { url: "http://x/mine" };
    type Case = [happens: (other: SchemaStore) => Promise<unknown>, urls: string[]];
    const cases: Record<string, Case> = {
      "another entry": [(other) => other.put(mine, { durable: true }), [mine.url]],
      "the same entries, some of them deleted": [
        async (other) => {
          await other.import(archive);
          await other.delete("http://x/assam");
          await other.flush();
        },
        ["http://x/ceylon", "urn:uuid:1"],
      ],
      "nothing that stays": [
        async (other) => {
          await other.put(mine, { durable: true });
          await other.clear();
        },
        [...Array(3).fill("http://x/assam"), "http://x/ceylon", "urn:uuid:1"],
      ],
    };
    for (const [what, [happens, urls]] of Object.entries(cases)) {
      const options = placeOf();
      await using other = await openSchemaStore(options());
      const during = async () => void (await happens(other));
      await slowly(during, async (seed) => {
        await using store = await openSchemaStore({ ...options(), seed });
        assert.deepEqual(await urlsOf(store), urls, what);
        await other.refresh();
        assert.deepEqual(await urlsOf(other), urls, what);
      });
    }
  });

  test(`${name}: no put is replaced by the seed, however the two meet`, async () => {
    const outcomes = new Set<string>();
    for (let seed = 1; seed <= (name === "fs" ? 25 : 100); seed += 1) {
      const next = random(seed);
      const pause = async () => {
        for (let turns = next(12); turns > 0; turns -= 1) await turn();
      };
      const options = placeOf();
      const other = await openSchemaStore(options());
      // The first put comes at a certain call of the adapter, from the first to beyond the last.
      let left = next(20);
      const step = async () => {
        left -= 1;
        await pause();
      };
      let isOpen = false;
      const opening = openSchemaStore({ adapter: held(options(), step), seed: archive });
      opening.finally(() => {
        isOpen = true;
      });
      await until(() => left <= 0 || isOpen, "the call");
      const last = new Map<string, number>();
      for (let n = 100; n < 104; n += 1) {
        await pause();
        const { source, ...value } = ROWS[next(ROWS.length)] as (typeof ROWS)[number];
        const put = { ...(source !== undefined && { source }), durable: next(2) === 0 };
        last.set(`${value.url}|${value.version}`, n);
        await other.put({ ...value, n }, put);
      }
      const store = await opening;
      await other.close();
      await store.refresh();
      await using later = await openSchemaStore(options());
      for (const one of [store, later]) {
        outcomes.add((await one.size()) > last.size ? "seeded" : "not seeded");
        for (const [canonical, n] of last) {
          const value = await one.get(canonical);
          assert.equal(value?.["n"], n, `${canonical}, number ${seed}`);
        }
      }
      await store.close();
    }
    assert.equal(outcomes.size, 2, "sometimes the seed comes first, sometimes a put");
  });
}

/** The adapter of a place, each of whose calls is held up for a while. */
function held({ adapter, diskCacheDir }: StoreOptions, pause: () => Promise<void>): HostAdapter {
  const inner = adapter ?? fsAdapter(`${diskCacheDir}`);
  return new Proxy(inner, {
    get(target, member) {
      const value = Reflect.get(target, member);
      if (typeof value !== "function") return value;
      const bound = value.bind(target);
      if (!HELD.has(String(member))) return bound;
      return async (...args: unknown[]) => {
        await pause();
        const answer = await bound(...args);
        await pause();
        return answer;
      };
    },
  });
}
