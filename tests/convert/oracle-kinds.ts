/**
 * Why a snapshot and the chain of schemas may differ. Every difference has to be of one of these kinds;
 * the kinds are tried in their order.
 */

import { canonicalText } from "./exact-json.js";
import type { Library } from "./library.js";
import { type Definition, type Element, elementsOf, typedMember } from "./model.js";
import type { Aspect, Difference } from "./oracle.js";
import { idOf, withoutSlices } from "./places.js";

export interface Kind {
  readonly name: string;
  /** Why the schemas are right all the same. */
  readonly why: string;
  is(difference: Difference, library: Library): boolean;
}

export const KINDS: readonly Kind[] = [
  {
    name: "base missing",
    why: "The definition, or a profile or type on the way to the element, is based on one of another package.",
    is: ({ converted, parent, place }, library) =>
      !library.isComplete(converted.schema) || parent.isOpen || place.isOpen,
  },
  {
    name: "id",
    why: "Snapshots say `id` or `string` of the id of elements, as the tool that made them does; Element and Resource say one.",
    is: ({ element, aspect }) => aspect === "types" && element.path.endsWith(".id"),
  },
  {
    name: "slices add up",
    why: "A slice that must be there makes its element required; the publisher leaves the min of the element as it was.",
    is: ({ aspect, place, element }) =>
      aspect === "min" &&
      element.min === 0 &&
      place.said.some((node) =>
        Object.values(node.slicing?.slices ?? {}).some(({ min = 0 }) => min > 0),
      ),
  },
  {
    name: "differential wins",
    why: "The differential, or that of a base, says it so, of the element or of all slices; the snapshot does not say it.",
    is: (difference, library) => {
      const definitions = library.definitionsOf(difference.converted);
      return definitions.some(({ definition }) =>
        saysSo(elementsAt(definition, difference.element), difference),
      );
    },
  },
  {
    name: "base holds",
    why: "The profile that a base demands of a type holds, even if a snapshot no longer says so.",
    is: ({ aspect, snapshot, merged, own }) =>
      aspect === "profiles" && own !== undefined && merged.startsWith(snapshot.slice(0, -1)),
  },
  {
    name: "flags of all slices",
    why: "What must be supported of an element must be of its slices; snapshots say of slices what differentials do.",
    is: ({ aspect, element, snapshot, merged }) =>
      aspect === "flags" &&
      idOf(element).includes(":") &&
      (JSON.parse(snapshot) as string[]).every((flag) => merged.includes(flag)),
  },
  {
    name: "forbidden all the same",
    why: "The definition forbids an element and slices it: what is forbidden stays so.",
    is: ({ aspect, merged, converted: { definition }, element }) =>
      aspect === "max" &&
      merged === '"0"' &&
      elementsOf(definition).some(
        (said) => said.max === "0" && idOf(said) === sliced(idOf(element)),
      ),
  },
  {
    name: "R4 over R4B",
    why: "A profile of R4 was taken over the types and resources of R4B, and does not say it itself.",
    is: ({ converted, own, aspect }, library) => {
      const versions = library
        .definitionsOf(converted)
        .map(({ definition }) => definition.fhirVersion ?? "");
      const isMixed =
        versions[0]?.startsWith("4.0") && versions.some((one) => one.startsWith("4.3"));
      return isMixed === true && !isSaid(own, aspect);
    },
  },
  {
    name: "publisher's slip",
    why: "One element of one definition, as SLIPS explains.",
    is: ({ converted: { definition }, element }) =>
      SLIPS.some(
        ({ url, path }) => [url, CORE + url].includes(definition.url) && path.test(element.path),
      ),
  },
];

const CORE = "http://hl7.org/fhir/StructureDefinition/";

/** Where a snapshot cannot be had from what it is the snapshot of. */
const SLIPS: readonly { url: string; path: RegExp; why: string }[] = [
  { url: "Base", path: /^Base$/, why: "R5: the snapshot has ele-1, which is Element's." },
  {
    url: "MetadataResource",
    path: /./,
    why: "R5: the base is DomainResource, but the snapshot was made over CanonicalResource.",
  },
  {
    url: "http://hl7.org/fhir/us/core/StructureDefinition/us-core-provenance",
    path: /^Provenance.entity.agent$/,
    why: "The snapshot names a slice, of which the base knows nothing.",
  },
];

/** Members of an element that say something of an aspect. */
const SAID: Readonly<Record<Aspect, string>> = {
  element: "id",
  min: "min",
  max: "max",
  types: "type",
  profiles: "type",
  targets: "type",
  contentReference: "contentReference",
  binding: "binding",
  fixed: "fixed",
  pattern: "pattern",
  invariants: "constraint",
  slices: "slicing",
  flags: "mustSupport",
};

function isSaid(own: Element | undefined, aspect: Aspect): boolean {
  return Object.keys(own ?? {}).some((member) => member.startsWith(SAID[aspect]));
}

function sliced(id: string): string {
  return id.slice(0, Math.max(0, id.lastIndexOf(":")));
}

/** The elements of a definition that speak of this one, or of it in all slices, or of its types. */
function elementsAt(definition: Definition, element: Element): Element[] {
  if (!element.path.includes(".")) return elementsOf(definition).slice(0, 1);
  const ids = [idOf(element), withoutSlices(idOf(element))];
  const isTyped = (id: string, choice: string) =>
    choice.endsWith("[x]") &&
    id.startsWith(choice.slice(0, -3)) &&
    /^[A-Z]\w*$/.test(id.slice(choice.length - 3));
  return elementsOf(definition).filter((said) => {
    const id = idOf(said);
    return ids.some((one) => one === id || isTyped(id, one) || isTyped(id, withoutSlices(one)));
  });
}

/** Whether differentials say what the schemas do. */
function saysSo(all: readonly Element[], { aspect, snapshot, merged }: Difference): boolean {
  if (aspect !== "invariants") return all.some((said) => says(said, aspect, merged));
  const known = new Set(all.flatMap(({ constraint = [] }) => constraint.map(({ key }) => key)));
  const [before, after] = [snapshot, merged].map((text) => JSON.parse(text) as string[]);
  const more = after?.filter((key) => !before?.includes(key)) ?? [];
  return (
    more.length > 0 &&
    more.every((key) => known.has(key)) &&
    before?.every((key) => after?.includes(key)) === true
  );
}

function says(said: Element, aspect: Aspect, merged: string): boolean {
  switch (aspect) {
    case "min":
    case "max":
      return said[aspect] !== undefined && canonicalText(said[aspect]) === merged;
    case "binding": {
      const { strength, valueSet } = said.binding ?? {};
      return said.binding !== undefined && canonicalText({ strength, valueSet }) === merged;
    }
    case "fixed":
    case "pattern": {
      const constant = typedMember(said, aspect);
      return constant !== undefined && canonicalText(constant.value) === merged;
    }
    case "targets": {
      const targets = (said.type ?? []).flatMap(({ targetProfile = [] }) => targetProfile);
      return targets.length > 0 && merged.endsWith(`${[...new Set(targets)].sort().join(" ")}"`);
    }
    default:
      return false;
  }
}
