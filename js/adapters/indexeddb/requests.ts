/** Requests as promises. Awaiting one keeps its transaction alive; awaiting anything else ends it. */

/** What the request yields. */
export function result<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** One request per item, all at once; what they yield, in the order of the items. */
export function results<I, T>(items: readonly I[], ask: (item: I) => IDBRequest<T>): Promise<T[]> {
  return Promise.all(items.map((item) => result(ask(item))));
}

/**
 * The same text as a string of its own, for a key: Chromium moves a string that it is given out of V8's heap,
 * which makes it slow to find in every Map of the page.
 */
export function ownText(text: string): string {
  return ` ${text}`.slice(1);
}
