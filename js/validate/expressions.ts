/** Regular expressions of definitions, as JavaScript understands them. */

/**
 * Expressions of FHIR that take longer than any text deserves, and the same without: the one of base64
 * tries every way to share out white space, the one of Markdown needs a stack as deep as the text is long,
 * the one of codes in the third version tries every way to cut a word.
 */
const REWRITTEN: ReadonlyMap<string, (text: string) => boolean> = new Map([
  ["(\\s*([0-9a-zA-Z\\+/=]){4}\\s*)+", isBase64],
  ["(\\s*([0-9a-zA-Z\\+\\=]){4}\\s*)+", isBase64],
  ["\\s*(\\S|\\s)*", () => true],
  ["[^\\s]+([\\s]?[^\\s]+)*", (text) => matches("[^\\s]+(\\s[^\\s]+)*", text) !== false],
]);
/** Expressions of FHIR that repeat groups and take no time: a text is cut into these in one way only. */
const QUICK: ReadonlySet<string> = new Set([
  "[^\\s]+(\\s[^\\s]+)*",
  "[^\\s]+( [^\\s]+)*",
  "urn:oid:[0-2](\\.(0|[1-9][0-9]*))+",
  "urn:oid:[0-2](\\.[1-9]\\d*)+",
  "(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?",
]);
/** The longest text for an expression that repeats a group: each letter may double the time. */
const LONGEST_OF_GROUPS = 20;
/** The longest text for one of a few repetitions, which take the time of as many loops in each other. */
const LONGEST_OF_FEW = 200;
const FEW = 3;

/** An expression that is ready to run. */
interface Expression {
  /** undefined if JavaScript cannot read it. */
  readonly regex: RegExp | undefined;
  /** The longest text that it is run on. */
  readonly longest: number;
}

/** By their text: definitions are few, values are many. */
const compiled = new Map<string, Expression>();
/** Kept expressions; more of them come from no set of definitions. */
const MOST_COMPILED = 1000;

/**
 * Whether all of a text matches; undefined if it is too long to try. An expression that JavaScript cannot
 * read forbids nothing.
 */
export function matches(regex: string, text: string): boolean | undefined {
  const rewritten = REWRITTEN.get(plain(regex));
  if (rewritten !== undefined) return rewritten(text);
  const known = compiled.get(regex) ?? compile(regex);
  if (known.regex !== undefined && text.length > known.longest) return undefined;
  return known.regex?.test(text) ?? true;
}

function compile(regex: string): Expression {
  if (compiled.size >= MOST_COMPILED) compiled.clear();
  const expression = { regex: regExpOf(regex), longest: longestFor(regex) };
  compiled.set(regex, expression);
  return expression;
}

function regExpOf(regex: string): RegExp | undefined {
  try {
    return new RegExp(wholly(regex));
  } catch {
    return undefined;
  }
}

/** The longest text that an expression is run on: one of a single repetition cannot try many ways. */
function longestFor(regex: string): number {
  if (QUICK.has(plain(regex))) return Number.POSITIVE_INFINITY;
  const bare = regex.replace(/\\[\s\S]/g, "x").replace(/\[[^\]]*\]/g, "x");
  if (/\)(?:[*+]|\{\d)/.test(bare)) return LONGEST_OF_GROUPS;
  const { length } = bare.match(/[*+]|\{\d+,/g) ?? [];
  if (length <= 1) return Number.POSITIVE_INFINITY;
  return length <= FEW ? LONGEST_OF_FEW : LONGEST_OF_GROUPS;
}

/** Some versions of FHIR write a slash with a backslash. */
function plain(regex: string): string {
  return regex.replaceAll("\\/", "/");
}

/** An expression that all of a text must match, as JavaScript understands it. */
export function wholly(regex: string): string {
  const isSlow = REWRITTEN.get(plain(regex)) === isBase64;
  return `^(?:${isSlow ? `[0-9a-zA-Z+/=${SPACE}]+` : withPlainSpace(regex)})$`;
}

/** White space of FHIR, and the rest: for JavaScript a space that does not break is white space, too. */
const SPACE = " \\t\\n\\v\\f\\r";
const NO_SPACE = "\\0-\\x08\\x0e-\\x1f!-\\uffff";

function withPlainSpace(regex: string): string {
  let inClass = false;
  return regex.replace(/\\[\s\S]|[[\]]/g, (token) => {
    if (token === "[" || token === "]") inClass = token === "[";
    if (token !== "\\s" && token !== "\\S") return token;
    const characters = token === "\\s" ? SPACE : NO_SPACE;
    return inClass ? characters : `[${characters}]`;
  });
}

function isBase64(text: string): boolean {
  const digits = text.replace(/\s+/g, "");
  return digits.length > 0 && digits.length % 4 === 0 && !/[^0-9a-zA-Z+/=]/.test(digits);
}
