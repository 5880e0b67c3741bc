/** The parts of a canonical, for callers; the core has the same rules in `src/canonical.rs`. */

import { SchemaStoreError } from "./errors.js";

/** `url|version#fragment` taken apart. */
export interface ParsedCanonical {
  readonly url: string;
  readonly version: string | undefined;
  readonly fragment: string | undefined;
}

/** Splits at the first `|`, then at the first `#`; surrounding white space does not count. INVALID_KEY. */
export function parseCanonical(canonical: string): ParsedCanonical {
  checkRequest(canonical);
  const trimmed = canonical.trim();
  const [head = "", version = ""] = splitOnce(trimmed, "|");
  const [url = "", urlFragment = ""] = splitOnce(head, "#");
  const [label = "", fragment = ""] = splitOnce(version, "#");
  if (url === "") throw refused(canonical, "has no URL before its | or #");
  if (/\s/u.test(trimmed)) throw refused(canonical, "holds white space");
  return { url, version: label || undefined, fragment: fragment || urlFragment || undefined };
}

/** The URL of a canonical that has been checked. */
export function urlOf(canonical: string): string {
  return canonical.trim().split(/[|#]/, 1)[0] ?? "";
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}

/** What the core cannot see: strings arrive there with lone surrogates already replaced. INVALID_KEY. */
export function checkRequest(request: string): void {
  if (typeof request !== "string") {
    throw new SchemaStoreError("INVALID_KEY", `a canonical is a string, not ${typeof request}`);
  }
  if (!request.isWellFormed()) throw refused(request, "holds a lone surrogate");
}

function refused(canonical: string, rule: string): SchemaStoreError {
  const message = `canonical ${JSON.stringify(canonical)} ${rule}`;
  return new SchemaStoreError("INVALID_KEY", message, { key: canonical });
}
