/** Rows of a layer above the base, as a later version writes them. Runs in Node and in a page. */

import type { HostAdapter, HostPut } from "../../dist/host.js";
import type { SchemaStore } from "../../dist/store.js";

/** A place, and the two ways into it. */
export interface LayeredPlace {
  open(): Promise<SchemaStore>;
  /** An open adapter of its own. */
  adapter(): Promise<HostAdapter>;
  memoryStore(): Promise<SchemaStore>;
}

const base = [
  { url: "http://example.org/both", version: "1.0.0", layer: "base" },
  { url: "http://example.org/low", version: "1.0.0", layer: "base" },
];
const only = "http://example.org/only";
/** Put under a source of its own, and moved up then. */
const above = [base[0]?.url, only].map((url) => ({ url, version: "1.0.0", layer: "above" }));

/** Answers what was wrong. */
export async function checkLayers(place: LayeredPlace): Promise<string[]> {
  const wrong: string[] = [];
  const same = (what: string, actual: unknown, expected: unknown) => {
    const [one, other] = [JSON.stringify(actual), JSON.stringify(expected)];
    if (one !== other) wrong.push(`${what}: ${one}, not ${other}`);
  };
  const first = await place.open();
  await first.putMany(base.map((value) => ({ value })));
  await first.putMany(above.map((value) => ({ value, source: "later#1" })));
  await first.close();
  const later = await place.adapter();
  const rows = await raise(later);
  await later.close();

  for (const session of ["first", "second"]) {
    const store = await place.open();
    const canonicals = base.map(({ url, version }) => `${url}|${version}`);
    const ask = async (when: string) => {
      same(`${when}, get`, await store.get("http://example.org/both"), base[0]);
      same(`${when}, get of one only there`, await store.get(only), undefined);
      same(`${when}, getMany`, await store.getMany([only, canonicals[0] as string]), [
        null,
        base[0],
      ]);
      same(`${when}, entry`, await store.entry(only), undefined);
      same(`${when}, metadata`, await store.metadata(`${only}|1.0.0`), undefined);
      same(`${when}, has`, await store.has(only), false);
      const listed = await store.list();
      same(
        `${when}, list`,
        listed.map(({ canonical }) => canonical),
        canonicals,
      );
      same(`${when}, size`, await store.size(), 2);
      const { entries, totalBytes } = await store.stats();
      const bytes = base.reduce((sum, value) => sum + JSON.stringify(value).length, 0);
      same(`${when}, stats`, [entries, totalBytes], [2, bytes]);
      same(`${when}, delete`, await store.delete(only), false);
    };
    await ask(`${session} session`);
    await store.refresh();
    await ask(`${session} session, refreshed`);
    const into = await place.memoryStore();
    const archive = await new Response(store.export()).arrayBuffer();
    same("import of the export", (await into.import(new Uint8Array(archive))).added, 2);
    await into.close();
    await store.update(only, (now) => ({ url: only, version: "1.0.0", now: now === undefined }));
    same("update", await store.get(only), { url: only, version: "1.0.0", now: true });
    same("delete of what was put", await store.delete(only), true);
    same("versions", (await store.list({ urlPrefix: only })).length, 0);
    await store.close();
  }

  const last = await place.open();
  same("clear", await last.clear(), 2);
  same("size, cleared", await last.size(), 0);
  await last.put({ url: "http://example.org/new" });
  await last.close();

  const adapter = await place.adapter();
  const kept = await adapter.rows(rows.map(({ key }) => key));
  same(
    "hashes",
    kept.map((row) => row?.hash.join()),
    rows.map(({ hash }) => hash.join()),
  );
  same(
    "metadata",
    kept.map((row) => row?.meta.join()),
    rows.map(({ meta }) => meta.join()),
  );
  const bodies = await adapter.bodies(rows.map(({ hash }) => hash));
  same(
    "bodies",
    bodies.map((body) => body?.join()),
    rows.map(({ body }) => body.join()),
  );
  const index = await adapter.index();
  const holds = rows.map(({ key }) =>
    index ? ` ${index.join(" ")} `.includes(` ${key.join(" ")} `) : "no index",
  );
  same(
    "the index that was saved",
    holds,
    rows.map(() => true),
  );

  const open = await place.open();
  await open.list();
  await adapter.commit({ put: [], delete: rows.map(({ key }) => key) }, { durability: "strict" });
  await open.refresh();
  await open.close();
  const without = (await adapter.index())?.join(" ") ?? "";
  same(
    "the index once they are deleted",
    rows.map(({ key }) => without.includes(key.join(" "))),
    rows.map(() => false),
  );
  await adapter.close();
  return wrong;
}

/** Moves the rows of `above` to layer 1. */
async function raise(adapter: HostAdapter): Promise<HostPut[]> {
  const { rows } = await adapter.allRows();
  const bodies = await adapter.bodies(rows.map(({ hash }) => hash));
  const all = rows.map((row, at) => ({ ...row, body: bodies[at] as Uint8Array }));
  const text = ({ body }: { body: Uint8Array }) => new TextDecoder().decode(body);
  const raised = all
    .filter((row) => text(row).includes("above"))
    .map((row) => ({ ...row, key: Uint8Array.from(row.key, (byte, at) => (at === 0 ? 1 : byte)) }));
  const stay = all.filter((row) => !text(row).includes("above")).map(({ key }) => key.join());
  const gone = all.map(({ key }) => key).filter((key) => !stay.includes(key.join()));
  await adapter.commit({ put: raised, delete: gone }, { durability: "strict" });
  return raised;
}
