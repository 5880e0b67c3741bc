/** Fetching it once puts it into the HTTP cache. */
export async function fill() {
  await load();
}

export async function first(key) {
  return (await load())[key];
}

export async function all(keys) {
  const values = await load();
  return keys.map((key) => values[key]);
}

/** The first visit is like any other. */
export const visit = first;

export async function forget() {}

async function load() {
  return (await fetch("/schemas-by-canonical.json")).json();
}
