/** Ours against the published converter: every difference is of a kind that is listed and explained. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { compareSchemas, type Difference } from "./compare.js";
import { ours, peer } from "./converters.js";
import { at, type Differing, KINDS } from "./differential-kinds.js";
import type { Converted, Node } from "./model.js";
import { definitionTexts, PACKAGES } from "./packages.js";

const seen = new Map<string, number>();

for (const [name, path] of Object.entries(PACKAGES)) {
  test(`${name}: every difference is of a known kind`, async () => {
    const unknown: string[] = [];
    const counts = new Map<string, number>();
    for (const text of definitionTexts(path)) {
      const converted = await ours(text);
      for (const difference of differencesOf(converted, (await peer(text)).schema)) {
        const kind = KINDS.find((one) => one.is(difference))?.name;
        if (kind === undefined) unknown.push(tell(difference));
        else counts.set(kind, (counts.get(kind) ?? 0) + 1);
      }
    }
    for (const [kind, count] of counts) seen.set(kind, (seen.get(kind) ?? 0) + count);
    console.log([...counts].map(([kind, count]) => `${count} ${kind}`).join(", "));
    assert.deepEqual(unknown, []);
  });
}

test("every kind is met", () => {
  assert.deepEqual(
    KINDS.filter((kind) => !seen.has(kind.name)).map((kind) => kind.name),
    [],
  );
});

test("what ours would lose is of no known kind", async () => {
  const patient =
    definitionTexts(PACKAGES.R4B).find((text) => text.includes('"id":"Patient"')) ?? "";
  const losses: [string[], string][] = [
    [["elements", "gender", "binding"], "gender"],
    [["elements", "contact", "constraint"], "contact"],
    [["elements", "generalPractitioner", "refers"], "generalPractitioner"],
    [["elements", "name"], "name"],
    [["elements", "deceased", "choices"], "deceased"],
    [["elements", "link", "required"], "link"],
    [["elements", "active", "type"], "active"],
  ];
  for (const [place, name] of losses) {
    const converted = structuredClone(await ours(patient));
    const owner = at(converted.schema, place.slice(0, -1)) ?? {};
    delete owner[place.at(-1) ?? ""];
    const found = differencesOf(converted, (await peer(patient)).schema);
    const unknown = found.filter((difference) => !KINDS.some((kind) => kind.is(difference)));
    assert.equal(unknown.length, 1, `${name}: ${place.at(-1)}`);
  }
});

function differencesOf(converted: Converted, theirs: Node): Differing[] {
  return compareSchemas(converted.schema, theirs).map((difference) => ({
    ...difference,
    member: difference.path.at(-1) ?? "",
    isOursOnly: difference.theirs === undefined,
    isTheirsOnly: difference.ours === undefined,
    converted,
    peer: theirs,
  }));
}

function tell({
  path,
  ours: one,
  theirs,
  converted,
}: Difference & { converted: Converted }): string {
  const values = [one, theirs].map((value) => JSON.stringify(value)?.slice(0, 100));
  return `${converted.definition.url} ${path.join(".")}: ours ${values[0]}, theirs ${values[1]}`;
}
