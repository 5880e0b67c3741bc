/**
 * What a chain of schemas, from a profile to its base, says together of one element: each schema is laid
 * over the one that it is based on. Below an element, its type and the profiles of its type come in.
 */

import type { Library } from "./library.js";
import type { Node, Slice } from "./model.js";

/** An element in all the schemas that say something of it, the most specific first. */
export class Merged {
  readonly #library: Library;
  readonly #owners: readonly Node[];
  readonly #name: string;
  /** What the schemas say of the element itself. */
  readonly own: readonly Node[];
  readonly slices: readonly Slice[];
  readonly #unsliced: Merged | undefined;
  #all: readonly Node[] | undefined;

  private constructor(library: Library, { owners, name, own, slices = [], unsliced }: Parts) {
    this.#library = library;
    this.#owners = owners;
    this.#name = name;
    this.own = own;
    this.slices = slices;
    this.#unsliced = unsliced;
  }

  static root(library: Library, schema: Node): Merged {
    return new Merged(library, { owners: [], name: "", own: library.chainOf(schema) });
  }

  child(name: string): Merged {
    const owners = this.all;
    return new Merged(this.#library, { owners, name, own: named(owners, name) });
  }

  /** A slice, on top of what holds for every slice; of a reslice, on top of the slice it is part of. */
  slice(name: string): Merged {
    const slash = name.lastIndexOf("/");
    const unsliced = slash < 0 ? this : this.slice(name.slice(0, slash));
    const slices = this.own.flatMap((node) => node.slicing?.slices?.[name] ?? []);
    const own = slices.map(({ schema }) => schema ?? {});
    return new Merged(this.#library, {
      owners: this.#owners,
      name: this.#name,
      own,
      slices,
      unsliced,
    });
  }

  /** Including what holds by the type. */
  get all(): readonly Node[] {
    this.#all ??= [...this.said, ...this.types];
    return this.#all;
  }

  /** Of the element itself and, if it is a slice, of all slices. */
  get said(): readonly Node[] {
    return [...this.own, ...(this.#unsliced?.said ?? [])];
  }

  /** Schemas of the profiles and types that the element is of, or of the element that it is like. */
  get types(): readonly Node[] {
    const said = this.said;
    const profiles = this.first("profiles") ?? [];
    const type = this.first("type");
    const like = this.first("elementReference");
    return [
      ...(profiles.length === 1 ? profiles : []).flatMap((url) => this.#library.chain(url)),
      ...(type === undefined || said.some((node) => node.url !== undefined)
        ? []
        : this.#library.chain(type)),
      ...(like === undefined ? [] : this.#like(like)),
    ];
  }

  #like([url = "", ...path]: readonly string[]): readonly Node[] {
    const names = path.filter((step) => step !== "elements");
    const [base] = this.#library.chain(url);
    if (base === undefined) return [];
    return names.reduce((place, name) => place.child(name), Merged.root(this.#library, base)).all;
  }

  get isThere(): boolean {
    return this.own.length > 0 || this.slices.length > 0 || this.#unsliced?.isThere === true;
  }

  first<Name extends keyof Node>(member: Name): Node[Name] | undefined {
    return this.said.find((node) => node[member] !== undefined)?.[member];
  }

  get min(): number {
    const own = this.slices.length > 0 || this.#unsliced !== undefined ? this.slices : this.own;
    const numbers = own.map(({ min }) => min ?? 0);
    const isRequired = this.#unsliced === undefined && this.#isIn("required");
    return Math.max(0, isRequired ? 1 : 0, ...numbers);
  }

  get max(): string | undefined {
    return this.#isIn("excluded") ? "0" : this.allowed;
  }

  /** The max, were the element not forbidden. */
  get allowed(): string | undefined {
    const said = [...this.slices, ...this.said, ...(this.slices.length > 0 ? this.types : [])];
    // Of an extension, its definition says how often it may be used.
    const numbers = said.flatMap(({ max }) => max ?? []);
    if (numbers.length > 0) return `${Math.min(...numbers)}`;
    const shape = this.said.find((node) => node.array === true || node.scalar === true);
    if (shape === undefined) return undefined;
    return shape.array === true ? "*" : "1";
  }

  #isIn(list: "required" | "excluded"): boolean {
    return this.#owners.some((owner) => owner[list]?.includes(this.#name));
  }

  /** Typed elements of a choice, by type. */
  typed(choices: readonly string[]): Map<string, Merged> {
    const named = choices.map((name) => new Merged(this.#library, this.#beside(name)));
    return new Map(named.map((one) => [one.first("type") ?? "", one]));
  }

  #beside(name: string): Parts {
    const owners = this.#owners;
    return { owners, name, own: named(owners, name) };
  }

  /** Whether a profile or type is missing, so that nobody knows what holds below. */
  get isOpen(): boolean {
    const named = [...(this.first("profiles") ?? []), this.first("type") ?? "Element"];
    return named.some((one) => !this.#library.has(one));
  }

  /** Keys of the invariants of the element. */
  get invariants(): Set<string> {
    return keysOf(this.said);
  }

  /** Keys of the invariants of its types. */
  get invariantsOfTypes(): Set<string> {
    return keysOf(this.types);
  }

  /** Of the element itself; if it is a slice, of the slices in it. */
  get sliceNames(): Set<string> {
    return new Set(this.own.flatMap((node) => Object.keys(node.slicing?.slices ?? {})));
  }
}

interface Parts {
  readonly owners: readonly Node[];
  readonly name: string;
  readonly own: readonly Node[];
  readonly slices?: readonly Slice[];
  readonly unsliced?: Merged;
}

function named(owners: readonly Node[], name: string): Node[] {
  return owners.map((node) => node.elements?.[name]).filter((node) => node !== undefined);
}

function keysOf(nodes: readonly Node[]): Set<string> {
  return new Set(nodes.flatMap((node) => Object.keys(node.constraint ?? {})));
}
