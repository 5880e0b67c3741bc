/**
 * Runs the validation cases that the FHIR Schema specification publishes: `node scripts/published-cases.mjs`
 * after a build. They are fetched from GitHub; FHIR_SCHEMA_CASES names a folder to read them from instead.
 * Ends with 1 if an outcome is not the published one; messages are not compared.
 */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Failure, main, root } from "./lib/run.mjs";

const FILES = [
  ...["1_elements", "2_base", "3_choices", "4_required", "5_slices", "6_extensions", "7_bundles"],
];
const FROM = "https://raw.githubusercontent.com/fhir-schema/fhir-schema/HEAD/tests";

/** The names of the published cases for our rules, where they differ. */
const TYPES = { "slice-min": "slice-cardinality", "slice-max": "slice-cardinality" };

await main(async () => {
  const { validate } = await import(pathToFileURL(join(root, "dist/validate/index.js")));
  let right = 0;
  let wrong = 0;
  for (const file of FILES) {
    const { desc, schemas, tests } = JSON.parse(await textOf(`${file}.json`));
    for (const test of tests) {
      const set = schemaSet(test.data.resourceType, schemas);
      const found = key(
        validate(set, test.data).issues.map((issue) => published(issue, test.data)),
      );
      const wanted = key(test.errors ?? []);
      const note = test.skip ? " (which the publisher skips)" : "";
      console.log(`${found === wanted ? "right" : "WRONG"}  ${desc}: ${test.desc}${note}`);
      if (found === wanted) right += 1;
      else {
        wrong += 1;
        console.log(`       wanted ${wanted}\n       found  ${found}`);
      }
    }
  }
  console.log(`\n${right} right, ${wrong} wrong`);
  if (wrong > 0) throw new Failure("not every outcome is the published one");
});

async function textOf(file) {
  const folder = process.env["FHIR_SCHEMA_CASES"];
  if (folder) return readFileSync(join(folder, file), "utf8");
  const response = await fetch(`${FROM}/${file}`);
  if (!response.ok) throw new Failure(`${FROM}/${file}: ${response.status}`);
  return response.text();
}

/** Schemas by name, as the cases have them, as `schemasFor` would return them. */
function schemaSet(canonical, schemas) {
  const all = new Map(Object.entries(schemas));
  return {
    canonical,
    merged: undefined,
    schemas: all,
    types: all,
    targets: new Map(),
    missing: [],
  };
}

/** An issue as the published cases have them: their paths are those of JSON. */
function published({ rule, path }, data) {
  const json = path.replaceAll(/\[(\d+)\]/g, ".$1");
  return { type: TYPES[rule] ?? rule, path: json.replace(/([A-Za-z]+)\.ofType\((\w+)\)/, member) };
  function member(_, choice, type) {
    const name = choice + type.charAt(0).toUpperCase() + type.slice(1);
    return JSON.stringify(data).includes(`"${name}"`) ? name : choiceIn(data, choice);
  }
}

/** The member of a choice that is there, where its name is not that of its type. */
function choiceIn(data, choice) {
  return new RegExp(`"(${choice}[A-Z][A-Za-z]*)"`).exec(JSON.stringify(data))?.[1] ?? choice;
}

function key(errors) {
  const texts = errors.map(({ type, path }) => `${type} ${path}`);
  return JSON.stringify(texts.sort());
}
