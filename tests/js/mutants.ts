/** Everything that a snapshot forbids, done to an example one thing at a time. */

import type { Example } from "./validate-kit.js";

/** One change of an example. */
export interface Mutant {
  /** What is done, and the id of the element that forbids it. */
  readonly name: string;
  change(resource: Example): void;
}

/** Values of types that choices have, by the ending of the member. */
const CHOICES: Readonly<Record<string, unknown>> = {
  String: "x",
  Boolean: true,
  Integer: 1,
  DateTime: "2000",
  Period: { start: "2000" },
  Reference: { display: "x" },
};

/** The changes that the snapshot of a definition forbids in an example. Slices are not looked at. */
export function mutantsOf(definition: Example, example: Example): Mutant[] {
  return definition.snapshot.element.flatMap((element: Example) => {
    const isPlain = element.path.includes(".") && !element.id.includes(":");
    return isPlain ? mutantsOfElement(element, example) : [];
  });
}

function mutantsOfElement(element: Example, example: Example): Mutant[] {
  const [name = "", ...upwards] = element.path.split(".").slice(1).reverse();
  const path = upwards.reverse();
  const holders = (it: Example): Example[] =>
    follow(it, path).filter((holder) => keysOf(holder, name).length > 0);
  if (holders(example).length === 0) return [];
  const mutants: Mutant[] = [];
  const add = (what: string, change: (holder: Example, key: string) => void, all = false) => {
    const apply = (it: Example) => {
      const found = holders(it).slice(0, all ? undefined : 1);
      for (const holder of found) for (const key of keysOf(holder, name)) change(holder, key);
    };
    mutants.push({ name: `${what} ${element.id}`, change: apply });
  };
  const repeats = element.base?.max === "*";
  if (element.min > 0) add("without", remove, true);
  if (repeats && element.max !== "*")
    add("too many of", (it, key) => repeat(it, key, Number(element.max)));
  if (repeats) add("no array of", (it, key) => Object.assign(it, { [key]: it[key][0] }));
  else add("an array of", (it, key) => Object.assign(it, { [key]: [it[key]] }));
  add("another type of", (it, key) => Object.assign(it, { [key]: each(it[key], wrongType) }));
  const constant = constantOf(element);
  if (constant !== undefined) {
    add("another", (it, key) =>
      Object.assign(it, { [key]: each(it[key], (one) => spoilt(one, constant)) }),
    );
  }
  if (name.endsWith("[x]")) addChoices(element, name.slice(0, -3), add);
  if (pointsAtTypes(element)) {
    const wrong = { reference: "SubscriptionStatus/1" };
    add("a reference in", (it, key) => Object.assign(it, { [key]: each(it[key], () => wrong) }));
  }
  return mutants;
}

function addChoices(
  element: Example,
  choice: string,
  add: (what: string, change: (holder: Example, key: string) => void) => void,
): void {
  const allowed = new Set(element.type.map(({ code }: Example) => code));
  for (const [ending, value] of Object.entries(CHOICES)) {
    const isComplex = typeof value === "object";
    const type = isComplex ? ending : ending.charAt(0).toLowerCase() + ending.slice(1);
    add(`${ending} for`, (it, key) => {
      const isThere = key === choice + ending;
      if (!allowed.has(type)) remove(it, key);
      // Beside another one it is one too many.
      Object.assign(it, isThere ? { [`${choice}Nothing`]: 1 } : { [choice + ending]: value });
    });
  }
}

/** A reference whose targets are said, and are not all resources. */
function pointsAtTypes({ type }: Example): boolean {
  if (type?.length !== 1 || type[0].code !== "Reference") return false;
  const targets: string[] = type[0].targetProfile ?? [];
  return targets.length > 0 && !targets.some((one) => one.endsWith("/Resource"));
}

function constantOf(element: Example): unknown {
  const name = Object.keys(element).find((one) => /^(fixed|pattern)[A-Z]/.test(one));
  return name === undefined ? undefined : element[name];
}

/** A value that does not have what the constant has. */
function spoilt(value: Example, constant: Example): unknown {
  if (Array.isArray(constant)) return value.map((one: Example) => spoilt(one, constant[0]));
  if (typeof constant !== "object") return typeof constant === "number" ? constant + 1 : "zzz";
  const [name = ""] = Object.keys(constant);
  return { ...value, [name]: spoilt(value[name], constant[name]) };
}

function wrongType(value: unknown): unknown {
  return typeof value === "object" ? "x" : { nothing: 1 };
}

function repeat(holder: Example, key: string, times: number): void {
  holder[key] = Array.from({ length: times + 1 }, () => structuredClone(holder[key][0]));
}

function remove(holder: Example, key: string): void {
  delete holder[key];
  delete holder[`_${key}`];
}

function each(value: unknown, change: (one: unknown) => unknown): unknown {
  return Array.isArray(value) ? value.map(change) : change(value);
}

/** The objects at a path of a definition. */
function follow(resource: Example, path: readonly string[]): Example[] {
  let found = [resource];
  for (const name of path) {
    found = found.flatMap((one) => keysOf(one, name).flatMap((key) => one[key]));
  }
  return found.filter((one) => typeof one === "object" && one !== null);
}

/** The members of an object that an element means. */
function keysOf(holder: Example, name: string): string[] {
  if (typeof holder !== "object" || holder === null) return [];
  if (!name.endsWith("[x]")) return Object.hasOwn(holder, name) ? [name] : [];
  const choice = name.slice(0, -3);
  return Object.keys(holder).filter(
    (key) => key.startsWith(choice) && /^[A-Z]/.test(key.slice(choice.length)),
  );
}
