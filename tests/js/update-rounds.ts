/**
 * An update and another write at one time, over and over: whatever they come to must be what one
 * of them after the other comes to. Imports nothing but types, as it also runs in a page.
 */

import type { SchemaStore } from "../../dist/store.js";

/** What the rounds need of where they run. */
export interface Rounds {
  /** Opens a store on the place under test. */
  open(): Promise<SchemaStore>;
  /** Opens an empty store in memory. */
  model(): Promise<SchemaStore>;
  readonly seed: number;
  readonly rounds: number;
}

/** A write of some row of a URL, durable when it resolves. */
interface Write {
  readonly name: string;
  run(store: SchemaStore, url: string): Promise<unknown>;
}

/** One round: what is there before, and what meets. */
interface Round {
  readonly url: string;
  readonly before: readonly Write[];
  readonly asked: string;
  readonly write: Write;
}

const PUTS: readonly Write[] = [
  put(10),
  put(11, "1.0"),
  put(12, "1.0", "p#1.0.0"),
  put(13, "1.0", "p#2.0.0"),
  put(14, "2.0", "p#1.0.0"),
  put(15, undefined, "q#1.0.0"),
];
const UNCONDITIONAL: readonly Write[] = [...PUTS, remove(""), remove("|1.0")];
const CONDITIONAL: readonly Write[] = [
  { name: "update", run: (store, url) => store.update(url, (now) => added(now, url, 1000)) },
  {
    name: "create",
    run: (store, url) => store.put({ url, n: 16 }, { ifHash: null }).catch(() => {}),
  },
];

/** Runs the rounds on two stores of one place; returns a sentence for each that went wrong. */
export async function updateRounds({ open, model, seed, rounds }: Rounds): Promise<string[]> {
  const pick = chooser(seed);
  const [here, there] = [await open(), await open()];
  const wrong: string[] = [];
  for (let at = 0; at < rounds; at += 1) {
    // Each round lists what is there.
    if (at % 50 === 49) await pick([here, there]).clear();
    const url = `urn:round:${seed}:${at}:`;
    const [by, updater] = [pick([here, there]), pick([here, there])];
    const filledBy = pick([by, updater]);
    const round: Round = {
      url,
      before: pick([[], [1], [1, 2], [1, 2, 3]]).map(() => pick(PUTS)),
      asked: pick([url, url, `${url}|1.0`]),
      // Conditional writes of one URL by one store take turns: within an update they would wait for ever.
      write: pick(by === updater ? UNCONDITIONAL : [...UNCONDITIONAL, ...CONDITIONAL]),
    };
    for (const write of round.before) await write.run(filledBy, url);
    let calls = 0;
    await update(updater, round, async () => {
      calls += 1;
      if (calls > 1) return;
      await by.refresh();
      await round.write.run(by, url);
    });
    const right = [await modelled(model, round, true), await modelled(model, round, false)];
    for (const seen of await seenBy([here, there], open, url)) {
      if (right.includes(seen)) continue;
      const who = by === updater ? "itself" : "the other";
      const what = `${round.before.map(({ name }) => name)}; ${round.write.name} by ${who} while ${round.asked} is updated`;
      wrong.push(`round ${at}: ${what}, ${calls} calls: ${seen}; right: ${right.join(" or ")}`);
    }
  }
  await Promise.all([here.close(), there.close()]);
  return wrong;
}

function put(n: number, version?: string, source?: string): Write {
  return {
    name: `put ${n} ${version} ${source}`,
    run: (store, url) =>
      store.put(
        { url, n, ...(version && { version }) },
        { durable: true, ...(source && { source }) },
      ),
  };
}

function remove(version: string): Write {
  return {
    name: `delete ${version}`,
    async run(store, url) {
      await store.delete(`${url}${version}`);
      await store.flush();
    },
  };
}

function added(now: object | undefined, url: string, by: number): { url: string; n: number } {
  const current = { url, n: 100, ...now };
  return { ...current, n: current.n + by };
}

function update(store: SchemaStore, { asked, url }: Round, wait: () => Promise<void>) {
  return store.update(asked, async (now) => {
    await wait();
    const changed = added(now, url, 1);
    return asked === url || now ? changed : { ...changed, version: "1.0" };
  });
}

/** What a round comes to when nothing happens at one time. */
async function modelled(model: Rounds["model"], round: Round, writeFirst: boolean) {
  const store = await model();
  for (const write of round.before) await write.run(store, round.url);
  if (writeFirst) await round.write.run(store, round.url);
  await update(store, round, async () => {});
  if (!writeFirst) await round.write.run(store, round.url);
  const result = await entries(store, round.url);
  await store.close();
  return result;
}

/** What a new store and those that took part have of a URL. */
async function seenBy(stores: readonly SchemaStore[], open: Rounds["open"], url: string) {
  const fresh = await open();
  const seen = [await entries(fresh, url)];
  await fresh.close();
  for (const store of stores) {
    await store.refresh();
    seen.push(await entries(store, url));
  }
  return seen;
}

async function entries(store: SchemaStore, url: string): Promise<string> {
  const found = await store.list({ urlPrefix: url });
  const rows = found.map((one) => [one.version, one.source, one.contentHash].join(" "));
  return `${rows.sort().join(", ")}; answers ${JSON.stringify(await store.get(url))}`;
}

/** Chooses among items, the same ones for the same seed (mulberry32). */
function chooser(seed: number): <T>(items: readonly T[]) => T {
  let state = seed >>> 0;
  return (items) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return items[((mixed ^ (mixed >>> 14)) >>> 0) % items.length] as (typeof items)[number];
  };
}
