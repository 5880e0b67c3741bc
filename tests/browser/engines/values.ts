/** Values between the tests and a page, as texts: JSON, and what JSON has no words for. */

/** The answer of a page: a value, or what was thrown. */
interface Answer {
  readonly value?: unknown;
  readonly error?: string;
}

/** Stands for a value that JSON cannot say; no test has an object with this member. */
const SPECIAL = "$special";

export function encode(value: unknown): string {
  return pack(value, SPECIAL);
}

/** The value of an answer; throws what the page has thrown. */
export function decode(answer: string): unknown {
  const { value, error } = unpack(answer, SPECIAL) as Answer;
  if (error !== undefined) throw new Error(error);
  return value;
}

/**
 * The body of an async function of `argument`, a text, that evaluates an expression or calls a
 * function with it, and returns the answer as a text.
 */
export function callIn(run: string | ((argument: never) => unknown)): string {
  const value = typeof run === "string" ? `(${run})` : `(${run})(unpack(argument, "${SPECIAL}"))`;
  return `
    const __name = (named) => named;
    const pack = ${pack};
    const unpack = ${unpack};
    try {
      return pack({ value: await ${value} }, "${SPECIAL}");
    } catch (error) {
      const named = error instanceof Error || error instanceof DOMException;
      const text = named ? error.name + ": " + error.message + "\\n" + error.stack : String(error);
      return pack({ error: text }, "${SPECIAL}");
    }`;
}

/** Runs in pages too, so it knows nothing of this module. */
function pack(value: unknown, special: string): string {
  return JSON.stringify(value, (_, one) => {
    const odd = one === undefined || (typeof one === "number" && !Number.isFinite(one));
    return odd ? { [special]: String(one) } : one;
  });
}

/** Runs in pages too. */
function unpack(text: string, special: string): unknown {
  const restore = (value: unknown): unknown => {
    if (typeof value !== "object" || value === null) return value;
    if (Array.isArray(value)) return value.map(restore);
    if (special in value) {
      const name = (value as Record<string, string>)[special];
      return name === "undefined" ? undefined : Number(name);
    }
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, restore(one)]));
  };
  return restore(JSON.parse(text));
}

/** In the page, before its own scripts. */
export function reportViolations(): void {
  document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) => {
    console.error(`policy: ${violatedDirective} ${blockedURI}`);
  });
}
