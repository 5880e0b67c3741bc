/** Every call of a store that takes keys, for tests of what becomes of the strings. */

import type { savePackage } from "../../dist/convert/index.js";
import type { SchemaStore } from "../../dist/index.js";

/** How the keys begin. */
export const MARK = "http://key.example/";
/** Behind it: shorter and longer than what is copied by hand, of one byte and two, in and beyond the plane. */
const TAILS = ["short", "long".repeat(50), "latin\u00e9", "two\u65e5\u672c", "astral\u{1f600}"];

/** What they are used for. */
export type Uses = Readonly<Record<"put" | "putMany" | "update" | "asked" | "listed", string[]>>;

/** Keys of one string each, not of two that are joined. */
export function keysFor(...uses: string[]): Record<string, string[]> {
  const made = uses.map((use) => [use, TAILS.map((tail) => `${MARK}${use}/${tail}|1.0.0`)]);
  return JSON.parse(JSON.stringify(Object.fromEntries(made)));
}

/** What a package and a page need besides. */
export interface Calls {
  /** Opens a store on one place, each time the same. */
  open(): Promise<SchemaStore>;
  readonly savePackage: typeof savePackage;
  /** A package with something in it. */
  readonly archive: Uint8Array;
}

/** Uses the keys in every call; returns the strings that the store gave out instead. */
export async function useKeys(keys: Uses, calls: Calls): Promise<string[]> {
  const { put, putMany, update, asked, listed } = keys;
  const all = [...put, ...putMany, ...update];
  const given: string[] = [];
  const store = await calls.open();
  store.on("change", ({ urls }) => given.push(...urls));
  store.on("evict", ({ canonical }) => given.push(canonical));
  for (const key of put) {
    await store.put({ name: "x" }, documentOf(key));
    await store.put({ name: "y" }, { url: key.slice(0, -6), version: "2", ifHash: null });
  }
  await store.putMany(
    putMany.map((key) => ({ value: documentOf(key) })),
    { durable: true },
  );
  for (const key of update) await store.update(key, () => documentOf(key));
  given.push(...(await calls.savePackage(store, calls.archive)).added);
  await store.flush();
  for (const urlPrefix of listed) await store.list({ urlPrefix });
  for (const { canonical } of await store.list()) given.push(canonical);
  const copy = await new Response(store.export()).arrayBuffer();
  await store.close();

  // Opened again, the host is asked for what is not known yet.
  const again = await calls.open();
  for (const key of [...all, ...asked]) {
    await Promise.all([again.get(key), again.has(key)]);
    again.watch(key, () => {})();
    await Promise.all([again.entry(key), again.metadata(key), again.getText(key)]);
    again.getSync(key);
  }
  await again.getMany([...all, ...asked]);
  await again.import(new Uint8Array(copy));
  await again.warm({ canonicals: all });
  for (const key of all) {
    await again.pin(key);
    await again.unpin(key);
  }
  (await again.lease(all)).release();
  for (const key of all) await again.delete(key);
  await again.close();
  return given;
}

function documentOf(key: string): { url: string; version: string } {
  const [url = "", version = ""] = key.split("|");
  return { url, version };
}
