/** The list of schemas with its filter. */

import { KINDS, lastPart } from "./catalog.js";
import { addressOf, byId, counted, foreign, make, set } from "./dom.js";

/** How many rows are made at a time: filtering stays instant however many are stored. */
const PAGE = 60;
const EVERY_PACKAGE = "*";

export class List {
  #catalog;
  #found = [];
  #made = 0;
  #chosen = "";
  #rows = new Map();
  #entries = byId("entries");
  #filter = byId("filter");
  #kind = byId("kind");
  #package = byId("package");
  #count = byId("count");

  constructor() {
    this.#filter.addEventListener("input", () => this.#show());
    this.#kind.addEventListener("change", () => this.#show());
    this.#package.addEventListener("change", () => this.#show());
    this.#filter.addEventListener("keydown", (event) => this.#onFilterKey(event));
    this.#entries.addEventListener("keydown", (event) => this.#onListKey(event));
    this.#entries.addEventListener("scroll", () => this.#fill(), { passive: true });
    const kinds = Object.entries(KINDS).map(([kind, text]) => option(kind, text));
    this.#kind.append(option("", "All kinds"), ...kinds);
  }

  /** Shows another catalog; filter, choice, place and focus stay. */
  show(catalog) {
    this.#catalog = catalog;
    const keys = new Set(catalog.entries.map(({ key }) => key));
    for (const key of this.#rows.keys()) if (!keys.has(key)) this.#rows.delete(key);
    const picked = this.#package.value;
    const options = catalog.packages().map(({ source }) => option(source, source || "No package"));
    this.#package.replaceChildren(option(EVERY_PACKAGE, "All packages"), ...options);
    const still = options.some(({ value }) => value === picked);
    this.#package.value = still ? picked : EVERY_PACKAGE;
    const { scrollTop } = this.#entries;
    const focused = this.#entries.contains(document.activeElement) && document.activeElement;
    const made = this.#made;
    this.#show();
    while (this.#made < Math.min(made, this.#found.length)) this.#more();
    this.#entries.scrollTop = scrollTop;
    if (focused) this.#moveTo(focused.isConnected ? focused : this.#links()[0], true);
  }

  /** Narrows the list to one package. */
  pick(source) {
    this.#package.value = source;
    this.#show();
    this.#filter.focus();
  }

  /** Marks the row of the chosen entry. */
  mark(canonical) {
    this.#chosen = canonical;
    for (const row of this.#rows.values()) this.#markRow(row);
  }

  #show() {
    const { value } = this.#package;
    const source = value === EVERY_PACKAGE ? undefined : value;
    this.#found = this.#catalog.find(this.#filter.value, this.#kind.value, source);
    const total = this.#catalog.entries.length;
    const some = this.#found.length < total ? `${this.#found.length} of ` : "";
    this.#count.textContent = total === 0 ? "" : some + counted(total);
    this.#made = 0;
    this.#entries.replaceChildren();
    this.#entries.scrollTop = 0;
    this.#fill();
    this.#moveTo(this.#entries.querySelector("[aria-current]") ?? this.#links()[0]);
  }

  /** Makes rows until the visible part is full. */
  #fill() {
    const list = this.#entries;
    if (this.#made > 0 && list.scrollTop + 2 * list.clientHeight < list.scrollHeight) return;
    this.#more();
  }

  #more() {
    const rows = this.#found.slice(this.#made, this.#made + PAGE);
    this.#entries.append(...rows.map((entry, at) => this.#row(entry, this.#made + at)));
    this.#made += rows.length;
  }

  #row(entry, at) {
    const row = this.#rows.get(entry.key) ?? rowOf(entry);
    this.#rows.set(entry.key, row);
    set(row, { "aria-setsize": this.#found.length, "aria-posinset": at + 1 });
    this.#markRow(row);
    return row;
  }

  #markRow({ firstElementChild: link }) {
    set(link, { "aria-current": link.dataset.canonical === this.#chosen && "true" });
  }

  #links() {
    return [...this.#entries.querySelectorAll("a")];
  }

  /** Exactly one row is reached by Tab; the arrows move among them. */
  #moveTo(link, focus = false) {
    if (link === undefined) return;
    for (const other of this.#entries.querySelectorAll('a[tabindex="0"]')) other.tabIndex = -1;
    link.tabIndex = 0;
    if (focus) link.focus();
  }

  #onFilterKey(event) {
    if (event.key !== "ArrowDown") return;
    event.preventDefault();
    this.#moveTo(this.#links()[0], true);
  }

  #onListKey(event) {
    const links = this.#links();
    const at = links.indexOf(document.activeElement);
    if (event.key === "ArrowUp" && at === 0) {
      event.preventDefault();
      return this.#filter.focus();
    }
    const steps = { ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + 10, PageUp: at - 10 };
    let next = { ...steps, Home: 0, End: this.#found.length - 1 }[event.key];
    if (next === undefined || at < 0) return;
    event.preventDefault();
    next = Math.max(0, Math.min(next, this.#found.length - 1));
    while (next >= this.#made) this.#more();
    this.#moveTo(this.#links()[next], true);
  }
}

function rowOf(entry) {
  const { metadata, shown, kind } = entry;
  const { canonical, url, version, source } = metadata;
  const name = lastPart(url);
  const link = make(
    "a",
    {
      href: addressOf(canonical),
      title: [canonical, source].filter(Boolean).join("\n"),
      tabindex: -1,
      data: { canonical },
    },
    make("span", { class: "name" }, foreign(shown)),
    make("span", { class: "badge" }, kind),
    make("span", { class: "facts" }, foreign(version === undefined ? name : `${name}|${version}`)),
  );
  return make("li", {}, link);
}

function option(value, text) {
  const made = make("option", { value });
  made.append(foreign(text).textContent);
  return made;
}
