/**
 * One sample of `cold.mjs`: `cold-sample.mjs <store|lmdb> <first|all|save|write> <folder>` prints
 * milliseconds: from before the library is imported, of `write` from when the empty place is open.
 */

import { schemas } from "./input.mjs";

const subjects = { store, lmdb };
const [subject, task, folder] = process.argv.slice(2);

const entries = await schemas();
const keys = entries.map(({ canonical }) => canonical);
const imported = performance.now();
const { opened, close } = await subjects[subject](folder);
console.log(await tasks(opened)[task]());
await close();

function tasks({ one, many, save }) {
  return {
    first: async () => done([await one(keys[0])]),
    all: async () => done(await many(keys)),
    save: async () => {
      await save(entries);
      return performance.now() - imported;
    },
    write: async () => {
      const begun = performance.now();
      await save(entries);
      return performance.now() - begun;
    },
  };
}

/** The time since the import, once it is clear that nothing is missing. */
function done(values) {
  const time = performance.now() - imported;
  if (values.some((value) => typeof value?.url !== "string")) throw new Error("a value is missing");
  return time;
}

async function store(diskCacheDir) {
  const { openSchemaStore } = await import("../../dist/index.node.js");
  const opened = await openSchemaStore({ diskCacheDir });
  return {
    opened: {
      one: (key) => opened.get(key),
      many: (wanted) => opened.getMany(wanted),
      save: async (items) => {
        await opened.putMany(items.map(({ text }) => ({ text })));
        await opened.flush();
      },
    },
    close: () => opened.close(),
  };
}

async function lmdb(path) {
  const { open } = await import("lmdb");
  const opened = open({ path, encoding: "string" });
  return {
    opened: {
      one: (key) => JSON.parse(opened.get(key)),
      many: (wanted) => wanted.map((key) => JSON.parse(opened.get(key))),
      save: async (items) => {
        for (const { canonical, text } of items) opened.put(canonical, text);
        await opened.flushed;
      },
    },
    close: () => opened.close(),
  };
}
