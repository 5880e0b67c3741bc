import { clear, createStore, get, getMany, setMany } from "/idb-keyval/index.js";

export function fill(entries) {
  return setMany(entries.map(({ canonical, text }) => [canonical, JSON.parse(text)]));
}

export const first = get;

export const all = getMany;

/** A first visit: filled from the JSON file. */
export async function visit(key) {
  const values = await (await fetch("/schemas-by-canonical.json")).json();
  await setMany(Object.entries(values), visited());
  return get(key, visited());
}

export function forget() {
  return clear(visited());
}

function visited() {
  return createStore("bench-keyval-visit", "values");
}
