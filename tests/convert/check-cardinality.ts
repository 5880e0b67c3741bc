/** How often an element may be there: min, max, whether it repeats. */

import type { Looked, Said } from "./checks.js";
import type { Spot } from "./places.js";

/** Of elements; of slices that stand in `slicing`, see check-slices.ts. */
export function* cardinality(looked: Looked): Generator<Said> {
  const { place, element } = looked;
  if (place.isRoot) yield* use(looked);
  if (place.isRoot || isSlice(looked)) return;
  yield* least(looked);
  yield* most(looked);
  yield* repetition(looked);
  if (element.max !== "0" && place.choice === undefined) {
    // Else every other constraint could be said nowhere, and an element without any would go unseen.
    if (place.spots.some(({ node }) => node === undefined)) {
      yield { kind: place.isSlice ? "slice" : "type", isHeld: false, detail: "no such element" };
    }
  }
}

/** Of an extension, its root says how often it may be used. */
function* use({ definition, schema, element: { min = 0, max = "*" } }: Looked): Generator<Said> {
  if (definition.type !== "Extension" || definition.derivation !== "constraint") return;
  const kind = "use of an extension";
  if (min > 0) yield { kind, isHeld: schema.min === min, detail: `${min}` };
  if (max !== "*") yield { kind, isHeld: schema.max === Number(max), detail: max };
}

/** Slices of choices are typed elements, as long as there is one for each type. */
export function isSlice({ place }: Pick<Looked, "place">): boolean {
  if (!place.isSliceOfChoice) return place.isSlice;
  return place.spots.some(({ slice }) => slice !== undefined);
}

function* least({ element, place, finder }: Looked): Generator<Said> {
  const { min = 0 } = element;
  if (min < 1) return;
  const isNumbered = finder.repeats(element) === true;
  const isHeld = ({ owner, name, node }: Spot) =>
    owner.required?.includes(name) === true && (!isNumbered || node?.min === min);
  const kind = place.choice !== undefined ? "min of a choice" : "min";
  yield { kind, isHeld: place.spots.length > 0 && place.spots.every(isHeld), detail: `${min}` };
}

function* most({ element: { max }, place, element, finder, definition }: Looked): Generator<Said> {
  if (max === undefined || max === "*") return;
  if (max === "0") {
    yield { kind: "max 0", isHeld: place.spots.length > 0 && place.spots.every(isExcluded) };
    return;
  }
  if (max !== "1") {
    const isHeld = place.spots.every(({ node }) => node?.max === Number(max));
    yield { kind: "max N", isHeld, detail: max };
    return;
  }
  const isConstraint = definition.derivation === "constraint";
  if (isConstraint && finder.repeats(element) === true) {
    const isHeld = place.spots.every(({ node }) => node?.max === 1);
    yield { kind: "max 1 of a repeating element", isHeld };
  }
}

function isExcluded({ owner, name }: Spot): boolean {
  return owner.excluded?.includes(name) === true;
}

/** Where the definition introduces the element. */
function* repetition({ definition, element: { max }, place, element }: Looked): Generator<Said> {
  const isNew =
    definition.derivation !== "constraint" && (element.base?.path ?? element.path) === element.path;
  if (!isNew || max === undefined || max === "0" || definition.kind === "primitive-type") return;
  const isHeld = place.spots.every(
    ({ node }) => (max === "1" ? node?.scalar : node?.array) === true,
  );
  yield { kind: "repeats or not", isHeld, detail: max };
}
