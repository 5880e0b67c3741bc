/** What a schema is: its name, where it came from, what it builds on. */

import { foreign, make, readableBytes, textOf } from "./dom.js";

/** The parts above the tabs. */
export function heading({ value, metadata, catalog, link }) {
  const { canonical, name, title, type, kind, status, description } = metadata;
  const abstract = value.abstract === true ? "abstract" : undefined;
  const badges = [type, value.class ?? kind, status, abstract]
    .filter((badge, at, all) => badge !== undefined && all.indexOf(badge) === at)
    .map((badge) => make("span", { class: "badge" }, foreign(textOf(badge))));
  const facts = factsOf(metadata, catalog, link).filter(([, fact]) => fact !== undefined);
  return [
    make("h2", { id: "title" }, foreign(title || name || canonical)),
    make("p", { class: "mono quiet", id: "canonical" }, foreign(canonical)),
    make("p", { class: "badges" }, ...badges),
    description && make("p", { class: "description" }, foreign(description)),
    make(
      "dl",
      {},
      ...facts.flatMap(([term, fact]) => [make("dt", {}, term), make("dd", {}, fact)]),
    ),
  ].filter(Boolean);
}

function factsOf(metadata, catalog, link) {
  const { canonical, url, version, name, title, source, base, derivation } = metadata;
  const { fhirVersion, size, converter, updatedAt, contentHash } = metadata;
  const others = catalog
    .versions(url)
    .map((entry) => entry.metadata.canonical)
    .filter((other) => other !== canonical)
    .map((other) => make("span", { class: "several" }, link({ text: other, target: other })));
  const hash = make("span", { class: "mono", title: contentHash }, contentHash.slice(0, 16), "...");
  return [
    ["Version", foreignOr(version)],
    ["Source", foreign(source ?? "put directly")],
    [
      derivation === "constraint" ? "Constrains" : "Based on",
      base && link({ text: base, target: baseOf(metadata) }),
    ],
    ["FHIR version", foreignOr(fhirVersion)],
    ["Name", title && title !== name ? foreignOr(name) : undefined],
    ["Converted by", foreignOr(converter)],
    ["Stored", `${new Date(updatedAt).toLocaleString()}, ${readableBytes(size)}`],
    ["SHA-256", hash],
    ["Also stored", others.length > 0 ? others : undefined],
  ];
}

function foreignOr(text) {
  return text === undefined ? undefined : foreign(text);
}

/** The base as the dependencies name it: as a canonical. */
function baseOf({ base, dependencies }) {
  return dependencies.find(({ kind }) => kind === "base")?.target ?? base;
}
