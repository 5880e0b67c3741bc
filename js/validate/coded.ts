/** Codes and the value sets that they must be of. */

import { check, methods } from "../rules.js";
import type { DeferredCoding } from "./result.js";
import { isRecord, type SchemaBinding } from "./schema.js";
import type { Place, Walk } from "./walk.js";

/** Checks a value against a binding where the codes are at hand, and hands it to the caller where they are not. */
export function checkBinding(
  walk: Walk,
  binding: SchemaBinding,
  value: unknown,
  place: Place,
): void {
  const { valueSet, strength = "example" } = binding;
  // A value of a wrong type is reported as such.
  if (typeof valueSet !== "string" || (typeof value !== "string" && !isRecord(value))) return;
  const codings = codingsOf(value);
  const known = isBound(walk, valueSet, codings);
  if (known === true) return;
  if (known === false && strength === "required") {
    const said = codings.map(({ system, code }) =>
      system === undefined ? code : `${system}|${code}`,
    );
    const what = said.length === 0 ? "no code" : said.join(", ");
    walk.findings.issue("binding", place.path, `${what}: a code of ${valueSet} is required`);
    return;
  }
  const deferred = { kind: "binding", path: place.path, valueSet, strength, codings } as const;
  walk.findings.defer(deferred, valueSet);
}

/** Whether one of the codes is of a value set; undefined if its codes are not at hand. */
export function isBound(
  walk: Walk,
  valueSet: string,
  codings: readonly DeferredCoding[],
): boolean | undefined {
  const codes = walk.valueSets?.(valueSet);
  if (codes !== undefined) check(codes, CODES, "valueSets");
  return codes && codings.some((coding) => isOf(codes, coding));
}

/** The codes in a value of any type that has some. */
export function codingsOf(value: unknown): DeferredCoding[] {
  if (typeof value === "string") return [{ code: value }];
  if (!isRecord(value)) return [];
  const { coding, concept } = value;
  if (isRecord(concept)) return codingsOf(concept);
  if (Array.isArray(coding)) return coding.filter(isRecord).map(picked);
  return value["code"] === undefined && value["system"] === undefined ? [] : [picked(value)];
}

function picked(coding: Readonly<Record<string, unknown>>): DeferredCoding {
  const names = ["system", "version", "code", "display"];
  return Object.fromEntries(
    names.filter((name) => typeof coding[name] === "string").map((name) => [name, coding[name]]),
  );
}

const CODES = methods<Pick<ReadonlySet<string>, "has" | "keys">>("a function that returns a Set", {
  has: true,
  keys: true,
});

/** Codes without their systems, for data that has none. */
const bare = new WeakMap<ReadonlySet<string>, ReadonlySet<string>>();

function isOf(codes: ReadonlySet<string>, { system, code }: DeferredCoding): boolean {
  if (code === undefined) return false;
  if (codes.has(code)) return true;
  if (system !== undefined) return codes.has(`${system}|${code}`);
  const known =
    bare.get(codes) ?? new Set(Array.from(codes, (one) => one.slice(one.lastIndexOf("|") + 1)));
  bare.set(codes, known);
  return known.has(code);
}
