/** What is looked up of an element: one function for each group of constraints. */

import { cardinality } from "./check-cardinality.js";
import { slices } from "./check-slices.js";
import { types } from "./check-types.js";
import { values } from "./check-values.js";
import type { Kind } from "./kinds.js";
import type { Definition, Element, Node } from "./model.js";
import type { Finder, Place } from "./places.js";

/** An element and the place of the schema where its constraints should be. */
export interface Looked {
  readonly definition: Definition;
  readonly schema: Node;
  readonly element: Element;
  readonly place: Place;
  readonly finder: Finder;
}

/** One constraint of the element. */
export interface Said {
  readonly kind: Kind;
  readonly isHeld: boolean;
  readonly detail?: string;
}

export type Check = (looked: Looked) => Iterable<Said>;

export const CHECKS: readonly Check[] = [cardinality, types, values, slices];
