/**
 * Ours and the durable stores it is compared with, behind the few calls the benches make of each:
 * `open(folder)` gives `one` (a parsed value), `many`, `save` (durable when it resolves) and `close`.
 * Each is imported by its own `open`, because importing is part of what is measured.
 */

import { mkdirSync } from "node:fs";
import { open as openFile, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** The subjects of the tables that compare durable stores. */
export const DURABLE = [
  { id: "store", title: "fhir-schema-store", ours: true },
  { id: "lmdb", title: "lmdb" },
  { id: "level", title: "classic-level" },
  { id: "cacache", title: "cacache" },
  { id: "unstorage", title: "unstorage fs" },
  { id: "file", title: "one JSON file" },
];

/** What "durable" means of each; the same after each of them: the bytes are on the device. */
export const DURABLE_NOTE = `Durable: fhir-schema-store after \`flush()\` (fdatasync), lmdb after
\`flushed\`, classic-level with \`sync: true\`; cacache and unstorage do not sync, so here every file
and folder they wrote is synced for them afterwards; the one file is synced, renamed, and its folder
synced.`;

/** By id. */
export const peers = { store, lmdb, level, cacache, unstorage, file };

async function store(diskCacheDir) {
  const { openSchemaStore } = await import("../../dist/index.node.js");
  const opened = await openSchemaStore({ diskCacheDir });
  return {
    one: (key) => opened.get(key),
    many: (keys) => opened.getMany(keys),
    save: async (entries) => {
      await opened.putMany(entries.map(({ text }) => ({ text })));
      await opened.flush();
    },
    close: () => opened.close(),
  };
}

async function lmdb(path) {
  const { open } = await import("lmdb");
  const opened = open({ path, encoding: "string" });
  return {
    one: async (key) => JSON.parse(opened.get(key)),
    many: async (keys) => keys.map((key) => JSON.parse(opened.get(key))),
    save: async (entries) => {
      for (const { canonical, text } of entries) opened.put(canonical, text);
      await opened.flushed;
    },
    close: () => opened.close(),
  };
}

async function level(path) {
  const { ClassicLevel } = await import("classic-level");
  const opened = new ClassicLevel(path);
  await opened.open();
  return {
    one: async (key) => JSON.parse(await opened.get(key)),
    many: async (keys) => (await opened.getMany(keys)).map((text) => JSON.parse(text)),
    save: (entries) =>
      opened.batch(
        entries.map(({ canonical, text }) => ({ type: "put", key: canonical, value: text })),
        { sync: true },
      ),
    close: () => opened.close(),
  };
}

async function cacache(path) {
  const { default: library } = await import("cacache");
  const one = async (key) => {
    const { data } = await library.get(path, key, { memoize: false });
    return JSON.parse(data.toString());
  };
  return {
    one,
    many: (keys) => Promise.all(keys.map(one)),
    save: async (entries) => {
      await Promise.all(entries.map(({ canonical, text }) => library.put(path, canonical, text)));
      await syncTree(path);
    },
    close: async () => {},
  };
}

async function unstorage(base) {
  const [{ createStorage }, { default: fsDriver }] = await Promise.all([
    import("unstorage"),
    import("unstorage/drivers/fs"),
  ]);
  const opened = createStorage({ driver: fsDriver({ base }) });
  return {
    one: (key) => opened.getItem(key),
    many: (keys) => Promise.all(keys.map((key) => opened.getItem(key))),
    save: async (entries) => {
      await Promise.all(entries.map(({ canonical, text }) => opened.setItem(canonical, text)));
      await syncTree(base);
    },
    close: () => opened.dispose(),
  };
}

/** What one would write without a library: an object of all schemas, in one file. */
async function file(folder) {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, "schemas.json");
  let all;
  const load = async () => {
    all ??= JSON.parse(await readFile(path, "utf8"));
    return all;
  };
  return {
    one: async (key) => (await load())[key],
    many: async (keys) => {
      const values = await load();
      return keys.map((key) => values[key]);
    },
    save: async (entries) => {
      const members = entries.map(({ canonical, text }) => `${JSON.stringify(canonical)}:${text}`);
      await writeFile(`${path}.new`, `{${members.join(",")}}`);
      await sync(`${path}.new`);
      await rename(`${path}.new`, path);
      await sync(folder);
    },
    close: async () => {},
  };
}

/** Makes everything below a folder durable: what its writer left out. */
async function syncTree(folder) {
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    await sync(join(entry.parentPath, entry.name));
  }
  await sync(folder);
}

async function sync(path) {
  const handle = await openFile(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
