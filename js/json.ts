/** JSON in and out: what may be stored, and how a stored text becomes a value. */

import { SchemaStoreError } from "./errors.js";
import type { JsonObject } from "./types.js";

/** Deepest nesting of objects and arrays. */
export const MAX_DEPTH = 512;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** UTF-8 of a well-formed text, in a buffer of exactly that size. */
export function encodeText(text: string): Uint8Array {
  const bytes = encoder.encode(text);
  return bytes.byteLength === bytes.buffer.byteLength ? bytes : bytes.slice();
}

/** Text of UTF-8 bytes. Invalid UTF-8 is an error of the decoder. */
export function decodeText(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/** Parses a text that must be one JSON object. SERIALIZATION, INVALID_VALUE. */
export function parseObject(text: string, what: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SchemaStoreError("SERIALIZATION", `${what} is not JSON: ${reason}`, { cause });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw invalid(`${what} is JSON but no object`);
  }
  return value as JsonObject;
}

/**
 * The text of a value, with the semantics of `JSON.stringify`; refuses with INVALID_VALUE what
 * that would silently change or drop.
 */
export function stringifyStrictly(value: object): string {
  checkValue(value);
  return JSON.stringify(value);
}

/** Refuses nesting above `MAX_DEPTH`; for a value that `JSON.parse` made of `text`. INVALID_VALUE. */
export function checkDepth(root: object, text: string): void {
  if (opensMany(text) && isDeeper(root, MAX_DEPTH)) {
    throw invalid(`the value is nested deeper than ${MAX_DEPTH}`);
  }
}

/** Freezes a value that came from `JSON.parse`, with all that is in it. */
export function deepFreeze<T extends object>(root: T): T {
  const open: object[] = [root];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    Object.freeze(node);
    for (const name in node) {
      const member = (node as Record<string, unknown>)[name];
      if (typeof member === "object" && member !== null) open.push(member);
    }
  }
  return root;
}

/** Whether a text has more opening brackets than may lie in one another: few do, and this is quick. */
function opensMany(text: string): boolean {
  let left = MAX_DEPTH;
  for (const bracket of "{[") {
    for (let at = text.indexOf(bracket); at >= 0; at = text.indexOf(bracket, at + 1)) {
      if (left === 0) return true;
      left -= 1;
    }
  }
  return false;
}

/** Recursion is safe here: it ends at the limit. */
function isDeeper(node: object, levels: number): boolean {
  if (levels === 0) return true;
  for (const name in node) {
    const member = (node as Record<string, unknown>)[name];
    if (typeof member === "object" && member !== null && isDeeper(member, levels - 1)) return true;
  }
  return false;
}

function checkValue(root: object): void {
  if (typeof root !== "object" || root === null) {
    throw invalid(`the value is ${String(root)}, not an object`);
  }
  if (Array.isArray(root)) throw invalid("the value is an array, not an object");
  checkNode(root, ["the value"], []);
}

/** Recursion is safe here: it ends at the limit. `above` are the nodes that hold `node`. */
function checkNode(node: object, path: (string | number)[], above: object[]): void {
  const isArray = Array.isArray(node);
  const rule = brokenRuleOfNode(node, isArray);
  if (rule !== undefined) throw refused(path, rule);
  above.push(node);
  for (const name of isArray ? Array(node.length).keys() : Object.keys(node)) {
    const member = (node as Record<string | number, unknown>)[name];
    path.push(name);
    const rule = brokenRule(member);
    if (rule !== undefined) throw refused(path, rule);
    if (typeof member === "object" && member !== null) {
      if (above.length >= MAX_DEPTH) throw tooDeep(member, above);
      checkNode(member, path, above);
    }
    path.pop();
  }
  above.pop();
  const extra = isArray ? Object.keys(node)[node.length] : undefined;
  if (extra !== undefined)
    throw refused(path, `has a member ${extra}, which JSON drops from an array`);
}

function brokenRuleOfNode(node: object, isArray: boolean): string | undefined {
  const prototype = Object.getPrototypeOf(node);
  if (!isArray && prototype !== Object.prototype && prototype !== null) {
    return `is a ${node.constructor?.name ?? "class instance"}, not plain data`;
  }
  return Object.getOwnPropertySymbols(node).length > 0
    ? "has a symbol as a key, which JSON drops"
    : undefined;
}

function brokenRule(member: unknown): string | undefined {
  switch (typeof member) {
    case "number":
      if (!Number.isFinite(member)) return `is ${member}, which JSON turns into null`;
      return Object.is(member, -0) ? "is -0, which JSON turns into 0" : undefined;
    case "undefined":
      return "is undefined, which JSON drops";
    case "function":
    case "symbol":
      return `is a ${typeof member}, which JSON drops`;
    case "bigint":
      return "is a BigInt, which JSON does not have";
    default:
      return undefined;
  }
}

/** A cycle is a depth without end; it is looked for only here. */
function tooDeep(node: object, above: readonly object[]): SchemaStoreError {
  const rule = above.includes(node) ? "holds itself" : `is nested deeper than ${MAX_DEPTH}`;
  return refused(["the value"], rule);
}

function refused(path: readonly (string | number)[], rule: string): SchemaStoreError {
  return invalid(`${path.slice(0, 12).join(".")} ${rule}`);
}

function invalid(message: string): SchemaStoreError {
  return new SchemaStoreError("INVALID_VALUE", message);
}
