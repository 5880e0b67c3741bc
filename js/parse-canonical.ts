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
  if (typeof canonical !== "string") {
    throw new SchemaStoreError("INVALID_KEY", `a canonical is a string, not ${typeof canonical}`);
  }
  const trimmed = canonical.trim();
  const [head = "", version = ""] = splitOnce(trimmed, "|");
  const [url = "", urlFragment = ""] = splitOnce(head, "#");
  const [label = "", fragment = ""] = splitOnce(version, "#");
  const rule =
    url === ""
      ? "has no URL before its | or #"
      : /\s/u.test(trimmed)
        ? "holds white space"
        : trimmed.isWellFormed()
          ? undefined
          : "holds a lone surrogate";
  if (rule !== undefined) {
    const message = `canonical ${JSON.stringify(canonical)} ${rule}`;
    throw new SchemaStoreError("INVALID_KEY", message, { key: canonical });
  }
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
