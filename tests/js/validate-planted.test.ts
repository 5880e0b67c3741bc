/** Errors planted in valid examples of US Core: each is found, where it is, and nothing else. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { CODES, PLANTED } from "./planted.js";
import { broken, examples, validated } from "./validate-kit.js";

for (const [what, name, plant, ...found] of PLANTED) {
  test(`${what}: ${found.join(", ")}`, async () => {
    const example = (await examples()).get(name);
    assert.ok(example, name);
    const options = { valueSets: (valueSet: string) => CODES[valueSet.split("|", 1)[0] ?? ""] };
    assert.deepEqual(broken(await validated(example, options)), []);
    plant(example);
    // What is set to undefined is not there in JSON.
    const planted = JSON.parse(JSON.stringify(example));
    assert.deepEqual(broken(await validated(planted, options)), [...found].sort());
  });
}
