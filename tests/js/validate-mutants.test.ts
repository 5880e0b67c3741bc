/** What the snapshots of US Core forbid is found in every example, whatever it is done to. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { validate } from "../../dist/validate/index.js";
import { mutantsOf } from "./mutants.js";
import { definitions, examples, schemasOf, US } from "./validate-kit.js";

/** Its base, a profile of SDC, is not there, and has what its snapshot says beyond the type. */
const WITHOUT_BASE = `${US}us-core-questionnaireresponse`;

test("nothing that the snapshot of its profile forbids passes in an example", async () => {
  const known = await definitions();
  const passed = new Set<string>();
  let count = 0;
  for (const example of (await examples()).values()) {
    const profile = example.meta?.profile?.[0];
    const definition = known.get(profile);
    if (definition === undefined || profile === WITHOUT_BASE) continue;
    const schemas = await schemasOf(example);
    for (const { name, change } of mutantsOf(definition, example)) {
      const mutant = structuredClone(example);
      change(mutant);
      count += 1;
      const isFound = validate(schemas, mutant).issues.some(({ severity }) => severity === "error");
      if (!isFound) passed.add(`${name} of ${profile}`);
    }
  }
  assert.deepEqual([...passed], []);
  assert.ok(count > 6000, `${count}`);
});
