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
  walk(root, (node, path) => {
    const prototype = Object.getPrototypeOf(node);
    const isArray = Array.isArray(node);
    if (!isArray && prototype !== Object.prototype && prototype !== null) {
      throw invalid(`${path()} is a ${node.constructor?.name ?? "class instance"}, not plain data`);
    }
    if (Object.getOwnPropertySymbols(node).length > 0) {
      throw invalid(`${path()} has a symbol as a key, which JSON drops`);
    }
    if (isArray) checkItems(node, path);
    else checkMembers(node, path);
  });
}

function checkMembers(node: object, path: Path): void {
  for (const [name, member] of Object.entries(node)) {
    const rule = brokenRule(member);
    if (rule !== undefined) throw invalid(`${path(name)} ${rule}`);
  }
}

function checkItems(items: readonly unknown[], path: Path): void {
  for (let index = 0; index < items.length; index += 1) {
    const rule = brokenRule(items[index]);
    if (rule !== undefined) throw invalid(`${path(String(index))} ${rule}`);
  }
  const names = Object.keys(items);
  if (names.length === items.length) return;
  throw invalid(`${path()} has a member ${names[items.length]}, which JSON drops from an array`);
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

interface Step {
  readonly node: object;
  readonly depth: number;
  readonly parent: Step | undefined;
  readonly name: string;
}

/** Visits every object and array without recursion; refuses cycles and excessive depth. */
function walk(root: object, visit: (node: object, path: Path) => void): void {
  const open: Step[] = [{ node: root, depth: 1, parent: undefined, name: "the value" }];
  for (let step = open.pop(); step !== undefined; step = open.pop()) {
    const here = step;
    visit(here.node, (member) => pathOf(here, member));
    for (const name of Object.keys(here.node)) {
      const member = (here.node as Record<string, unknown>)[name];
      if (typeof member !== "object" || member === null) continue;
      if (here.depth >= MAX_DEPTH) {
        // A cycle is a depth without end; it is looked for only here.
        const cycle = isAncestor(member, here)
          ? "holds itself"
          : `is nested deeper than ${MAX_DEPTH}`;
        throw invalid(`the value ${cycle}`);
      }
      open.push({ node: member, depth: here.depth + 1, parent: here, name });
    }
  }
}

type Path = (member?: string) => string;

function pathOf(step: Step, member?: string): string {
  const names = member === undefined ? [] : [member];
  for (let at: Step | undefined = step; at !== undefined; at = at.parent) names.unshift(at.name);
  return names.slice(0, 12).join(".");
}

function isAncestor(node: object, step: Step): boolean {
  for (let at: Step | undefined = step; at !== undefined; at = at.parent) {
    if (at.node === node) return true;
  }
  return false;
}

function invalid(message: string): SchemaStoreError {
  return new SchemaStoreError("INVALID_VALUE", message);
}
