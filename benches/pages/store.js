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

/** A first visit: opened empty, filled from the archive. */
export async function visit(key) {
  const store = await openSchemaStore({ databaseName: "bench-visit", seed: "/schemas.fss" });
  return store.get(key);
}

export function forget() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.deleteDatabase("bench-visit");
    request.onsuccess = resolve;
    request.onblocked = () => reject(new Error("the database is in use"));
    request.onerror = () => reject(request.error);
  });
}
