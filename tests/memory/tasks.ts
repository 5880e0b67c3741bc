/** What the tests of memory measure in processes of their own: `tasks.ts <task> <argument>...`. */

import { fsAdapter } from "../../dist/adapters/fs.js";
import { openSchemaStore } from "../../dist/index.node.js";
import type { StoreEvents, StoreOptions, Strategy } from "../../dist/types.js";

const [task = "", ...args] = process.argv.slice(2);
const tasks: Record<string, (one: string, other: string) => Promise<unknown>> = {
  estimate,
  "hot-map": hotMap,
  heap,
  process: processLimit,
  wasm,
  "too-large": tooLarge,
  "full-report": fullReport,
  "left-open": leftOpen,
};
const [one = "", other = ""] = args;
console.log(JSON.stringify(await tasks[task]?.(one, other)));

/** Bytes of heap in use. */
function heapUsed(): number {
  for (let times = 0; times < 3; times += 1) (globalThis as { gc?: () => void }).gc?.();
  return process.memoryUsage().heapUsed;
}

/** The heap that the values of a store take, beside what the store says they do. */
async function estimate(directory: string): Promise<unknown> {
  const options = { diskCacheDir: directory, memoryLimitMb: 4000, maxEntries: 10_000 };
  const store = await openSchemaStore(options);
  for (const { canonical } of await store.list()) await store.get(canonical);
  const { memory } = await store.stats();
  const full = heapUsed();
  const trimmed = store.trim();
  const heap = full - heapUsed();
  await store.close();
  return { heap, trimmed, ...memory };
}

/** The heap that the way to 20,000 tiny values takes. */
async function hotMap(spellings: string): Promise<unknown> {
  const count = 20_000;
  const store = await openSchemaStore({ strategy: "memory", maxEntries: count });
  const url = (n: number) => `http://example.org/fhir/StructureDefinition/some-${n}`;
  for (let n = 0; n < count; n += 1) await store.putText(`{"url":"${url(n)}","version":"1"}`);
  for (let n = 0; n < count; n += 1) store.getSync(`${url(n)}|1 `);
  const before = heapUsed();
  const bytesBefore = (await store.stats()).memory.hotMapBytes;
  for (let n = 0; n < count; n += 1) {
    store.getSync(url(n));
    if (spellings === "two") store.getSync(`${url(n)}|1`);
  }
  const heap = heapUsed() - before;
  const { memory } = await store.stats();
  await store.close();
  return { heap, hotMapBytes: memory.hotMapBytes - bytesBefore, hotEntries: memory.hotEntries };
}

/** Reads every value of a store in a heap that cannot hold them. */
async function heap(directory: string, autoCleanup: string): Promise<unknown> {
  return readAll(directory, { autoCleanup: autoCleanup === "true", memoryLimitMb: 4000 });
}

/** The same in a process that a container allows `bytes`. */
async function processLimit(directory: string, bytes: string): Promise<unknown> {
  process.constrainedMemory = () => Number(bytes);
  return readAll(directory, { memoryLimitMb: 4000 });
}

async function readAll(directory: string, options: StoreOptions): Promise<unknown> {
  const store = await openSchemaStore({ diskCacheDir: directory, maxEntries: 10_000, ...options });
  const events = listen(store);
  const rows = await store.list();
  let wrong = 0;
  for (let round = 0; round < 3; round += 1) {
    for (const { canonical, url } of rows) {
      const value = await store.get<{ url: string }>(canonical);
      wrong += value?.url === url ? 0 : 1;
    }
  }
  const { evictions, memory } = await store.stats();
  const rss = process.memoryUsage.rss();
  await store.close();
  return { ...events, entries: rows.length, wrong, evictions, memory, rss };
}

/** Puts more than Wasm memory may hold, and reads it again. */
async function wasm(strategy: string, directory: string): Promise<unknown> {
  const store = await openSchemaStore({
    strategy: strategy as Strategy,
    ...(strategy === "memory" ? {} : { adapter: fsAdapter(directory) }),
    memoryLimitMb: 256,
  });
  const events = listen(store);
  const errors: string[] = [];
  const failed = ({ code }: { code: string }) => {
    errors.push(code);
  };
  let wrong = 0;
  let lost = 0;
  const read = async (n: number) => {
    const text = await store.getText(`u${n}`).catch(failed);
    if (text === undefined) lost += 1;
    else if (JSON.parse(text).n !== n) wrong += 1;
  };
  for (let n = 0; n < 200; n += 1) {
    const filler = "x".repeat(n % 40 === 7 ? 900_000 : 50_000);
    await store.put({ url: `u${n}`, n, filler }).catch(failed);
    if (n % 10 === 9) await store.flush();
    for (const m of [n, n - 5, n >> 1]) await read(m);
  }
  const { memory, evictions, restarts, entries } = await store.stats();
  await store.close();
  return { ...events, errors, wrong, lost, memory, evictions, restarts, entries };
}

/** Puts a body into a memory that cannot take it. */
async function tooLarge(): Promise<unknown> {
  const store = await openSchemaStore({ strategy: "memory" });
  const events = listen(store);
  for (let n = 0; n < 10; n += 1) await store.put({ url: `u${n}`, filler: "x".repeat(20_000) });
  const text = `{"url":"big","f":"${"x".repeat(3_000_000)}"}`;
  const error = await store.putText(text).then(
    () => undefined,
    ({ code, message }) => ({ code, message }),
  );
  let kept = 0;
  for (let n = 0; n < 10; n += 1) kept += (await store.get(`u${n}`)) === undefined ? 0 : 1;
  const { restarts } = await store.stats();
  await store.close();
  return { ...events, error, kept, restarts };
}

/** Hits more entries than a memory that is full can be told of. */
async function fullReport(): Promise<unknown> {
  const options = { maxEntries: 20_000, autoCleanup: false };
  const store = await openSchemaStore({ strategy: "memory", ...options });
  const events = listen(store);
  const urls = Array.from({ length: 7000 }, (_, n) => `u${n}`);
  for (const url of urls) await store.put({ url });
  await store.getMany(urls);
  const filler = "x".repeat(12_000);
  let error: { code: string } | undefined;
  for (let n = 0; error === undefined; n += 1) {
    await store.put({ url: `filler${n}`, filler }).catch((cause) => {
      error = cause;
    });
  }
  const hitsNow = async () => (await store.stats()).tiers.memory.hits;
  const before = await hitsNow();
  const hitAll = (some: readonly string[]) =>
    some.filter((url) => store.getSync<{ url: string }>(url)?.url === url).length;
  events.pressure.length = 0;
  const many = hitAll(urls);
  const afterMany = await hitsNow();
  const pressure = [...events.pressure];
  // A report that is small needs no more room than there always is.
  const few = hitAll(urls.slice(0, 1000));
  const afterFew = await hitsNow();
  const { restarts, entries } = await store.stats();
  const { length: emitted } = events.pressure;
  await store.close();
  const hits = [afterMany - before, afterFew - afterMany];
  return { code: error?.code, many, few, hits, pressure, emitted, restarts, entries };
}

/** Ends without closing. */
async function leftOpen(): Promise<unknown> {
  await openSchemaStore({ strategy: "memory" });
  return {};
}

function listen(store: Awaited<ReturnType<typeof openSchemaStore>>) {
  const pressure: StoreEvents["pressure"][] = [];
  const causes: Record<string, number> = {};
  store.on("pressure", (event) => pressure.push(event));
  store.on("evict", ({ cause }) => {
    causes[cause] = (causes[cause] ?? 0) + 1;
  });
  return { pressure, causes };
}
