/** JSON in and out: what may be stored, and how a stored text becomes a value. */

import { canonicalOf } from "./core/record.js";
import { asStoreError, SchemaStoreError } from "./errors.js";
import { show } from "./rules.js";
import type { JsonObject } from "./types.js";

/** Deepest nesting of objects and arrays. */
export const MAX_DEPTH = 512;
/** Members of a path that a message names. */
const LONGEST_PATH = 11;

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

/** The text without the byte order mark that some editors put first, which JSON does not allow. */
export function withoutMark(text: string): string {
  return text.replace(/^\ufeff/, "");
}

/** Parses a text. SERIALIZATION with that `key`. */
export function parseJson(text: string, what: string, key?: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SchemaStoreError("SERIALIZATION", `${what} is not JSON: ${reason}`, { key, cause });
  }
}

/** Parses a text that must be one JSON object. SERIALIZATION, INVALID_VALUE, both with that `key`. */
export function parseObject(text: string, what: string, key?: string): JsonObject {
  const value = parseJson(text, what, key);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw invalid(`${what} is JSON but not an object`, key);
  }
  return value as JsonObject;
}

/** What an entry is called where its own members do not say. */
export interface Named {
  readonly url?: string | undefined;
  readonly version?: string | undefined;
}

/**
 * The text of a value, with the semantics of `JSON.stringify`; refuses with INVALID_VALUE what
 * that would silently change or drop. The error's `key` is the canonical, where it can be told.
 */
export function stringifyStrictly(value: object, named?: Named): string {
  try {
    checkValue(value, named);
    return JSON.stringify(value);
  } catch (cause) {
    // Of a getter, or a proxy.
    throw asStoreError(cause, "INVALID_VALUE", "the value cannot be read", nameOf(value, named));
  }
}

/** The canonical of a value of which something cannot be read. */
function nameOf(value: object, named: Named | undefined): string | undefined {
  try {
    return canonicalIn(value, named);
  } catch {
    return named?.url;
  }
}

/** Refuses nesting above `MAX_DEPTH`; for a value that `JSON.parse` made of `text`. INVALID_VALUE. */
export function checkDepth(root: object, text: string, named?: Named): void {
  if (opensMany(text) && isDeeper(root, MAX_DEPTH)) {
    throw invalid(`the value is nested deeper than ${MAX_DEPTH} levels`, canonicalIn(root, named));
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

function checkValue(root: object, named: Named | undefined): void {
  if (typeof root !== "object" || root === null) {
    throw invalid(`the value is ${show(root)}, not an object`, canonicalIn({}, named));
  }
  const walk: Walk = { key: canonicalIn(root, named), path: [], above: [] };
  if (Array.isArray(root)) throw invalid("the value is an array, not an object", walk.key);
  checkNode(root, walk);
}

/** How far a check has come. */
interface Walk {
  /** Canonical of the entry. */
  readonly key: string | undefined;
  readonly path: (string | number)[];
  /** The nodes that hold the one being checked. */
  readonly above: object[];
}

/** Recursion is safe here: it ends at the limit. */
function checkNode(node: object, walk: Walk): void {
  const { path, above } = walk;
  const isArray = Array.isArray(node);
  const rule = brokenRuleOfNode(node, isArray);
  if (rule !== undefined) throw refused(walk, rule);
  above.push(node);
  for (const name of isArray ? Array(node.length).keys() : Object.keys(node)) {
    const member = (node as Record<string | number, unknown>)[name];
    path.push(name);
    const rule = brokenRule(member);
    if (rule !== undefined) throw refused(walk, rule);
    if (typeof member === "object" && member !== null) {
      if (above.length >= MAX_DEPTH) throw tooDeep(member, walk);
      checkNode(member, walk);
    }
    path.pop();
  }
  above.pop();
  const extra = isArray ? Object.keys(node)[node.length] : undefined;
  if (extra !== undefined)
    throw refused(walk, `has a member ${extra}, which JSON drops from an array`);
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
function tooDeep(node: object, { key, above }: Walk): SchemaStoreError {
  const rule = above.includes(node)
    ? "contains itself"
    : `is nested deeper than ${MAX_DEPTH} levels`;
  return invalid(`the value ${rule}`, key);
}

function refused({ key, path }: Walk, rule: string): SchemaStoreError {
  return invalid(`${["the value", ...path.slice(0, LONGEST_PATH)].join(".")} ${rule}`, key);
}

/** The canonical of an entry as far as it has one: what is wrong with it is said elsewhere. */
function canonicalIn(body: object, { url, version }: Named = {}): string | undefined {
  const own = body as { readonly url?: unknown; readonly version?: unknown };
  const [its, label] = [url ?? own.url, version ?? own.version];
  if (typeof its !== "string") return undefined;
  return canonicalOf({ url: its, version: typeof label === "string" ? label : "" });
}

function invalid(message: string, key?: string): SchemaStoreError {
  return new SchemaStoreError("INVALID_VALUE", message, { key });
}
