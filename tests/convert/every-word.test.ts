/**
 * Every word of a differential counts: if it is another one, then so is the schema, or a warning says that
 * FHIR Schema has no place for it. Needs no knowledge of where in the schema a constraint stands.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { convert } from "./converters.js";
import type { Definition } from "./model.js";
import { definitionTexts, PACKAGES } from "./packages.js";

/** Of larger packages, one definition in so many. */
const STEPS: Readonly<Record<keyof typeof PACKAGES, number>> = {
  R4B: 40,
  R5: 40,
  "US Core 3.1.1": 1,
  "US Core 6.1.0": 1,
};
/** Members that constrain nothing. */
const DOCUMENTATION = new Set(
  (
    "alias base comment condition definition description example id label mapping meaningWhenMissing " +
    "orderMeaning path representation requirements source xpath"
  ).split(" "),
);
/** Words without a meaning for the schema. */
const MEANINGLESS: readonly [RegExp, string][] = [
  [/[.]extension[.]/, "extensions: those that count are counted elsewhere"],
  [/[.]additional[.]/, "a warning says that there is one, whatever it says"],
  [/[.](aggregation|versioning)$/, "a warning says that there is one, whatever it says"],
];

/** A text, number or flag of an element, that can be another. */
interface Word {
  readonly owner: Record<string, unknown>;
  readonly name: string;
  readonly path: string;
}

for (const [name, path] of Object.entries(PACKAGES)) {
  test(`${name}: every word counts`, async () => {
    const step = STEPS[name as keyof typeof PACKAGES];
    const texts = definitionTexts(path).filter((_, index) => index % step === 0);
    const unheard: string[] = [];
    let words = 0;
    for (const text of texts) {
      // Its narrative only takes time.
      const definition = { ...(JSON.parse(text) as Definition), text: undefined };
      const before = await said(definition);
      for (const word of wordsOf(definition)) {
        words += 1;
        const was = word.owner[word.name];
        word.owner[word.name] = another(word.name, was);
        const after = await said(definition);
        word.owner[word.name] = was;
        if (after === before) unheard.push(`${definition.url} ${word.path} ${was}`);
      }
    }
    console.log(`${words} words in ${texts.length} definitions`);
    assert.deepEqual(unheard, []);
    assert.ok(words > 500, `${words}`);
  });
}

async function said(definition: Definition): Promise<string> {
  try {
    const { schema, warnings } = await convert(definition as never);
    return `${schema} ${JSON.stringify(warnings)}`;
  } catch (error) {
    return String(error);
  }
}

function wordsOf({ differential, type }: Definition): Word[] {
  const elements = differential?.element ?? [];
  return elements.flatMap((element) => {
    const words = wordsIn(element as Record<string, unknown>, element.id ?? element.path);
    if (element.path !== type) return words;
    // What a definition is about it says itself; only extensions say how often they may be there.
    const unasked = type === "Extension" ? ["short"] : ["short", "min", "max"];
    return words.filter(({ name, owner }) => owner !== element || !unasked.includes(name));
  });
}

function wordsIn(owner: Record<string, unknown>, path: string): Word[] {
  return Object.entries(owner).flatMap(([name, value]) => {
    const here = Array.isArray(owner) ? path : `${path}.${name}`;
    const isDocumentation =
      !Array.isArray(owner) && DOCUMENTATION.has(name) && !/[.](fixed|pattern)/.test(path);
    if (
      isDocumentation ||
      MEANINGLESS.some(([pattern]) => pattern.test(`${here}.`) || pattern.test(here))
    )
      return [];
    if (typeof value === "object" && value !== null)
      return wordsIn(value as Record<string, unknown>, here);
    return [{ owner, name, path: here }];
  });
}

function another(name: string, value: unknown): unknown {
  if (name === "max") return value === "1" ? "0" : "1";
  if (name === "min") return value === 0 ? 1 : 0;
  if (typeof value === "string") return `${value}X`;
  return typeof value === "number" ? value + 1 : !value;
}
