/**
 * The published snapshot of a definition says of each element what the definition and all those it is
 * based on say together. So must the schemas: here both are laid side by side.
 */

import { typeName } from "./check-types.js";
import { CODED } from "./check-values.js";
import { canonicalText } from "./exact-json.js";
import type { Library } from "./library.js";
import { Merged } from "./merged.js";
import {
  type Converted,
  type Element,
  type ElementType,
  nameOf,
  typedMember,
  typedName,
} from "./model.js";
import { Finder, idOf } from "./places.js";

export const ASPECTS = [
  "element",
  "min",
  "max",
  "types",
  "profiles",
  "targets",
  "contentReference",
  "binding",
  "fixed",
  "pattern",
  "invariants",
  "slices",
  "flags",
] as const;

export type Aspect = (typeof ASPECTS)[number];

export interface Difference {
  readonly converted: Converted;
  readonly element: Element;
  /** What the definition itself says of the element, if it does. */
  readonly own: Element | undefined;
  readonly aspect: Aspect;
  /** What the snapshot says, as text. */
  readonly snapshot: string;
  /** What the schemas say. */
  readonly merged: string;
  readonly place: Merged;
  /** The element that it is part of. */
  readonly parent: Merged;
}

interface Compared {
  readonly aspect: Aspect;
  readonly snapshot: unknown;
  readonly merged: unknown;
}

/** Every difference between the snapshot of a definition and its chain of schemas. */
export function differences(
  converted: Converted,
  library: Library,
): { compared: number; found: Difference[] } {
  const { definition, schema } = converted;
  const finder = new Finder(definition, schema);
  const places = new Places(Merged.root(library, schema), finder);
  const found: Difference[] = [];
  let compared = 0;
  const elements = definition.snapshot?.element ?? [];
  const sliced = sliceNames(elements);
  for (const element of elements) {
    const id = idOf(element);
    // Of a primitive, the value is the whole.
    if (definition.kind === "primitive-type" && element.path.endsWith(".value")) continue;
    const own = finder.own(id);
    const place = places.at(id);
    for (const { aspect, snapshot, merged } of compare(element, place, sliced.get(id))) {
      compared += 1;
      const texts = { snapshot: canonicalText(snapshot), merged: canonicalText(merged) };
      if (texts.snapshot !== texts.merged)
        found.push({
          converted,
          element,
          own,
          aspect,
          place: place.merged,
          parent: places.above(id),
          ...texts,
        });
    }
  }
  return { compared, found };
}

/** Names of the slices of each element, by its id. */
function sliceNames(elements: readonly Element[]): Map<string, string[]> {
  const names = new Map<string, string[]>();
  for (const element of elements) {
    const id = idOf(element);
    const colon = id.lastIndexOf(":");
    if (colon < id.lastIndexOf(".") || id.slice(0, colon).endsWith("[x]")) continue;
    const sliced = id.slice(0, colon);
    names.set(sliced, [...(names.get(sliced) ?? []), id.slice(colon + 1)]);
  }
  return names;
}

/** An element of the snapshot among the schemas. */
interface Placed {
  readonly merged: Merged;
  /** Of a choice: its typed elements, by type. */
  readonly typed?: ReadonlyMap<string, Merged>;
}

class Places {
  readonly #root: Merged;
  readonly #finder: Finder;
  readonly #known = new Map<string, Placed>();

  constructor(root: Merged, finder: Finder) {
    this.#root = root;
    this.#finder = finder;
  }

  above(id: string): Merged {
    const dot = id.lastIndexOf(".");
    const { typed, merged } = this.at(dot < 0 ? id : id.slice(0, dot));
    return [...(typed?.values() ?? [])][0] ?? merged;
  }

  at(id: string): Placed {
    const known = this.#known.get(id);
    if (known !== undefined) return known;
    const dot = id.lastIndexOf(".");
    const placed =
      dot < 0 ? { merged: this.#root } : this.#step(id.slice(0, dot), id.slice(dot + 1), id);
    this.#known.set(id, placed);
    return placed;
  }

  #step(above: string, segment: string, id: string): Placed {
    const parent = this.at(above);
    const owner = [...(parent.typed?.values() ?? [])][0] ?? parent.merged;
    const [name = "", slice] = segment.split(/:(.*)/s);
    const sliceName = this.#finder.isLabel(id) ? undefined : slice;
    if (name.endsWith("[x]")) return this.#choice(owner, name, sliceName, id);
    const merged = owner.child(name);
    return { merged: sliceName === undefined ? merged : merged.slice(sliceName) };
  }

  #choice(owner: Merged, name: string, sliceName: string | undefined, id: string): Placed {
    const choice = owner.child(name.replace("[x]", ""));
    const all = choice.typed(choice.first("choices") ?? []);
    // Of a choice there is but one, so what must be there leaves no other.
    const sure = [...all].filter(([, one]) => one.min > 0);
    const typed = sure.length > 0 ? new Map(sure) : all;
    if (sliceName === undefined) return { merged: choice, typed };
    const said = this.#finder.inSnapshot(id)?.type?.map(({ code }) => code) ?? [];
    const named = [...typed.keys()].filter((code) => typedName(name, code) === sliceName);
    const codes = said.length === 1 || named.length === 0 ? said : named;
    if (codes.length > 1) return { merged: choice, typed: restricted(typed, codes) };
    const merged = owner.child(typedName(name, codes[0] ?? ""));
    return { merged: merged.sliceNames.has(sliceName) ? merged.slice(sliceName) : merged };
  }
}

function restricted(
  typed: ReadonlyMap<string, Merged>,
  codes: readonly string[],
): Map<string, Merged> {
  return new Map([...typed].filter(([code]) => codes.includes(code)));
}

function* compare(
  element: Element,
  { merged, typed }: Placed,
  slices: readonly string[] = [],
): Generator<Compared> {
  const isRoot = !element.path.includes(".");
  if (!isRoot) {
    yield { aspect: "min", snapshot: element.min, merged: Math.max(merged.min, ...mins(typed)) };
    yield { aspect: "max", snapshot: element.max, merged: merged.max ?? maxOf(typed) };
  }
  // Nothing else can hold or fail where there is nothing.
  if (element.max === "0" && !isRoot) return;
  if (!merged.isThere) {
    yield { aspect: "element", snapshot: "is there", merged: "is not there" };
    return;
  }
  if (!isRoot) yield* compareTypes(element, merged, typed);
  const places = typed === undefined || typed.size === 0 ? [merged] : [...typed.values()];
  yield* compareValues(element, places);
  yield compareInvariants(element, [merged, ...places]);
  yield* compareFlags(element, merged, places);
  yield { aspect: "slices", snapshot: [...slices].sort(), merged: [...merged.sliceNames].sort() };
}

const FLAGS = ["mustSupport", "isModifier", "isSummary"] as const;

function flagsOf(places: readonly Merged[]): string[] {
  return FLAGS.filter((flag) => places.some((place) => place.first(flag) === true));
}

function* compareFlags(
  element: Element,
  merged: Merged,
  places: readonly Merged[],
): Generator<Compared> {
  const snapshot = FLAGS.filter((flag) => element[flag] === true);
  const flags = flagsOf([merged]);
  // Of a choice of one type, a snapshot says of the choice or of its slice what the differential says of the type.
  const isOfType = places.length === 1 && canonicalText(flags) !== canonicalText(snapshot);
  yield { aspect: "flags", snapshot, merged: isOfType ? flagsOf([merged, ...places]) : flags };
}

/** A choice is there if one of its typed elements must be. */
function mins(typed: ReadonlyMap<string, Merged> = new Map()): number[] {
  return [...typed.values()].map(({ min }) => min);
}

/** Its typed elements repeat, or not, as the choice does. */
function maxOf(typed: ReadonlyMap<string, Merged> = new Map()): string | undefined {
  const all = new Set([...typed.values()].map(({ allowed }) => allowed));
  return all.size === 1 ? [...all][0] : undefined;
}

/** A snapshot may repeat the invariants of the element's type, and need not. */
function compareInvariants(element: Element, places: readonly Merged[]): Compared {
  const said = new Set((element.constraint ?? []).map(({ key }) => key));
  const ours = new Set(places.flatMap((place) => [...place.invariants]));
  const ofTypes = new Set(places.flatMap((place) => [...place.invariantsOfTypes]));
  const snapshot = [...said].filter((key) => ours.has(key) || !ofTypes.has(key)).sort();
  const merged = [...ours].filter((key) => said.has(key) || !ofTypes.has(key)).sort();
  return { aspect: "invariants", snapshot, merged };
}

function* compareTypes(
  element: Element,
  merged: Merged,
  typed?: ReadonlyMap<string, Merged>,
): Generator<Compared> {
  const said = element.type ?? [];
  const { contentReference } = element;
  yield {
    aspect: "contentReference",
    snapshot: contentReference?.replace(/^.*#/, ""),
    merged: pathOf(merged.first("elementReference")),
  };
  if (contentReference !== undefined) return;
  if (typed !== undefined) {
    yield {
      aspect: "types",
      snapshot: sorted(said.map(({ code }) => code)),
      merged: sorted([...typed.keys()]),
    };
    for (const type of said) yield* compareReferences(type.code, [type], typed.get(type.code));
    return;
  }
  const type = merged.first("type");
  const types = merged.first("types") ?? (type === undefined ? [] : [type]);
  yield { aspect: "types", snapshot: sorted(said.map(typeName)), merged: sorted(types) };
  yield* compareReferences("", said, merged);
}

function* compareReferences(
  code: string,
  said: readonly ElementType[],
  place: Merged | undefined,
): Generator<Compared> {
  const profiles = said.flatMap(({ profile }) => profile ?? []);
  const targets = said.flatMap(({ targetProfile }) => targetProfile ?? []);
  const member = code === "" ? "" : `${code} `;
  yield {
    aspect: "profiles",
    snapshot: member + sorted(profiles),
    merged: member + sorted(place?.first("profiles")),
  };
  yield {
    aspect: "targets",
    snapshot: member + sorted(targets),
    merged: member + sorted(place?.first("refers")),
  };
}

function pathOf(reference: readonly string[] | undefined): string | undefined {
  if (reference === undefined) return undefined;
  const [url = "", ...steps] = reference;
  return [url.slice(url.lastIndexOf("/") + 1), ...steps.filter((step) => step !== "elements")].join(
    ".",
  );
}

function* compareValues(element: Element, places: readonly Merged[]): Generator<Compared> {
  for (const kind of ["fixed", "pattern"] as const) {
    const said = typedMember(element, kind)?.value;
    for (const place of places)
      yield { aspect: kind, snapshot: said, merged: place.first(kind)?.value };
  }
  const { strength, valueSet } = element.binding ?? {};
  const coded = places.filter((place) => CODED.has(place.first("type") ?? ""));
  for (const place of coded.length > 0 ? coded : places.slice(0, 1)) {
    const { strength: theirs, valueSet: other } = place.first("binding") ?? {};
    yield {
      aspect: "binding",
      snapshot: { strength, valueSet },
      merged: { strength: theirs, valueSet: other },
    };
  }
}

function sorted(names: readonly string[] = []): string {
  return [...new Set(names)].sort().join(" ");
}

/** One line, for a person. */
export function tell({
  converted: { definition },
  element,
  aspect,
  snapshot,
  merged,
}: Difference): string {
  const name = definition.url.slice(definition.url.lastIndexOf("/") + 1);
  return `${name} ${nameOf(element)}: ${aspect}: snapshot ${snapshot}, schemas ${merged}`;
}
