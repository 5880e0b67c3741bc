/** Calling a converter, which may be anybody's: whatever it does wrong is CONVERSION. */

import { RULES } from "../arguments/calls.js";
import { WARNINGS } from "../core/wall.js";
import { reasonOf, SchemaStoreError } from "../errors.js";
import { check, listOf, type OptionRule, oneOf, type Rules, STRING } from "../rules.js";
import type { Conversion, ConversionWarning, Converter, JsonObject } from "../types.js";
import { isObject } from "./resource-json.js";

/** What a converter makes of a definition. CONVERSION when it fails, or comes to something else. */
export async function conversionOf(
  converter: Converter,
  source: { readonly definition: JsonObject; readonly text: string; readonly bytes: Uint8Array },
  canonical: string,
): Promise<Conversion> {
  let made: Conversion;
  try {
    made = membersOf(await converter.convert(source.definition, source.text, source.bytes));
  } catch (cause) {
    throw asConversion(cause, canonical);
  }
  check(made, CONVERSION, canonical, "CONVERSION", "the conversion of ");
  for (const [name, rule] of Object.entries<OptionRule>(MEMBERS)) {
    const what = `member ${name} of the conversion of `;
    check(made[name as keyof Conversion], rule, canonical, "CONVERSION", what);
  }
  return made;
}

/** What is looked at, read once: a member may be a getter, which may throw. */
function membersOf(made: Conversion): Conversion {
  if (!isObject(made)) return made;
  const { schema, dependencies, warnings } = made;
  return { schema, dependencies, ...(warnings !== undefined && { warnings }) };
}

/** Where the converter cannot run at all, which is UNSUPPORTED, that is not for want of a better definition. */
function asConversion(cause: unknown, canonical: string): SchemaStoreError {
  const isOurs = cause instanceof SchemaStoreError && /^(CONVERSION|UNSUPPORTED)$/.test(cause.code);
  if (isOurs) return cause;
  const message = `${canonical} cannot be converted: ${reasonOf(cause)}`;
  return new SchemaStoreError("CONVERSION", message, { key: canonical, cause });
}

const CONVERSION: OptionRule = { range: "{ schema, dependencies, warnings }", accepts: isObject };
const KIND = oneOf(...WARNINGS);
const WARNING_LIST = listOf(`{ kind, element, message }, kind ${KIND.range}`, isWarning);
const MEMBERS: Rules<Conversion> = {
  schema: {
    range: "an object or its JSON text",
    accepts: (schema) => isObject(schema) || typeof schema === "string",
  },
  dependencies: RULES.put.dependencies,
  warnings: {
    ...WARNING_LIST,
    accepts: (warnings) => warnings === undefined || WARNING_LIST.accepts(warnings),
  },
};

function isWarning(warning: unknown): boolean {
  if (!isObject(warning)) return false;
  const { kind, element, message } = warning as Partial<ConversionWarning>;
  return KIND.accepts(kind) && STRING.accepts(element) && STRING.accepts(message);
}
