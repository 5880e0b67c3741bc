export async function fill(entries) {
  const database = await opened();
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

function opened() {
  const request = indexedDB.open("bench-native", 1);
  request.onupgradeneeded = () => request.result.createObjectStore("texts");
  return settled(request);
}

function settled(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
