/** JSON whose numbers keep their digits: `1.500` is not `1.5`. */

const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
/** Begins the string that stands for a number which JavaScript would write in another way. */
const MARK = "number:";

/** Parses JSON; a number whose digits JavaScript would change becomes a string that has them. */
export function parseExact<T>(text: string): T {
  return JSON.parse(text.replaceAll(TOKEN, keepDigits)) as T;
}

function keepDigits(token: string): string {
  if (token.startsWith('"') || String(Number(token)) === token) return token;
  return JSON.stringify(MARK + token);
}

/** The JSON of what `parseExact` gave. */
export function exactText(value: unknown): string {
  return JSON.stringify(value).replaceAll(/"number:([^"]*)"/g, "$1");
}

/** One text for equal values: the members of objects are in the order of their names. */
export function canonicalText(value: unknown): string {
  return JSON.stringify(value, (_, member) => (isObject(member) ? sorted(member) : member)) ?? "";
}

export function same(a: unknown, b: unknown): boolean {
  return canonicalText(a) === canonicalText(b);
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function sorted(object: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1)));
}
