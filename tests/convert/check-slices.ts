/** Slicing: how slices are told apart, how often each may be there, and which data belongs to it. */

import { isSlice } from "./check-cardinality.js";
import type { Looked, Said } from "./checks.js";
import { same } from "./exact-json.js";
import { matchOf, urlOf } from "./matches.js";
import { typedName } from "./model.js";
import { idOf, type Spot } from "./places.js";

export function* slices(looked: Looked): Generator<Said> {
  if (looked.element.slicing !== undefined) yield* slicing(looked);
  if (looked.place.isSlice) yield* slice(looked);
}

function* slicing(looked: Looked): Generator<Said> {
  const { element, place } = looked;
  const { discriminator = [], rules, ordered } = element.slicing ?? {};
  if (place.choice !== undefined && !place.isSlice) {
    yield* slicedChoice(looked);
    return;
  }
  const detail = discriminator.map(({ type, path }) => `${type}:${path}`).join();
  const isHeld = place.spots.every((spot) => {
    // The slices of a slice stand beside it.
    const said = spot.owner.elements?.[spot.name]?.slicing ?? spot.node?.slicing;
    if (spot.sliceName !== undefined) return (spot.node?.slicing ?? said) !== undefined;
    const areTold = discriminator.length === 0 || same(said?.discriminator, discriminator);
    return areTold && said?.rules === rules && (said?.ordered ?? false) === (ordered ?? false);
  });
  yield { kind: "slicing", isHeld, detail: `${detail} ${rules ?? ""}`.trim() };
}

/** Slices of a choice by type are its typed elements; others are forbidden if the slicing is closed. */
function* slicedChoice({ element, place, finder }: Looked): Generator<Said> {
  const { rules, discriminator = [] } = element.slicing ?? {};
  const isByType = discriminator.every(({ type, path }) => type === "type" && path === "$this");
  if (isByType && rules !== "closed") return;
  const { node, name } = place.choice ?? { name: "" };
  const own = (place.codes ?? []).map((code) => typedName(name, code));
  const sliced = own.filter((typed) => finder.own(`${idOf(element)}:${typed}`) !== undefined);
  const allowed = node?.choices ?? own;
  const isHeld = isByType
    ? sliced.length === 0 || allowed.every((typed) => sliced.includes(typed))
    : node?.slicing !== undefined;
  yield {
    kind: "slicing",
    isHeld: isHeld || node?.slicing?.rules === rules,
    detail: `${rules} choice`,
  };
}

function* slice(looked: Looked): Generator<Said> {
  const { element, place } = looked;
  if (!isSlice(looked)) return;
  const isThere = place.spots.every(({ slice: one }) => one !== undefined);
  yield { kind: "slice", isHeld: isThere };
  yield* numbers(looked);
  yield* members(looked);
  if (element.max !== "0") yield* matching(looked);
  if (isExtension(looked)) yield* extension(looked);
}

function* numbers({ element: { min = 0, max }, place }: Looked): Generator<Said> {
  if (min > 0) {
    const isHeld = place.spots.every((spot) => spot.slice?.min === min && isRequired(spot));
    yield { kind: "slice min", isHeld, detail: `${min}` };
  }
  if (max !== undefined && max !== "*") {
    const isHeld = place.spots.every(({ slice: one }) => one?.max === Number(max));
    yield { kind: "slice max", isHeld, detail: max };
  }
}

/** A slice that must be there makes its element required, unless the definition forbids it all the same. */
function isRequired({ owner, name }: Spot): boolean {
  return owner.required?.includes(name) === true || owner.excluded?.includes(name) === true;
}

function* members({ element, place, finder }: Looked): Generator<Said> {
  const name = sliceNameOf(idOf(element));
  const parent = name.includes("/") ? name.slice(0, name.lastIndexOf("/")) : undefined;
  if (parent !== undefined) {
    yield {
      kind: "reslice",
      isHeld: place.spots.every(({ slice: one }) => one?.reslice === parent),
      detail: name,
    };
  }
  const sliced = finder.said(idOf(element).slice(0, -name.length - 1));
  if (sliced?.slicing?.ordered === true) {
    const before = finder.slicesBefore(idOf(element)).map((id) => sliceNameOf(id));
    yield { kind: "slice order", isHeld: place.spots.every((spot) => isAfter(spot, before)) };
  }
  if (element.sliceIsConstraining === true) {
    const isHeld = place.spots.every(({ slice: one }) => one?.sliceIsConstraining === true);
    yield { kind: "slice", isHeld, detail: "is constraining" };
  }
}

function isAfter({ owner, name, slice: one }: Spot, before: readonly string[]): boolean {
  const { slices: all = {} } = owner.elements?.[name]?.slicing ?? {};
  const orders = before.map((other) => all[other]?.order);
  return (
    typeof one?.order === "number" && orders.every((order) => Number(order) < Number(one.order))
  );
}

function* matching(looked: Looked): Generator<Said> {
  const { place, element, finder } = looked;
  const expected = matchOf(finder, element, sliceNameOf(idOf(element)));
  for (const { detail, isIn } of expected) {
    yield {
      kind: "slice match",
      isHeld: place.spots.every(({ slice: one }) => isIn(one?.match)),
      detail,
    };
  }
}

function isExtension({ element: { path } }: Looked): boolean {
  return path.endsWith(".extension");
}

/** A slice of `extension` also stands in `extensions`, with its URL. */
function* extension({ element, place, finder }: Looked): Generator<Said> {
  const id = idOf(element);
  const name = sliceNameOf(id);
  const url = urlOf(finder, id);
  if (url === undefined) return;
  const isHeld = place.spots.every(({ owner }) => owner.extensions?.[name]?.url === url);
  yield { kind: "extension url", isHeld, detail: `${url}` };
  for (const [member, value] of Object.entries({
    min: element.min || undefined,
    max: numberOf(element.max),
  })) {
    if (value === undefined) continue;
    const said = place.spots.every(({ owner }) => owner.extensions?.[name]?.[member] === value);
    yield {
      kind: member === "min" ? "slice min" : "slice max",
      isHeld: said,
      detail: "in extensions",
    };
  }
}

function numberOf(max: string | undefined): number | undefined {
  return max === undefined || max === "*" ? undefined : Number(max);
}

function sliceNameOf(id: string): string {
  return id.slice(id.lastIndexOf(":") + 1);
}
