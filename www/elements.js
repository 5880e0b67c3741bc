/** The elements of a schema as a tree. */

import { counted, foreign, make } from "./dom.js";
import { constraintNotes, rowsOf } from "./rows.js";
import { Tree } from "./tree.js";

/** The tab of the elements: the constraints on the whole, then the tree. */
export function elementsView({ value, link }) {
  const rows = rowsOf(value);
  const rules = constraintNotes(value);
  const parts = [];
  if (rules.length > 0) {
    const items = rules.map((rule) => make("li", {}, noteOf({ ...rule, alarm: true }, link)));
    parts.push(
      make("h3", {}, "Constraints on the whole"),
      make("ul", { class: "rules" }, ...items),
    );
  }
  if (rows.length === 0) {
    return [...parts, make("p", { class: "quiet" }, "It says nothing about elements.")];
  }
  const tree = new Tree("Elements", rows, (row) => rowContent(row, link));
  const bar = make(
    "div",
    { class: "bar" },
    make("button", { type: "button", id: "expand", click: () => tree.expandAll() }, "Expand all"),
    make(
      "button",
      { type: "button", id: "collapse", click: () => tree.collapseAll() },
      "Collapse all",
    ),
    make("span", { class: "quiet number" }, counted(rows.length, "element")),
  );
  return [...parts, bar, tree.element];
}

function rowContent({ name, role, cardinality, types, flags, notes, hasChildren }, link) {
  const mark =
    role === "extension" || role === "slice" ? make("span", { class: "badge" }, role) : undefined;
  return [
    make(
      "span",
      { class: "element" },
      make("span", { class: hasChildren ? "twist" : "twist none", "aria-hidden": "true" }),
      foreign(name, { class: "mono" }),
      mark,
      ...flags.map((flag) => make("span", { class: "flag" }, flag)),
    ),
    make("span", { class: "cardinality number" }, cardinality),
    make("span", { class: "types" }, ...types.map((type) => typeOf(type, link))),
    notes.length > 0
      ? make("span", { class: "notes" }, ...notes.map((note) => noteOf(note, link)))
      : undefined,
  ].filter(Boolean);
}

function typeOf(type, link) {
  return make(
    "span",
    { class: "type" },
    type.before === undefined ? "" : `${type.before} `,
    link(type),
  );
}

function noteOf({ label, text, link: target, code, alarm }, link) {
  const parts = [
    label && make("b", {}, foreign(label)),
    text && foreign(text),
    target && link(target),
    code && foreign(code, { class: "mono" }),
  ];
  const spaced = parts.filter(Boolean).flatMap((part) => [part, " "]);
  return make("span", { class: alarm ? "note rule" : "note" }, ...spaced);
}
