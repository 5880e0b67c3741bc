import { openSchemaStore } from "/dist/index.js";

export async function fill(entries) {
  const store = await openSchemaStore({ databaseName: "bench" });
  await store.putMany(
    entries.map(({ text }) => ({ text })),
    { durable: true },
  );
  await store.close();
}

export async function first(key) {
  const store = await openSchemaStore({ databaseName: "bench" });
  return store.get(key);
}

export async function all(keys) {
  const store = await openSchemaStore({ databaseName: "bench" });
  return store.getMany(keys);
}
