/** What a resolver answered: checked, and a StructureDefinition converted where the store has a converter. */

import { SchemaStoreError } from "../errors.js";
import { parseObject, stringifyStrictly } from "../json.js";
import { parseCanonical } from "../parse-canonical.js";
import { show } from "../rules.js";
import type { PutOptions } from "../types.js";

/** What is to be stored: a value or its text. */
export interface Answer {
  readonly content: object | string;
  readonly options: PutOptions;
}

/** Makes a schema of the text of a StructureDefinition; undefined if the store has that schema already. */
export type ConvertAnswer = (text: string) => Promise<Answer | undefined>;

/**
 * What a resolver's answer to `canonical` comes to; undefined if the store has it already. RESOLVER if it names
 * another entry, CONVERSION if it cannot be converted; what is not plain JSON as in a put.
 */
export async function answerTo(
  canonical: string,
  given: object | string,
  convert: ConvertAnswer | undefined,
): Promise<Answer | undefined> {
  const { url, version } = parseCanonical(canonical);
  const text = typeof given === "string" ? given : stringifyStrictly(given, { url, version });
  const body = parseObject(text, `the resolver's answer to ${canonical}`, canonical);
  const [its = url, label = version] = [body["url"], body["version"]];
  // If stored, it would replace what the user put under that other name.
  if (its !== url || (version !== undefined && label !== version)) {
    const message = `the resolver was asked for ${canonical} and returned url ${show(its)}, version ${show(label)}`;
    throw new SchemaStoreError("RESOLVER", message, { key: canonical });
  }
  // What it does not say of itself.
  const named = {
    ...(body["url"] === undefined && { url }),
    ...(body["version"] === undefined && version !== undefined && { version }),
  };
  if (convert === undefined || body["resourceType"] !== "StructureDefinition") {
    return { content: text, options: { origin: "resolver", ...named } };
  }
  const isWhole = Object.keys(named).length === 0;
  try {
    return await convert(isWhole ? text : JSON.stringify({ ...body, ...named }));
  } catch (cause) {
    throw ofCanonical(cause, canonical);
  }
}

/** The reason of a failed conversion under the name that was asked for; any other error as it is. */
function ofCanonical(cause: unknown, canonical: string): unknown {
  const isOfConversion =
    cause instanceof SchemaStoreError && /^(CONVERSION|INVALID_)/.test(cause.code);
  if (!isOfConversion) return cause;
  return new SchemaStoreError("CONVERSION", cause.message, { key: canonical, cause });
}
