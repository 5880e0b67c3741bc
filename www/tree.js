/** A collapsible tree by the ARIA tree pattern: one row has the focus, the arrows move it. */

import { make, set } from "./dom.js";

/** Rows made at once below one parent; a button makes the next ones. */
const PAGE = 300;
/** How many rows "Expand all" opens at most. */
const MOST = 3000;

/**
 * A tree over rows that have `children()` and `hasChildren`. `draw(row)` makes the content of one
 * row; links in it can be reached by Tab while the row has the focus.
 */
export class Tree {
  /** The element to show. */
  element;
  #draw;
  #rows = new WeakMap();

  constructor(label, rows, draw) {
    this.#draw = draw;
    this.element = make("ul", {
      role: "tree",
      class: "tree",
      "aria-label": label,
      keydown: (event) => this.#onKey(event),
      click: (event) => this.#onClick(event),
      focusin: (event) => this.#moveTo(event.target.closest("[role=treeitem]"), false),
    });
    this.#append(this.element, rows, 0, 0);
    this.#moveTo(this.element.querySelector("[role=treeitem]"), false);
  }

  /** Opens every row that has something in it, as far as that is bearable. */
  expandAll() {
    let opened = 0;
    const waiting = [...this.element.children];
    for (let item = waiting.shift(); item !== undefined && opened < MOST; item = waiting.shift()) {
      if (!item.hasAttribute("aria-expanded")) continue;
      this.#expand(item);
      opened += 1;
      waiting.push(...groupOf(item).children);
    }
  }

  /** Closes every row. */
  collapseAll() {
    for (const item of this.element.querySelectorAll("[aria-expanded=true]")) this.#collapse(item);
    this.#moveTo(this.element.firstElementChild, false);
  }

  #append(list, rows, depth, from) {
    const items = rows.slice(from, from + PAGE).map((row) => this.#item(row, depth));
    list.append(...items);
    const left = rows.length - from - PAGE;
    if (left <= 0) return;
    const more = make("button", { type: "button" }, `Show more (${left} left)`);
    const holder = make("li", { role: "none", class: "more" }, more);
    more.addEventListener("click", () => {
      holder.remove();
      this.#append(list, rows, depth, from + PAGE);
    });
    list.append(holder);
  }

  #item(row, depth) {
    const content = make("div", { class: "row" }, ...this.#draw(row));
    content.id = `row-${Tree.#next++}`;
    content.style.setProperty("--depth", String(depth));
    const item = make(
      "li",
      {
        role: "treeitem",
        tabindex: -1,
        "aria-labelledby": content.id,
        "aria-level": depth + 1,
        "aria-expanded": row.hasChildren ? "false" : undefined,
      },
      content,
    );
    this.#rows.set(item, { row, depth });
    for (const link of content.querySelectorAll("a")) link.tabIndex = -1;
    return item;
  }

  static #next = 0;

  #expand(item) {
    set(item, { "aria-expanded": "true" });
    if (groupOf(item) !== null) return;
    const { row, depth } = this.#rows.get(item);
    const group = make("ul", { role: "group" });
    this.#append(group, row.children(), depth + 1, 0);
    item.append(group);
  }

  #collapse(item) {
    set(item, { "aria-expanded": "false" });
    const inside = groupOf(item)?.contains(document.activeElement);
    if (inside) this.#moveTo(item, true);
  }

  #toggle(item) {
    const state = item.getAttribute("aria-expanded");
    if (state === "true") this.#collapse(item);
    if (state === "false") this.#expand(item);
  }

  /** The one row that Tab reaches, and with it its links. */
  #moveTo(item, focus = true) {
    if (!item) return;
    for (const old of this.element.querySelectorAll('[role=treeitem][tabindex="0"]')) {
      if (old !== item) this.#reach(old, -1);
    }
    this.#reach(item, 0);
    if (focus) item.focus();
  }

  #reach(item, tabIndex) {
    item.tabIndex = tabIndex;
    for (const link of item.firstElementChild.querySelectorAll("a")) link.tabIndex = tabIndex;
  }

  /** Rows one can see, in their order. */
  #visible() {
    const all = this.element.querySelectorAll("[role=treeitem]");
    return [...all].filter((item) => !item.parentElement.closest("[aria-expanded=false]"));
  }

  #onClick(event) {
    const row = event.target.closest(".row");
    if (row === null || event.target.closest("a") || !getSelection().isCollapsed) return;
    this.#moveTo(row.parentElement);
    this.#toggle(row.parentElement);
  }

  #onKey(event) {
    const item = event.target;
    const plain = !(event.altKey || event.ctrlKey || event.metaKey);
    if (!plain || item.getAttribute("role") !== "treeitem") return;
    const keys = {
      ArrowDown: () => this.#step(item, 1),
      ArrowUp: () => this.#step(item, -1),
      ArrowRight: () => this.#inward(item),
      ArrowLeft: () => this.#outward(item),
      Home: () => this.#moveTo(this.#visible()[0]),
      End: () => this.#moveTo(this.#visible().at(-1)),
      " ": () => this.#toggle(item),
      Enter: () => this.#enter(item),
      "*": () => this.#expandBeside(item),
    };
    const act = Object.hasOwn(keys, event.key) ? keys[event.key] : this.#finder(item, event.key);
    if (act === undefined) return;
    event.preventDefault();
    act();
  }

  #step(item, by) {
    const rows = this.#visible();
    this.#moveTo(rows[rows.indexOf(item) + by]);
  }

  #inward(item) {
    const state = item.getAttribute("aria-expanded");
    if (state === "false") this.#expand(item);
    else if (state === "true") this.#moveTo(groupOf(item).querySelector("[role=treeitem]"));
  }

  #outward(item) {
    if (item.getAttribute("aria-expanded") === "true") this.#collapse(item);
    else this.#moveTo(item.parentElement.closest("[role=treeitem]"));
  }

  /** What the row is for: the definition of its type; without one it opens and closes. */
  #enter(item) {
    const link = item.firstElementChild.querySelector("a");
    if (link === null) this.#toggle(item);
    else link.click();
  }

  #expandBeside(item) {
    for (const one of item.parentElement.children) {
      if (one.getAttribute("aria-expanded") === "false") this.#expand(one);
    }
  }

  /** The next row whose name begins with what was typed. */
  #finder(item, key) {
    if (key.length !== 1) return undefined;
    const rows = this.#visible();
    const at = rows.indexOf(item);
    const after = [...rows.slice(at + 1), ...rows.slice(0, at)];
    const begins = (one) =>
      this.#rows.get(one).row.name.toLowerCase().startsWith(key.toLowerCase());
    const found = after.find(begins);
    return found && (() => this.#moveTo(found));
  }
}

function groupOf(item) {
  return item.querySelector(":scope > [role=group]");
}
