/** What a resolver answered: checked, and a StructureDefinition converted where the store has a converter. */

import { SchemaStoreError } from "../errors.js";
import { type Named, parseObject, stringifyStrictly, withoutMark } from "../json.js";
import { parseCanonical } from "../parse-canonical.js";
import { show } from "../rules.js";
import type { JsonObject } from "../types.js";
import type { PreparedPut, Writer } from "../write/writer.js";

/** Makes a schema of a StructureDefinition; undefined if the store has that schema already. */
export type ConvertAnswer = (source: {
  readonly text: string;
  readonly definition: JsonObject;
}) => Promise<PreparedPut | undefined>;

/**
 * What a resolver's answer to `canonical` comes to; undefined if the store has it already. RESOLVER if it names
 * another entry, CONVERSION if it cannot be converted; what is not plain JSON as in a put.
 */
export async function answerTo(
  canonical: string,
  given: object | string,
  writer: Pick<Writer, "prepare">,
  convert: ConvertAnswer | undefined,
): Promise<PreparedPut | undefined> {
  const { url, version } = parseCanonical(canonical);
  const asked = { url, version };
  const text = typeof given === "string" ? withoutMark(given) : stringify(given, asked);
  const body = parseObject(text, `the resolver's answer to ${canonical}`, canonical);
  const isConverted = convert !== undefined && body["resourceType"] === "StructureDefinition";
  // As for `convert`, a definition is what JSON makes of it; as for a put, nothing else may change.
  if (typeof given !== "string" && !isConverted) stringifyStrictly(given, asked);
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
  if (!isConverted) return writer.prepare(text, { origin: "resolver", ...named });
  try {
    return await convert({ text: withMembers(text, named), definition: { ...body, ...named } });
  } catch (cause) {
    throw ofCanonical(cause, canonical);
  }
}

/** The text of an object that has members, with these before them; numbers keep their digits. */
function withMembers(text: string, members: Named): string {
  const ours = JSON.stringify(members).slice(1, -1);
  return ours === "" ? text : `{${ours},${text.trimStart().slice(1)}`;
}

/** The text of a value as JSON makes it. INVALID_VALUE if it makes none. */
function stringify(value: object, named: Named): string {
  try {
    return JSON.stringify(value);
  } catch {
    return stringifyStrictly(value, named); // Says why.
  }
}

/** The reason of a failed conversion under the name that was asked for; any other error as it is. */
export function ofCanonical(cause: unknown, canonical: string): unknown {
  const isOfConversion =
    cause instanceof SchemaStoreError && /^(CONVERSION|INVALID_)/.test(cause.code);
  if (!isOfConversion) return cause;
  return new SchemaStoreError("CONVERSION", cause.message, { key: canonical, cause });
}
