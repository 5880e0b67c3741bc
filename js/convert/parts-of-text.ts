/** Parts of a JSON text as they stand in it, in which numbers have all their digits. The text was parsed before. */

const BRACKET_OR_QUOTE = /["{}[\]]/g;
const QUOTE_OR_BACKSLASH = /["\\]/g;
const BEHIND_A_VALUE = /[\s,:}\]]/g;
const BETWEEN_VALUES = /[^\s,:]/g;

/** The texts of the resources in a Bundle's entries, by their place; undefined where an entry has none. */
export function resourceTexts(bundle: string): (string | undefined)[] {
  const entries = memberOf(bundle.trim(), "entry") ?? "[]";
  return valuesIn(entries).map((entry) => memberOf(entry, "resource"));
}

/** The text of an object's member, the last one of that name as for `JSON.parse`; undefined if there is none. */
function memberOf(object: string, name: string): string | undefined {
  if (!object.startsWith("{")) return undefined;
  let found: string | undefined;
  const parts = valuesIn(object);
  for (let at = 0; at < parts.length; at += 2) {
    if (JSON.parse(`${parts[at]}`) === name) found = parts[at + 1];
  }
  return found;
}

/** The texts of the values in an array, or of the names and values in an object, one after the other. */
function valuesIn(text: string): string[] {
  const found: string[] = [];
  const last = text.length - 1;
  for (let at = next(BETWEEN_VALUES, text, 1); at < last; ) {
    const end = endOf(text, at);
    found.push(text.slice(at, end));
    at = next(BETWEEN_VALUES, text, end);
  }
  return found;
}

/** Where the value ends that begins there. */
function endOf(text: string, from: number): number {
  const first = text.charAt(from);
  if (first === '"') return endOfString(text, from);
  if (first !== "{" && first !== "[") return next(BEHIND_A_VALUE, text, from);
  let depth = 1;
  let at = from + 1;
  while (depth > 0 && at < text.length) {
    at = next(BRACKET_OR_QUOTE, text, at);
    const one = text.charAt(at);
    if (one === '"') at = endOfString(text, at);
    else {
      depth += one === "{" || one === "[" ? 1 : -1;
      at += 1;
    }
  }
  return at;
}

function endOfString(text: string, from: number): number {
  let at = next(QUOTE_OR_BACKSLASH, text, from + 1);
  while (text.charAt(at) === "\\") at = next(QUOTE_OR_BACKSLASH, text, at + 2);
  return at + 1;
}

/** Where one of those characters stands next; the end of the text if none does. */
function next(characters: RegExp, text: string, from: number): number {
  characters.lastIndex = from;
  return characters.exec(text)?.index ?? text.length;
}
