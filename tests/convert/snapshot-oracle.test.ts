/**
 * The published snapshots as oracle: merged from profile to base, the schemas say the same of each element.
 * Each difference is of a kind that is listed and explained in oracle-kinds.ts. `FSS_R4` may name a package
 * of FHIR R4, which US Core is based on; else R4B stands in for it.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { convertAll } from "./converters.js";
import { Library } from "./library.js";
import type { Converted, Node } from "./model.js";
import { type Aspect, type Difference, differences, tell } from "./oracle.js";
import { KINDS } from "./oracle-kinds.js";
import { definitionTexts, PACKAGES } from "./packages.js";

const BASE = process.env["FSS_R4"] ?? PACKAGES.R4B;
const CORE = "http://hl7.org/fhir/StructureDefinition/";
const BASES: Readonly<Record<string, readonly string[]>> = {
  R4B: [],
  R5: [],
  "US Core 3.1.1": [BASE],
  "US Core 6.1.0": [BASE],
};
const converted = new Map<string, Converted[]>();
const seen = new Set<string>();

for (const [name, path] of Object.entries(PACKAGES)) {
  test(`${name}: the schemas say what the snapshots say`, async () => {
    const library = await libraryOf([...(BASES[name] ?? []), path]);
    const counts = new Map<string, number>();
    const unknown: string[] = [];
    let compared = 0;
    for (const one of await convertPackage(path)) {
      const result = differences(one, library);
      compared += result.compared;
      for (const difference of result.found) {
        const kind = kindOf(difference, library);
        if (kind === undefined) unknown.push(tell(difference));
        else counts.set(kind, (counts.get(kind) ?? 0) + 1);
        seen.add(`${kind}`);
      }
    }
    const told = [...counts].map(([kind, count]) => `${count} ${kind}`).join(", ");
    console.log(`${compared} comparisons; differences: ${told}`);
    assert.deepEqual(unknown, []);
  });
}

test("every kind is met", () => {
  // None is, where US Core is over R4 itself.
  const names = KINDS.map(({ name }) => name).filter((name) => name !== "R4 over R4B");
  assert.deepEqual(
    names.filter((name) => !seen.has(name)),
    [],
  );
});

/** What is changed in a schema, and where that is seen. */
const CHANGES: readonly [Aspect, string, (schema: never) => void][] = [
  ["element", "Patient", ({ elements }: Changed) => void delete elements["name"]],
  ["min", "Observation", (schema: Changed) => void delete schema["required"]],
  ["max", "Patient", ({ elements }: Changed) => void delete elements["name"]?.["array"]],
  ["types", "Patient", ({ elements }: Changed) => set(elements["active"], "type", "string")],
  [
    "types",
    "Patient",
    ({ elements }: Changed) => set(elements["deceased"], "choices", ["deceasedBoolean"]),
  ],
  [
    "profiles",
    "CarePlan",
    ({ elements }: Changed) => void delete detail(elements)["dailyAmount"]?.["profiles"],
  ],
  [
    "targets",
    "Patient",
    ({ elements }: Changed) => set(elements["generalPractitioner"], "refers", []),
  ],
  [
    "contentReference",
    "Questionnaire",
    ({ elements }: Changed) => void delete inside(elements["item"])["item"]?.["elementReference"],
  ],
  [
    "binding",
    "Patient",
    ({ elements }: Changed) => set(elements["gender"], "binding", { strength: "example" }),
  ],
  [
    "binding",
    "Observation",
    ({ elements }: Changed) =>
      set(inside(elements["component"])["dataAbsentReason"], "binding", {}),
  ],
  [
    "fixed",
    "ldlcholesterol",
    ({ elements }: Changed) => set(inside(elements["referenceRange"])["high"], "fixed", {}),
  ],
  [
    "pattern",
    "provenance-relevant-history",
    ({ elements }: Changed) => set(slice(elements, "agent", "Author")["type"], "pattern", {}),
  ],
  ["flags", "Patient", ({ elements }: Changed) => set(elements["active"], "isModifier", undefined)],

  ["invariants", "Patient", ({ elements }: Changed) => set(elements["contact"], "constraint", {})],
  [
    "slices",
    "bp",
    ({ elements }: Changed) => set(elements["component"]?.["slicing"], "slices", {}),
  ],
];

type Members = Record<string, Record<string, unknown> | undefined>;
type Changed = { elements: Members; [member: string]: unknown };

test("whatever is changed in a schema, the snapshot says otherwise", async () => {
  for (const [aspect, name, change] of CHANGES) {
    const all = await convertPackage(PACKAGES.R4B);
    const one = all.find(({ definition }) => definition.url === CORE + name);
    assert.ok(one, name);
    const schema = structuredClone(one.schema) as Node;
    change(schema as never);
    const changed = { ...one, schema };
    const library = await libraryOf([], [changed], [PACKAGES.R4B]);
    const found = differences(changed, library).found.filter(
      (difference) => !kindOf(difference, library),
    );
    const aspects = found.map((difference) => difference.aspect);
    assert.ok(aspects.includes(aspect), `${name}: ${aspect} is not missed, but ${aspects.join()}`);
  }
});

function kindOf(difference: Difference, library: Library): string | undefined {
  return KINDS.find((kind) => kind.is(difference, library))?.name;
}

/** Packages, of which the first that has a URL gives it, and definitions before those of the last packages. */
async function libraryOf(
  before: readonly string[],
  own: readonly Converted[] = [],
  after: readonly string[] = [],
): Promise<Library> {
  const library = new Library();
  for (const path of before) library.add(await convertPackage(path));
  library.add(own);
  for (const path of after) library.add(await convertPackage(path));
  return library;
}

async function convertPackage(path: string): Promise<Converted[]> {
  const known = converted.get(path) ?? (await convertAll(definitionTexts(path)));
  converted.set(path, known);
  return known;
}

function inside(element: Record<string, unknown> | undefined): Members {
  return (element?.["elements"] ?? {}) as Members;
}

function detail(elements: Members): Members {
  return inside(inside(elements["activity"])["detail"]);
}

function slice(elements: Members, name: string, sliceName: string): Members {
  const { slices } = (elements[name]?.["slicing"] ?? {}) as {
    slices?: Record<string, { schema?: Record<string, unknown> }>;
  };
  return inside(slices?.[sliceName]?.schema);
}

function set(element: unknown, member: string, value: unknown): void {
  assert.ok(typeof element === "object" && element !== null, `no element to set ${member} of`);
  Object.assign(element, { [member]: value });
}
