/** Where a schema should say what a definition says of an element. */

import {
  type Definition,
  type Element,
  elementsOf,
  type Node,
  nameOf,
  type Slice,
  typedMember,
  typedName,
} from "./model.js";

/** One place in a schema that must hold what is said of an element. */
export interface Spot {
  /** Has `required`, `excluded` and `extensions`. */
  readonly owner: Node;
  /** Of the element in its owner: `value` for `value[x]`. */
  readonly name: string;
  /** Nothing if the schema has no such element. */
  readonly node: Node | undefined;
  /** If it is a slice. */
  readonly slice?: Slice;
  readonly sliceName?: string;
  /** Type of a typed element of a choice. */
  readonly code?: string;
}

export interface Place {
  /** All of them must say it. */
  readonly spots: readonly Spot[];
  readonly isRoot: boolean;
  /** `value` of `value[x]`, if it is one. */
  readonly choice?: {
    readonly node: Node | undefined;
    readonly owner: Node;
    readonly name: string;
  };
  readonly isSlice: boolean;
  readonly isSliceOfChoice: boolean;
  /** Types of a choice, as far as the definition says them. */
  readonly codes?: readonly string[];
}

/** A definition's own elements, by id. */
export class Finder {
  readonly #schema: Node;
  readonly #own = new Map<string, Element>();
  readonly #snapshot = new Map<string, Element>();
  readonly #places = new Map<string, Place>();
  readonly #isPrimitive: boolean;
  /** Those that are converted. */
  readonly elements: readonly Element[];

  constructor(definition: Definition, schema: Node) {
    this.#schema = schema;
    this.#isPrimitive = definition.kind === "primitive-type";
    for (const element of definition.snapshot?.element ?? []) {
      this.#snapshot.set(idOf(element), element);
    }
    this.elements = elementsOf(definition).map((element) => this.#asChoice(element));
    for (const element of this.elements) this.#own.set(idOf(element), element);
  }

  /** Some definitions leave out the `[x]` of a choice. */
  #asChoice(element: Element): Element {
    const id = idOf(element);
    if (this.#snapshot.has(id) || !this.#snapshot.has(`${id}[x]`)) return element;
    return { ...element, id: `${id}[x]`, path: `${element.path}[x]` };
  }

  /** What the definition itself says there; else what its snapshot does. */
  said(id: string): Element | undefined {
    return this.#own.get(id) ?? this.#snapshot.get(id);
  }

  /** A member of the element; the snapshot has those that the definition itself does not say. */
  member<Name extends keyof Element>(id: string, name: Name): Element[Name] | undefined {
    return this.#own.get(id)?.[name] ?? this.#snapshot.get(id)?.[name];
  }

  /** Fixed value, else pattern, of the element. */
  constant(id: string): unknown {
    for (const element of [this.#own.get(id), this.#snapshot.get(id)]) {
      const said = element && (typedMember(element, "fixed") ?? typedMember(element, "pattern"));
      if (said) return said.value;
    }
    return undefined;
  }

  /** Ids of the slices of an element, the snapshot's included. */
  slicesOf(id: string): string[] {
    const ids = new Set([...this.#own.keys(), ...this.#snapshot.keys()]);
    const isSlice = (other: string) =>
      other.startsWith(`${id}:`) && !other.slice(id.length + 1).includes(".");
    return [...ids].filter(isSlice);
  }

  /** Whether a slice name is a label: the snapshot has it in place of the element, and nothing is sliced. */
  isLabel(id: string): boolean {
    const plain = id.slice(0, id.lastIndexOf(":"));
    const isExtension = /[.](modifierE|e)xtension$/.test(plain);
    if (isExtension || !this.#snapshot.has(id) || this.#snapshot.has(plain)) return false;
    return [this.#own.get(plain), this.inSnapshot(plain)].every(
      (one) => one?.slicing === undefined,
    );
  }

  /** The choice that an element is a type of, as the snapshot has it: `value[x]` of `valueQuantity`. */
  choiceOf(id: string): Element | undefined {
    const dot = id.lastIndexOf(".");
    const name = id.slice(dot + 1);
    if (this.#snapshot.has(id) || !/^[a-z]\w*[A-Z]\w*$/.test(name)) return undefined;
    const above = [id.slice(0, dot), withoutSlices(id.slice(0, dot))];
    const starts = [...name.matchAll(/[A-Z]/g)].map(({ index }) => name.slice(0, index));
    const ids = above.flatMap((owner) => starts.map((start) => `${owner}.${start}[x]`));
    return ids
      .map((one) => this.#snapshot.get(one))
      .find((one) =>
        codesOf(one)?.some(
          (code) => typedName(one?.path.replace(/^.*[.]/, "") ?? "", code) === name,
        ),
      );
  }

  own(id: string): Element | undefined {
    return this.#own.get(id);
  }

  /** Of the snapshot; if the id is not there, the element of the same path without slices. */
  inSnapshot(id: string): Element | undefined {
    return this.#snapshot.get(id) ?? this.#snapshot.get(withoutSlices(id));
  }

  /** The elements below one, own ones first. */
  below(id: string): Element[] {
    const found = new Map<string, Element>();
    for (const map of [this.#own, this.#snapshot]) {
      for (const [key, element] of map) {
        if (key.startsWith(`${id}.`) && !found.has(key)) found.set(key, element);
      }
    }
    return [...found.values()];
  }

  /** Ids of the slices of the same element that the definition has before this one. */
  slicesBefore(id: string): string[] {
    const sliced = id.slice(0, id.lastIndexOf(":") + 1);
    const ids = [...this.#own.keys()];
    const isBeside = (other: string) =>
      other.startsWith(sliced) && !other.slice(sliced.length).includes(".");
    return ids.slice(0, ids.indexOf(id)).filter(isBeside);
  }

  /** Whether every slice from one element down to another must be there. */
  isSure(id: string, above: string): boolean {
    for (let here = id; here.length > above.length; here = here.slice(0, here.lastIndexOf("."))) {
      const isSlice = here.lastIndexOf(":") > here.lastIndexOf(".");
      if (isSlice && (this.said(here)?.min ?? 0) < 1) return false;
    }
    return true;
  }

  find(element: Element): Place {
    return this.#at(idOf(element));
  }

  /** Whether the base says that it may stand more than once; undefined if that is not said. */
  repeats(element: Element): boolean | undefined {
    const max = element.base?.max ?? this.inSnapshot(idOf(element))?.base?.max;
    return max === undefined ? undefined : max !== "1" && max !== "0";
  }

  #at(id: string): Place {
    const known = this.#places.get(id);
    if (known !== undefined) return known;
    const dot = id.lastIndexOf(".");
    const place =
      dot < 0 ? this.#root() : this.#step(this.#at(id.slice(0, dot)), id, id.slice(dot + 1));
    this.#places.set(id, place);
    return place;
  }

  #root(): Place {
    const spot = { owner: {}, name: "", node: this.#schema };
    return { spots: [spot], isRoot: true, isSlice: false, isSliceOfChoice: false };
  }

  #step(parent: Place, id: string, segment: string): Place {
    const colon = segment.indexOf(":");
    const name = colon < 0 ? segment : segment.slice(0, colon);
    const isLabel = colon >= 0 && this.isLabel(id);
    // A typed element of a choice may be called a slice of its own.
    const plain = id.slice(0, id.lastIndexOf(":"));
    const isItself = segment.slice(colon + 1) === name && this.choiceOf(plain) !== undefined;
    const sliceName = colon < 0 || isLabel || isItself ? undefined : segment.slice(colon + 1);
    const owners = parent.spots.map((spot) => spot.node ?? {});
    if (name.endsWith("[x]")) return this.#choice(owners, id, name, sliceName);
    if (this.#isPrimitive && parent.isRoot && name === "value") return this.#primitiveValue();
    const spots = owners.map((owner) =>
      sliceName === undefined
        ? { owner, name, node: owner.elements?.[name] }
        : sliceSpot(owner, name, sliceName),
    );
    return { spots, isRoot: false, isSlice: sliceName !== undefined, isSliceOfChoice: false };
  }

  /** The value of a primitive is the primitive itself, in JSON. */
  #primitiveValue(): Place {
    const owner = this.#schema;
    const node = { ...owner, ...owner.elements?.["value"] };
    return {
      spots: [{ owner, name: "value", node }],
      isRoot: false,
      isSlice: false,
      isSliceOfChoice: false,
    };
  }

  #choice(owners: readonly Node[], id: string, name: string, sliceName: string | undefined): Place {
    const base = name.replace("[x]", "");
    const codes = this.#codes(id, name, sliceName);
    const spots = owners.flatMap((owner): Spot[] => {
      if (codes === undefined) return [{ owner, name: base, node: owner.elements?.[base] }];
      return codes.map((code) => typedSpot(owner, base, code, sliceName));
    });
    const isSlice = sliceName !== undefined;
    const owner = owners[0] ?? {};
    const choice = { node: owner.elements?.[base], owner, name: base };
    const codesIfSaid = codes === undefined ? {} : { codes };
    return { spots, isRoot: false, isSlice, isSliceOfChoice: isSlice, choice, ...codesIfSaid };
  }

  /** Types of the element; of a slice without types, the one its name says. */
  #codes(id: string, name: string, sliceName: string | undefined): string[] | undefined {
    const own = codesOf(this.#own.get(id)) ?? codesOf(this.#snapshot.get(id));
    const plain = sliceName === undefined ? id : id.slice(0, id.lastIndexOf(":"));
    const all = codesOf(this.#own.get(plain)) ?? codesOf(this.inSnapshot(plain));
    if (own !== undefined || sliceName === undefined) return own ?? all;
    const named = all?.filter((code) => typedName(name, code) === sliceName);
    return named !== undefined && named.length > 0 ? named : all;
  }
}

/** Id of an element if it fits its path, else the path. */
export function idOf(element: Element): string {
  const id = nameOf(element);
  return withoutSlices(id) === element.path ? id : element.path;
}

export function withoutSlices(id: string): string {
  return id.replaceAll(/:[^.]*/g, "");
}

function codesOf(element: Element | undefined): string[] | undefined {
  const codes = [...new Set((element?.type ?? []).map((type) => type.code))];
  return codes.length > 0 ? codes : undefined;
}

function sliceSpot(owner: Node, name: string, sliceName: string): Spot {
  const slice = owner.elements?.[name]?.slicing?.slices?.[sliceName];
  const node = slice === undefined ? undefined : (slice.schema ?? {});
  return { owner, name, node, sliceName, ...(slice === undefined ? {} : { slice }) };
}

function typedSpot(owner: Node, base: string, code: string, sliceName: string | undefined): Spot {
  const typed = typedName(base, code);
  const node = owner.elements?.[typed];
  const slice = sliceName === undefined ? undefined : node?.slicing?.slices?.[sliceName];
  const name = sliceName === undefined ? base : typed;
  if (slice === undefined) return { owner, name, node, code };
  return {
    owner,
    name,
    node: slice.schema ?? {},
    code,
    slice,
    ...(sliceName ? { sliceName } : {}),
  };
}
