/** One schema: what it is, its elements as a tree, what it needs and who needs it, its JSON. */

import { addressOf, byId, foreign, make, readableTime, set, visibleJson } from "./dom.js";
import { elementsView } from "./elements.js";
import { heading } from "./heading.js";
import { needsView } from "./needs.js";

const TABS = { elements: "Elements", needs: "Dependencies", json: "JSON" };
const TIERS = { memory: "memory", disk: "the database", network: "the network" };
/** JSON above this many characters is not shown whole: browsers lay such text out slowly. */
const JSON_SHOWN = 2_000_000;

export class SchemaView {
  #session;
  #article = byId("entry");
  #tabs;
  #panel;
  #known;

  constructor(session) {
    this.#session = session;
  }

  /** Shows an entry as the store answers it, and how long the answer took. */
  show({ value, metadata, tier }, milliseconds, catalog, tab) {
    const known = { value, metadata, catalog, link: (one) => linkTo(catalog, one) };
    this.#known = known;
    this.#tabs = tabs(metadata.canonical);
    this.#panel = make("div", { role: "tabpanel", id: "tabpanel", tabindex: 0 });
    const where = `Read from ${TIERS[tier]} in ${readableTime(milliseconds)}`;
    this.#article.replaceChildren(
      make("p", { class: "back" }, make("a", { href: "#" }, "All schemas")),
      ...heading(known),
      make("p", { class: "quiet number", id: "read" }, where),
      this.#tabs,
      this.#panel,
    );
    this.#article.hidden = false;
    this.turn(tab);
  }

  /** Shows another tab of the entry shown. */
  turn(given) {
    const known = this.#known;
    if (known === undefined) return;
    const tab = Object.hasOwn(TABS, given) ? given : "elements";
    for (const one of this.#tabs.children) {
      const selected = one.id === `tab-${tab}`;
      set(one, { "aria-selected": String(selected), tabindex: selected ? 0 : -1 });
    }
    set(this.#panel, { "aria-labelledby": `tab-${tab}` });
    if (tab === "elements") this.#panel.replaceChildren(...elementsView(known));
    if (tab === "needs") this.#panel.replaceChildren(...needsView(known));
    if (tab === "json") this.#showJson(known);
  }

  hide() {
    this.#known = undefined;
    this.#article.hidden = true;
    this.#article.replaceChildren();
  }

  /** Says that there is nothing under an address. */
  showMissing(canonical) {
    this.#known = undefined;
    this.#article.replaceChildren(
      make("p", { class: "back" }, make("a", { href: "#" }, "All schemas")),
      make("h2", { id: "title" }, "Not stored here"),
      make("p", {}, foreign(canonical, { class: "mono" })),
    );
    this.#article.hidden = false;
  }

  async #showJson({ metadata }) {
    const { canonical } = metadata;
    const panel = this.#panel;
    panel.replaceChildren();
    const text = await this.#session.read((store) => store.getText(canonical));
    const left = panel !== this.#panel || panel.getAttribute("aria-labelledby") !== "tab-json";
    if (left || text === undefined) return;
    const pre = make("pre", { tabindex: 0, "aria-label": "JSON", id: "json" });
    const indent = make("input", { type: "checkbox", id: "indent", checked: true });
    const show = () => {
      const shown = indent.checked ? JSON.stringify(JSON.parse(text), undefined, 2) : text;
      pre.textContent = visibleJson(shown.slice(0, JSON_SHOWN).toWellFormed());
    };
    indent.addEventListener("change", show);
    show();
    const copied = make("span", { role: "status", class: "quiet" });
    const copy = async () => {
      await navigator.clipboard.writeText(text);
      copied.textContent = "Copied, byte for byte as stored.";
    };
    panel.replaceChildren(
      make(
        "div",
        { class: "bar" },
        make("label", {}, indent, " Indented"),
        make("button", { type: "button", click: () => copy().catch(() => {}) }, "Copy"),
        copied,
      ),
      pre,
    );
  }
}

function tabs(canonical) {
  const made = Object.entries(TABS).map(([tab, text]) =>
    make(
      "a",
      {
        role: "tab",
        id: `tab-${tab}`,
        href: addressOf(canonical, tab),
        "aria-controls": "tabpanel",
      },
      text,
    ),
  );
  const onKey = (event) => {
    const at = made.indexOf(event.target);
    const to = {
      ArrowRight: at + 1,
      ArrowLeft: at - 1 + made.length,
      Home: 0,
      End: made.length - 1,
    };
    if (event.key === " ") event.target.click();
    if (!Object.hasOwn(to, event.key) && event.key !== " ") return;
    event.preventDefault();
    if (event.key === " ") return;
    const next = made[to[event.key] % made.length];
    next.focus();
    next.click();
  };
  return make(
    "div",
    { role: "tablist", class: "tabs", "aria-label": "Views", keydown: onKey },
    ...made,
  );
}

/** A link to a stored schema; what is not stored is text. */
function linkTo(catalog, { text, target }) {
  const entry = target === undefined ? undefined : catalog.resolve(target);
  if (entry === undefined) return foreign(text, { class: "away", title: "not stored here" });
  const { canonical } = entry.metadata;
  return make("a", { href: addressOf(canonical), title: canonical }, foreign(text));
}
