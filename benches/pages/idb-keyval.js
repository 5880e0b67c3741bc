import { get, getMany, setMany } from "/idb-keyval/index.js";

export function fill(entries) {
  return setMany(entries.map(({ canonical, text }) => [canonical, JSON.parse(text)]));
}

export const first = get;

export const all = getMany;
