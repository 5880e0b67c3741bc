/** Every write against every way to meet damage. Runs in Node and, bundled, in a page. */

import type { SchemaStore } from "../../dist/store.js";
import type { JsonObject } from "../../dist/types.js";

/** A place whose bytes can be damaged. */
export interface DamagePlace {
  open(): Promise<SchemaStore>;
  /** Damages the entry with this text while nobody has the place open, or while somebody has. */
  hit(text: string, url: string): Promise<void>;
}

/** Where the tests take their places from. */
export interface DamageKit {
  newPlace(): Promise<DamagePlace>;
  memoryStore(): Promise<SchemaStore>;
  /** Saves US Core 3.1.1. */
  savePackage(store: SchemaStore): Promise<{ readonly converted: number }>;
}

/** Who met the damage before it is healed. */
export const MEETINGS = ["the same store", "an earlier store", "another store", "nobody"] as const;
export type Meeting = (typeof MEETINGS)[number];

const url = "http://example.org/hit";
const value = { url, version: "1.0.0", text: "as it was put" };
/** An entry of US Core. */
const PACKAGED = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient|3.1.1";
const others = [1, 2, 3].map((n) => ({ url: `http://example.org/whole${n}`, n }));
const definition = {
  resourceType: "StructureDefinition",
  url,
  version: "1.0.0",
  name: "Hit",
  description: "as it was put",
  differential: { element: [{ path: "Patient" }] },
};

/** How an entry came to be, and how it is written again. */
interface Writing {
  readonly canonical: string;
  fill(store: SchemaStore, kit: DamageKit): Promise<unknown>;
  heal(store: SchemaStore, kit: DamageKit): Promise<unknown>;
}

const put = { canonical: `${url}|1.0.0`, fill: (store: SchemaStore) => store.put(value) };

/** The writes. */
export const WRITINGS: Readonly<Record<string, Writing>> = {
  "put, durable": { ...put, heal: (store) => store.put(value, { durable: true }) },
  put: { ...put, heal: (store) => store.put(value) },
  putText: { ...put, heal: (store) => store.putText(JSON.stringify(value)) },
  "putMany, durable": { ...put, heal: (store) => store.putMany([{ value }], { durable: true }) },
  "the same text under another name": {
    ...put,
    heal: (store) =>
      store.put(value, { source: "other#1", durable: true }).then(() => store.put(value)),
  },
  "delete and put": {
    ...put,
    heal: async (store) => {
      must(await store.delete(url), "delete tells that it was there");
      await store.put(value, { durable: true });
    },
  },
  "clear and put": {
    ...put,
    heal: async (store) => {
      must((await store.clear()) === 1 + others.length, "clear counts it");
      await store.put(value, { durable: true });
      await store.putMany(others.map((value) => ({ value })));
    },
  },
  "import, keep": { ...put, heal: (store, kit) => imported(store, kit, value, "keep") },
  "import, replace": { ...put, heal: (store, kit) => imported(store, kit, value, "replace") },
  convert: {
    canonical: `${url}|1.0.0`,
    fill: (store) => store.convert(definition),
    heal: async (store) => {
      must((await store.convert(definition)).converted, "it is converted again");
      must(!(await store.convert(definition)).converted, "and left as it is then");
    },
  },
  savePackage: {
    canonical: PACKAGED,
    fill: (store, kit) => kit.savePackage(store),
    heal: async (store, kit) => {
      const { converted } = await kit.savePackage(store);
      must(converted === 1, `${converted} converted again`);
      must((await kit.savePackage(store)).converted === 0, "and left as they are then");
    },
  },
};

/** Damages an entry, writes it again and looks; answers what was wrong. */
export async function healed(kit: DamageKit, name: string, meeting: Meeting): Promise<string[]> {
  const wrong: string[] = [];
  const say = (what: string) => wrong.push(`${name}, met by ${meeting}: ${what}`);
  try {
    await run(kit, WRITINGS[name] as Writing, meeting, say);
  } catch (error) {
    say(`${(error as Error).stack}`);
  }
  return wrong;
}

async function run(
  kit: DamageKit,
  writing: Writing,
  meeting: Meeting,
  say: (what: string) => void,
): Promise<void> {
  const { canonical } = writing;
  const place = await kit.newPlace();
  const filler = await place.open();
  await filler.putMany(others.map((value) => ({ value })));
  await writing.fill(filler, kit);
  const text = (await filler.getText(canonical)) ?? "";
  await filler.close();
  await place.hit(text, canonical.split("|")[0] as string);

  if (meeting === "an earlier store") {
    const earlier = await place.open();
    await isDamaged(earlier, canonical, say);
    await earlier.close();
    const later = await place.open();
    await later.list();
    if (later.health().ok) say("a later store is told that all is well");
    await later.close();
  }
  const store = await place.open();
  if (meeting === "another store") {
    const other = await place.open();
    if ((await codeOf(other.get(canonical))) !== `CORRUPT ${canonical}`) say("the other store");
    await other.close();
  }
  if (meeting === "the same store") await isDamaged(store, canonical, say);
  await writing.heal(store, kit);
  if ((await store.getText(canonical)) !== text) say("it reads otherwise than it was put");
  await isWell(store, say);
  await store.close();

  const again = await place.open();
  if ((await again.getText(canonical)) !== text) say("reopened, it reads otherwise");
  const updated = await again.update<JsonObject>(canonical, (now) => ({ ...now, more: 1 }));
  if (updated === undefined) say("it cannot be updated");
  if ((await again.list()).length < 1 + others.length) say("an entry is gone");
  await isWell(again, say);
  await again.close();
}

/** What every question about a damaged entry comes to. */
async function isDamaged(
  store: SchemaStore,
  canonical: string,
  say: (what: string) => void,
): Promise<void> {
  const all = others.map(({ url }) => url);
  const corrupt = `CORRUPT ${canonical}`;
  const questions: Record<string, () => Promise<unknown>> = {
    get: () => store.get(canonical),
    getText: () => store.getText(canonical),
    entry: () => store.entry(canonical),
    getMany: () => store.getMany([...all, canonical]),
    has: () => store.has(canonical),
    metadata: () => store.metadata(canonical),
    lease: () => store.lease([...all, canonical]),
    pin: () => store.pin(canonical),
    export: () => exported(store),
    update: () => store.update(canonical, (now) => ({ ...(now as object), n: 1 })),
    "update again": () => store.update(canonical, (now) => ({ ...(now as object), n: 1 })),
  };
  for (const [name, ask] of Object.entries(questions)) {
    const code = await codeOf(ask());
    if (code !== corrupt) say(`${name}: ${code}`);
  }
  const [base, version] = canonical.split("|");
  const again = { url: base, ...(version && { version }), other: true };
  const conditional = await codeOf(store.put(again, { ifHash: null }));
  if (!conditional.startsWith("CORRUPT")) say(`put with ifHash null: ${conditional}`);
  const read = await store.getMany(all);
  if (JSON.stringify(read) !== JSON.stringify(others)) say("the others do not read");
  await store.warm({ canonicals: [canonical, ...all] });
  if ((await store.list()).some((one) => one.canonical === canonical)) say("it is listed");
  const { ok, damage } = store.health();
  if (ok || damage.length !== 1 || !damage[0]?.includes(canonical)) say(`health: ${damage}`);
}

async function isWell(store: SchemaStore, say: (what: string) => void): Promise<void> {
  await store.refresh();
  const { ok, damage } = store.health();
  if (!ok || damage.length > 0) say(`health: ${damage}`);
}

async function imported(
  store: SchemaStore,
  kit: DamageKit,
  value: object,
  conflicts: "keep" | "replace",
): Promise<void> {
  const from = await kit.memoryStore();
  await from.put(value);
  const { added, skipped } = await store.import(await exported(from), { conflicts });
  must(added === 1 && skipped === 0, `${added} added, ${skipped} skipped`);
  await from.close();
}

async function exported(store: SchemaStore): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  // A Response would hide the error of the stream.
  const reader = store.export().getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    chunks.push(value);
  }
  const bytes = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    return `resolved to ${JSON.stringify(await promise)}`;
  } catch (error) {
    const { code, key } = error as { code?: string; key?: string };
    return code === undefined ? String(error) : `${code} ${key}`;
  }
}

function must(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}
