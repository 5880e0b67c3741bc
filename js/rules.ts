/** Rules for what callers pass: options, filters, arguments. A refusal names key, value and rule. */

import { type ErrorCode, SchemaStoreError } from "./errors.js";

/** What an option may be. */
export interface OptionRule {
  /** Completes "must be ...". */
  readonly range: string;
  /** The code a wrong value is refused with, if not the default one. */
  readonly code?: ErrorCode;
  accepts(value: unknown): boolean;
}

/** A rule for every member of an options type: a new member without one does not compile. */
export type Rules<Options> = { readonly [Name in keyof Required<Options>]: OptionRule };

/** Characters of a text that a message quotes. */
const LONGEST_SHOWN = 80;

/**
 * Refuses options that are not a plain object, unknown members, and values that their rule does not
 * accept. Own enumerable members count; undefined is treated as absent. Without rules anything is
 * refused: an extra argument would otherwise be ignored silently.
 */
export function checkGiven<Options extends object>(
  given: Options | undefined,
  rules?: Rules<Options>,
  code: ErrorCode = "INVALID_VALUE",
): void {
  if (given === undefined) return;
  if (rules === undefined) {
    const message = `unexpected argument: ${show(given)}`;
    throw new SchemaStoreError(code, message, { key: "arguments" });
  }
  if (!isPlain(given)) {
    const message = `the options are ${show(given)}, must be a plain object; ${knownOf(rules)}`;
    throw new SchemaStoreError(code, message, { key: "options" });
  }
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(rules, name)) {
      const message = `unknown option ${show(name)}; ${knownOf(rules)}`;
      throw new SchemaStoreError(code, message, { key: name });
    }
    const value = given[name as keyof Options];
    if (value !== undefined) check(value, rules[name as keyof Options], name, code, "option ");
  }
}

function knownOf(rules: object): string {
  return `known options: ${Object.keys(rules).join(", ")}`;
}

/** Refuses a value its rule does not accept; `what` stands before the key in the message. */
export function check(
  value: unknown,
  rule: OptionRule,
  key: string,
  code: ErrorCode = "INVALID_VALUE",
  what = "",
): void {
  if (rule.accepts(value)) return;
  const message = `${what}${key} is ${show(value)}, must be ${rule.range}`;
  throw new SchemaStoreError(rule.code ?? code, message, { key });
}

/** What a value is, in a few words. */
export function show(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.slice(0, LONGEST_SHOWN));
  if (typeof value === "function") return "a function";
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value !== "object" || value === null) return String(value);
  // An object's own text may be long, or throw.
  if (Array.isArray(value)) return "an array";
  return isPlain(value) ? "an object" : "an instance of a class";
}

/** Whether an object is what literals and `JSON.parse` create, in any realm, or has no prototype. */
function isPlain(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** What `JSON.parse` makes of an object. */
export const PLAIN: OptionRule = { range: "a plain object", accepts: isPlain };

/** How long something lasts, in whatever unit. */
export const SPAN: OptionRule = {
  range: "a finite number above 0",
  accepts: (value) => Number.isFinite(value) && (value as number) > 0,
};

export const FROM_0: OptionRule = {
  range: "a number of at least 0",
  accepts: (value) => typeof value === "number" && value >= 0,
};

export const SWITCH: OptionRule = {
  range: "true or false",
  accepts: (value) => typeof value === "boolean",
};

export const STRING: OptionRule = {
  range: "a string",
  accepts: (value) => typeof value === "string",
};

/** What is stored or looked for: UTF-8 cannot hold a lone surrogate, and would have another character instead. */
export const TEXT: OptionRule = {
  range: "a string without lone surrogates",
  accepts: (value) => typeof value === "string" && value.isWellFormed(),
};

export const FUNCTION: OptionRule = {
  range: "a function",
  accepts: (value) => typeof value === "function",
};

/** By its methods: a signal may come from another realm, or from a library. */
export const SIGNAL: OptionRule = methods<
  Pick<AbortSignal, "addEventListener" | "removeEventListener" | "throwIfAborted">
>("an AbortSignal", { addEventListener: true, removeEventListener: true, throwIfAborted: true });

/** A whole number within limits. */
export function integer(least: number, most: number): OptionRule {
  return {
    range: `a whole number from ${least} to ${most}`,
    accepts: (value) =>
      typeof value === "number" && Number.isInteger(value) && value >= least && value <= most,
  };
}

/** One of a few names. */
export function oneOf(...names: readonly string[]): OptionRule {
  return {
    range: `one of ${names.join(", ")}`,
    accepts: (value) => typeof value === "string" && names.includes(value),
  };
}

/** A text of at least one character; `range` says of what kind. */
export function nonEmpty(range: string): OptionRule {
  return { range, accepts: (value) => typeof value === "string" && value !== "" };
}

/** An array whose members are all accepted; `range` says of what. */
export function listOf(range: string, accepts: (member: unknown) => boolean): OptionRule {
  return {
    range: `a list of ${range}`,
    // A hole in an array is no member that `every` would see.
    accepts: (value) => Array.isArray(value) && Array.from(value).every(accepts),
  };
}

/** The methods of a type: true for those it must have, false for those it may. */
type MethodsOf<Type> = {
  readonly [Name in keyof Type as NonNullable<Type[Name]> extends (...args: never[]) => unknown
    ? Name
    : never]-?: undefined extends Type[Name] ? false : true;
};

/** An object with the methods of a type; all of them are to be named. */
export function methods<Type>(range: string, names: MethodsOf<Type>): OptionRule {
  const wanted = Object.entries<boolean>(names);
  return {
    range,
    accepts: (value) =>
      typeof value === "object" &&
      value !== null &&
      wanted.every(([name, needed]) => {
        const method = (value as Record<string, unknown>)[name];
        return typeof method === "function" || (method === undefined && !needed);
      }),
  };
}
