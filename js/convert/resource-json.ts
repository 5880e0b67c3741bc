/** JSON as files of other people's making have it. */

import { asStoreError } from "../errors.js";
import { decodeText } from "../json.js";
import type { OptionRule } from "../rules.js";
import type { JsonObject } from "../types.js";

const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];

/** The bytes of a text without its byte order mark. */
export function withoutMark(bytes: Uint8Array): Uint8Array {
  const marked = BYTE_ORDER_MARK.every((byte, at) => bytes[at] === byte);
  return marked ? bytes.subarray(BYTE_ORDER_MARK.length) : bytes;
}

/** The text of a file; SERIALIZATION naming it when it is not UTF-8. */
export function textOfFile(bytes: Uint8Array, file: string): string {
  try {
    return decodeText(bytes);
  } catch (cause) {
    throw asStoreError(cause, "SERIALIZATION", `${file} is not UTF-8`, file);
  }
}

/** Whether a value is an object as JSON has them: neither null nor an array. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What `isObject` takes. */
export const OBJECT: OptionRule = { range: "an object", accepts: isObject };
