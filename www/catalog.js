/** What is known of the stored schemas, ready to be searched and followed. */

const CORE = "http://hl7.org/fhir/StructureDefinition/";

/** The kinds the list can be narrowed to, with the word for one of them. */
export const KINDS = {
  resource: "Resources",
  profile: "Profiles",
  extension: "Extensions",
  type: "Data types",
  logical: "Logical models",
  other: "Others",
};

export class Catalog {
  /** One per stored row, by name. */
  entries = [];
  /** By canonical and by URL: the one that is meant. */
  #byRequest = new Map();
  #byUrl = new Map();
  #needed;

  /** `list` as the store answers it; `meant` tells which row a request for several of them means. */
  constructor(list = [], meant = new Map()) {
    for (const metadata of list) {
      const { canonical, url, name = "", title = "", type = "", source = "" } = metadata;
      const shown = name || title || lastPart(url);
      const text = `${shown} ${title} ${canonical} ${type} ${source}`.toLowerCase();
      const sorted = shown.toLowerCase();
      const key = JSON.stringify([canonical, source, metadata.contentHash, shown]);
      const entry = { key, metadata, shown, sorted, text, kind: kindOf(metadata) };
      this.entries.push(entry);
      for (const request of [canonical, url]) {
        const chosen = meant.get(request);
        if (chosen === undefined || isSameRow(chosen, metadata))
          this.#byRequest.set(request, entry);
      }
      push(this.#byUrl, url, entry);
    }
    this.entries.sort(byName);
  }

  /** Whether another catalog says the same. */
  equals({ entries }) {
    return (
      entries.length === this.entries.length &&
      entries.every((entry, at) => entry.key === this.entries[at].key)
    );
  }

  /** The sources the entries come from, each with how many and how large. */
  packages() {
    const packages = new Map();
    for (const { metadata } of this.entries) {
      const source = metadata.source ?? "";
      const one = packages.get(source) ?? { source, count: 0, bytes: 0 };
      one.count += 1;
      one.bytes += metadata.size;
      packages.set(source, one);
    }
    return [...packages.values()].sort((a, b) => (a.source < b.source ? -1 : 1));
  }

  /** The entries all words of a filter are found in; those named by it come first. */
  find(filter, kind = "", source = undefined) {
    const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
    const found = this.entries.filter(
      (entry) =>
        (kind === "" || entry.kind === kind) &&
        (source === undefined || (entry.metadata.source ?? "") === source) &&
        words.every((word) => entry.text.includes(word)),
    );
    const [first] = words;
    if (first === undefined) return found;
    return [0, 1, 2].flatMap((rank) =>
      found.filter(({ sorted }) => rankOf(sorted, first) === rank),
    );
  }

  /** The entry a canonical means here, the newest where it has no version; undefined for none. */
  resolve(target) {
    const [whole] = target.split("#");
    return this.#byRequest.get(whole);
  }

  /** The entries of other versions of a URL. */
  versions(url) {
    return this.#byUrl.get(url) ?? [];
  }

  /** The entries that need this one, each with why. */
  neededBy(entry) {
    this.#needed ??= this.#turnRound();
    return this.#needed.get(entry) ?? [];
  }

  #turnRound() {
    const needed = new Map();
    for (const entry of this.entries) {
      const seen = new Set();
      for (const { kind, target } of entry.metadata.dependencies) {
        const meant = this.resolve(target);
        if (meant === undefined || meant === entry || seen.has(meant)) continue;
        seen.add(meant);
        push(needed, meant, { kind, entry });
      }
    }
    return needed;
  }
}

/**
 * The catalog of a store, but for the entries of the URLs in `hidden`, which are no schemas. Which of several
 * versions and sources is meant, the store decides.
 */
export async function catalogOf(store, hidden = []) {
  const list = (await store.list()).filter(({ url }) => !hidden.includes(url));
  const once = new Set();
  const several = new Set();
  for (const { canonical, url } of list) {
    for (const request of new Set([canonical, url])) {
      if (once.has(request)) several.add(request);
      once.add(request);
    }
  }
  const meant = new Map();
  for (const request of several) {
    const metadata = await store.metadata(request);
    if (metadata !== undefined) meant.set(request, metadata);
  }
  return new Catalog(list, meant);
}

function isSameRow(one, other) {
  return one.canonical === other.canonical && one.source === other.source;
}

/** The canonical of an element type: bare names are types of the core. */
export function typeCanonical(type) {
  return type.includes(":") ? type : CORE + type;
}

/** The end of a URL, which is what people call the thing. */
export function lastPart(url) {
  return url.slice(url.lastIndexOf("/") + 1) || url;
}

function kindOf({ kind, type, derivation }) {
  if (type === "Extension" && derivation === "constraint") return "extension";
  if (derivation === "constraint") return "profile";
  if (kind === "resource" || kind === "logical") return kind;
  return kind === "complex-type" || kind === "primitive-type" ? "type" : "other";
}

function rankOf(name, word) {
  if (name === word) return 0;
  return name.startsWith(word) ? 1 : 2;
}

function byName(a, b) {
  if (a.sorted !== b.sorted) return a.sorted < b.sorted ? -1 : 1;
  return a.metadata.canonical < b.metadata.canonical ? -1 : 1;
}

function push(map, key, value) {
  const values = map.get(key);
  if (values === undefined) map.set(key, [value]);
  else values.push(value);
}
