/** What flags say of the entries that a command stores. */

import { PACKAGE_NAME } from "../convert/manifest.js";
import type { Flags } from "./flags.js";
import { UsageError } from "./outcome.js";

/** The `name#version` that a flag gives. */
export function packageName(text: string, flag: string): string {
  if (PACKAGE_NAME.accepts(text)) return text;
  throw new UsageError(`${flag} is "${text}", must be ${PACKAGE_NAME.range}`);
}

/** The tags of `--tag`, as an option. */
export function tagsOf({ tag }: Flags): { readonly tags?: readonly string[] } {
  return typeof tag === "string" ? { tags: tag.split(",").filter(Boolean) } : {};
}
