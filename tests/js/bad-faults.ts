/** Arguments and the ways in which they may be wrong: what is likely as a list, what is not at random. */

import fc from "fast-check";

/** Something wrong with one argument. */
export interface Fault {
  readonly value: unknown;
  /** What the error must name, where the fault is in one member. */
  readonly key?: string | undefined;
  /** Names the message must list. */
  readonly known?: readonly string[] | undefined;
}

/** One argument of a call. */
export interface Argument {
  /** Absent, the argument is left out. */
  readonly good?: unknown;
  readonly likely: readonly Fault[];
  readonly random: fc.Arbitrary<Fault>;
}

/** Whether a value is right. */
export type Kind = (value: unknown) => boolean;

export const text: Kind = (value) => typeof value === "string";
export const filled: Kind = (value) => text(value) && value !== "";
export const flag: Kind = (value) => typeof value === "boolean";
export const fn: Kind = (value) => typeof value === "function";
export const above0: Kind = (value) => Number.isFinite(value) && (value as number) > 0;
export const from0: Kind = (value) => Number.isFinite(value) && (value as number) >= 0;
export const signal: Kind = (value) => value instanceof AbortSignal;
export const bytes: Kind = (value) => value instanceof Uint8Array;
export const never: Kind = () => false;

export const whole = (least: number, most: number): Kind => {
  return (value) => Number.isInteger(value) && least <= Number(value) && Number(value) <= most;
};
export const list = (of: Kind): Kind => {
  return (value) => Array.isArray(value) && Array.from(value).every(of);
};
export const among = (...names: readonly unknown[]): Kind => {
  return (value) => names.includes(value);
};

export const isPlain: Kind = (value) =>
  typeof value === "object" &&
  value !== null &&
  [Object.prototype, null].includes(Object.getPrototypeOf(value));

/** What people give by mistake. */
const LIKELY: readonly unknown[] = [
  ...[null, true, false, 0, 1, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 1n, "", "yes", "1"],
  ...[[], {}, ["x"], [null], [undefined], Array(2), new Date(0), new Map([["durable", true]])],
  ...[new Set(["http://x/A"]), Symbol("s"), () => ({}), Promise.resolve(), new AbortController()],
  ...[Object.create(null), new Uint8Array(1), /x/, new URL("http://x"), class {}, [{}], { a: 1 }],
];

const JUNK = fc.oneof(
  fc.constantFrom(...LIKELY),
  fc.anything({
    withBigInt: true,
    withDate: true,
    withMap: true,
    withSet: true,
    withNullPrototype: true,
    withSparseArray: true,
    withTypedArray: true,
  }),
);

/** An argument of a kind that may be left out. */
export function argument(good: unknown, right: Kind): Argument {
  return faulty(good, right, (value) => ({ value }));
}

/** An argument that must be there. */
export function required(good: unknown, right: Kind): Argument {
  const { likely, random } = argument(good, right);
  return { good, likely: [{ value: undefined }, ...likely], random };
}

/** An argument whose faults are these. */
export function wrongIf(good: unknown, values: readonly unknown[]): Argument {
  const likely = values.map((value) => ({ value }));
  return { good, likely, random: fc.constantFrom(...likely) };
}

/** Nothing may be given here. */
export const NONE: Argument = argument(undefined, never);

/** An options object with members of these kinds; `good` has some of them. */
export function options(
  members: Readonly<Record<string, Kind>>,
  good: Readonly<Record<string, unknown>> = {},
): Argument {
  const known = Object.keys(members);
  const unknown = (name: string, value: unknown) => ({
    // A literal would take `__proto__` for something else.
    value: Object.fromEntries([...Object.entries(good), [name, value]]),
    key: name,
    known,
  });
  const parts = Object.entries(members).map(([name, right]) =>
    faulty(good, right, (value) => ({ value: { ...good, [name]: value }, key: name })),
  );
  const whole = argument(good, isPlain);
  const misspelt = known.flatMap(misspellings).filter((name) => !known.includes(name));
  const random = fc
    .tuple(fc.oneof(fc.string(), fc.constantFrom(...misspelt)), JUNK)
    .filter(([name]) => !known.includes(name))
    .map(([name, value]) => unknown(name, value));
  return {
    good,
    likely: [
      ...misspelt.map((name) => unknown(name, true)),
      ...[...parts, whole].flatMap(({ likely }) => likely),
    ],
    random: fc.oneof(random, random, ...parts.map((part) => part.random), whole.random),
  };
}

function faulty(good: unknown, right: Kind, wrong: (value: unknown) => Fault): Argument {
  const isWrong = (value: unknown) => value !== undefined && !right(value);
  return {
    good,
    likely: LIKELY.filter(isWrong).map(wrong),
    random: JUNK.filter(isWrong).map(wrong),
  };
}

/** A name as it comes from fingers and from memory: a letter less, one twice, two swapped, another case. */
function misspellings(name: string): string[] {
  const at = name.length >> 1;
  const [before, letter = "", after] = [name.slice(0, at), name[at], name.slice(at + 1)];
  return [
    before + after,
    before + letter + letter + after,
    before + after.slice(0, 1) + letter + after.slice(1),
    name.toUpperCase(),
    name.toLowerCase(),
    name.replace(/[A-Z]/g, (capital) => `_${capital.toLowerCase()}`),
    `${name}s`,
  ];
}
