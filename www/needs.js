/** The dependencies of a schema, in both directions. */

import { counted, make } from "./dom.js";

const WHY = {
  base: "Base",
  type: "Types",
  reference: "References",
  extension: "Extensions",
  binding: "Value sets",
  slice: "Slices",
  profile: "Profiles",
  other: "Other",
};
/** Entries shown below one heading; core types are needed by hundreds. */
const MOST = 400;

/** What a schema needs, by kind, and which stored schemas need it. */
export function needsView({ metadata, catalog, link }) {
  const entry = catalog.resolve(metadata.canonical);
  const needs = metadata.dependencies.map(({ kind, target }) => ({
    kind,
    shown: link({ text: target, target }),
    stored: catalog.resolve(target) !== undefined,
  }));
  const stored = needs.filter((one) => one.stored).length;
  const users = (entry === undefined ? [] : catalog.neededBy(entry)).map(
    ({ kind, entry: user }) => ({
      kind,
      shown: link({ text: user.metadata.canonical, target: user.metadata.canonical }),
    }),
  );
  return [
    make(
      "h3",
      { id: "needs" },
      `Needs ${counted(needs.length, "definition")}, ${stored} of them stored here`,
    ),
    ...byKind(needs, "needs"),
    make("h3", { id: "needed" }, `Needed by ${counted(users.length)} stored here`),
    ...byKind(users, "needed"),
  ];
}

function byKind(found, labelled) {
  if (found.length === 0) return [make("p", { class: "quiet" }, "None.")];
  return Object.entries(WHY).flatMap(([kind, title]) => {
    const some = found.filter((one) => one.kind === kind);
    if (some.length === 0) return [];
    const items = some.slice(0, MOST).map(({ shown }) => make("li", {}, shown));
    if (some.length > MOST)
      items.push(make("li", { class: "quiet" }, `and ${some.length - MOST} more`));
    const id = `${labelled}-${kind}`;
    return [
      make("h4", { id }, title, " ", make("span", { class: "quiet number" }, String(some.length))),
      make("ul", { class: "targets", "aria-labelledby": id }, ...items),
    ];
  });
}
