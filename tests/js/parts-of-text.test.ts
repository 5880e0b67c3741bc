/** The resources of a Bundle, as they stand in its text. */

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { resourceTexts } from "../../js/convert/parts-of-text.js";

test("what JSON has of each resource, its text has", () => {
  const resource = fc.option(fc.jsonValue(), { nil: undefined });
  const entry = fc.oneof(fc.jsonValue(), fc.record({ fullUrl: fc.string(), resource }));
  const bundle = fc.record({ id: fc.string(), entry: fc.array(entry), more: fc.jsonValue() });
  const property = fc.property(bundle, fc.constantFrom("", " ", "\n\t"), (value, space) => {
    const text = `${space}${JSON.stringify(value, undefined, space)}${space}`;
    const { entry: entries } = JSON.parse(text) as { entry: { resource?: unknown }[] };
    const found = resourceTexts(text);
    assert.equal(found.length, entries.length);
    for (const [at, one] of entries.entries()) {
      const isObject = typeof one === "object" && one !== null && !Array.isArray(one);
      const expected = isObject && Object.hasOwn(one, "resource") ? [one.resource] : [];
      assert.deepEqual(found[at] === undefined ? [] : [JSON.parse(found[at])], expected);
    }
  });
  fc.assert(property, { numRuns: 2000 });
});

test("of members of one name the last counts, however it is spelled", () => {
  const text =
    '{"entry":[{"resource":1}],"\\u0065ntry":[{"resource":2.50,"resource":{"a":1.500e+1}},7]}';
  assert.deepEqual(resourceTexts(text), ['{"a":1.500e+1}', undefined]);
  assert.deepEqual(resourceTexts("{}"), []);
  assert.deepEqual(resourceTexts(' { "entry" : [ ] } '), []);
  assert.deepEqual(resourceTexts('{"entry":[{"resource":"a\\\\"},{"resource":"}\\"{"}]}'), [
    '"a\\\\"',
    '"}\\"{"',
  ]);
});
