export async function fill(entries, name) {
  const database = await opened(name);
  const transaction = database.transaction("texts", "readwrite", { durability: "strict" });
  for (const { canonical, text } of entries) transaction.objectStore("texts").put(text, canonical);
  await new Promise((resolve, reject) => {
    transaction.oncomplete = resolve;
    transaction.onabort = () => reject(transaction.error);
  });
  database.close();
}

export async function first(key) {
  const texts = (await opened()).transaction("texts").objectStore("texts");
  return JSON.parse(await settled(texts.get(key)));
}

export async function all(keys) {
  const texts = (await opened()).transaction("texts").objectStore("texts");
  const found = await Promise.all(keys.map((key) => settled(texts.get(key))));
  return found.map((text) => JSON.parse(text));
}

/** A first visit: filled from the JSON file, text by text. */
export async function visit(key) {
  const values = await (await fetch("/schemas-by-canonical.json")).json();
  const entries = Object.entries(values).map(([canonical, value]) => ({
    canonical,
    text: JSON.stringify(value),
  }));
  await fill(entries, "visit");
  return values[key];
}

export function forget() {
  return settled(indexedDB.deleteDatabase("bench-native-visit"));
}

function opened(name = "filled") {
  const request = indexedDB.open(`bench-native-${name}`, 1);
  request.onupgradeneeded = () => request.result.createObjectStore("texts");
  return settled(request);
}

function settled(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onblocked = () => reject(new Error("the database is in use"));
    request.onerror = () => reject(request.error);
  });
}
