/** The counter of losses sees each one; the converter has none, over whole packages. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { ours } from "./converters.js";
import { everything } from "./everything.js";
import { isObject } from "./exact-json.js";
import { EXCUSES, KINDS, type Kind } from "./kinds.js";
import { findings, LossTable, losses } from "./losses.js";
import type { Definition, Node } from "./model.js";
import { definitionTexts, PACKAGES } from "./packages.js";

/** What no constraint of the definition asks for, or what is said twice: the URL of an extension is its profile. */
const UNASKED = [/^[.](url|type)$/, /[.]known[.]schema[.]profiles$/];
/** Warnings of what FHIR Schema has no place for. */
const PLACELESS = [
  "aggregation",
  "additional-binding",
  "expression",
  "must-have-value",
  "default-value",
];
/** Slices of R5 whose discriminator finds nothing in them, so that nobody can tell what is in the slice. */
const UNTELLABLE = [
  "slice-match http://hl7.org/fhir/StructureDefinition/history-bundle Bundle.entry:patch",
  "slice-match http://hl7.org/fhir/StructureDefinition/search-set-bundle Bundle.entry:other",
  "slice-match http://hl7.org/fhir/StructureDefinition/subscription-notification-bundle Bundle.entry:first",
  "slice-match http://hl7.org/fhir/StructureDefinition/subscription-notification-bundle Bundle.entry:other",
];
const EXPECTED: Readonly<Record<string, readonly string[]>> = { R5: UNTELLABLE };
/** The last of its slices may be any number after the others. */
const LAST_ORDER = "lab/one.order";
/** Kinds that `everything` has nothing of: they are met elsewhere. */
const ELSEWHERE: readonly Kind[] = [
  "repeats or not",
  "use of an extension",
  "value of a primitive",
];

test("a schema that says everything has no losses, and everything is looked up", () => {
  const found = findings(everything());
  assert.deepEqual(
    found.filter(({ isHeld }) => !isHeld),
    [],
  );
  const kinds = new Set(found.map(({ kind }) => kind));
  assert.deepEqual(KINDS.filter((kind) => !kinds.has(kind)).sort(), [...ELSEWHERE].sort());
});

test("whatever is taken from the schema, a loss is counted", () => {
  const kinds = new Set<Kind>();
  let taken = 0;
  for (const path of members(everything().schema)) {
    const name = path.map((step) => `.${step}`).join("");
    if (UNASKED.some((pattern) => pattern.test(name))) continue;
    const changed = everything();
    take(changed.schema, path);
    const lost = losses(changed);
    assert.notEqual(lost.length, 0, `${name} is not missed`);
    for (const { kind } of lost) kinds.add(kind);
    taken += 1;
  }
  assert.ok(taken > 150, `${taken}`);
  assert.deepEqual(KINDS.filter((kind) => !kinds.has(kind)).sort(), [...ELSEWHERE].sort());
});

test("whatever is another value in the schema, a loss is counted", () => {
  for (const path of members(everything().schema)) {
    const changed = everything();
    const before = get(changed.schema, path);
    if (isObject(before) || Array.isArray(before) || path.length === 1) continue;
    if (path.join(".").endsWith(LAST_ORDER)) continue;
    set(changed.schema, path, typeof before === "number" ? before + 1 : `${before}-`);
    assert.notEqual(losses(changed).length, 0, `${path.join(".")} is not compared`);
  }
});

test("a target, a type or a choice too many is a loss", () => {
  const more = { performer: "refers", odd: "types", value: "choices" };
  for (const [name, member] of Object.entries(more)) {
    const changed = everything();
    const list = get(changed.schema, ["elements", name, member]) as string[];
    list.push("another");
    assert.equal(losses(changed).length, 1, name);
  }
});

test("where an element repeats or not, the use of an extension and the value of a primitive are looked up, too", () => {
  const definition: Definition = {
    resourceType: "StructureDefinition",
    url: "http://example.org/StructureDefinition/Thing",
    type: "Thing",
    kind: "complex-type",
    derivation: "specialization",
    differential: {
      element: [{ path: "Thing" }, { path: "Thing.a", max: "1" }, { path: "Thing.b", max: "*" }],
    },
  };
  const count = (elements: Record<string, Node>) =>
    losses({ definition, schema: { elements }, warnings: [] }).length;
  assert.equal(count({ a: { scalar: true }, b: { array: true } }), 0);
  assert.equal(count({ a: {}, b: { array: true } }), 1);
  assert.equal(count({ a: { scalar: true }, b: { scalar: true } }), 1);

  const root = { path: "Extension", min: 1, max: "1" };
  const extension: Definition = {
    ...definition,
    type: "Extension",
    derivation: "constraint",
    differential: { element: [root] },
  };
  const use = (schema: Node) => losses({ definition: extension, schema, warnings: [] }).length;
  assert.deepEqual([{ min: 1, max: 1 }, { min: 1 }, {}].map(use), [0, 1, 2]);

  const code = "http://hl7.org/fhirpath/System.Integer";
  const regex = [{ url: "http://hl7.org/fhir/StructureDefinition/regex", valueString: "[0-9]" }];
  const value = { path: "thing.value", type: [{ code, extension: regex }], maxLength: 3 };
  const primitive: Definition = {
    ...definition,
    kind: "primitive-type",
    differential: { element: [value] },
  };
  const kindsLost = (schema: Node) =>
    losses({ definition: primitive, schema, warnings: [] }).map(({ kind }) => kind);
  assert.deepEqual(kindsLost({ regex: "[0-9]", primitiveType: code, maxLength: 3 }), []);
  assert.deepEqual(kindsLost({}), ["value of a primitive", "maxLength", "regex"]);
});

test("a warning excuses what it is about, of its own element", () => {
  const warned = (kind: string, element: string) => {
    const { definition, schema } = everything();
    take(schema, ["elements", "component", "slicing", "slices", "a", "match"]);
    return losses({ definition, schema, warnings: [{ kind, element, message: "" }] }).length;
  };
  assert.equal(warned("slice-match", "Observation.component:a"), 0);
  assert.equal(warned("slice-match", "Observation.component"), 2);
  assert.equal(warned("aggregation", "Observation.component:a"), 2);
});

test("what has no place in a schema must be warned about", () => {
  const changed = everything();
  const element = changed.definition.differential?.element?.find(({ path }) =>
    path.endsWith(".performer"),
  );
  Object.assign(element ?? {}, {
    type: [{ ...element?.type?.[0], aggregation: ["contained"] }],
    defaultValueString: "x",
    mustHaveValue: true,
    constraint: [{ key: "p-1", severity: "error", human: "in words" }],
    binding: { additional: [{}] },
  });
  const performer = get(changed.schema, ["elements", "performer"]) as Record<string, unknown>;
  performer["constraint"] = { "p-1": { severity: "error", human: "in words" } };
  performer["binding"] = {};
  assert.deepEqual(
    new Set(losses(changed).map(({ kind }) => kind)),
    new Set([
      "aggregation",
      "default value",
      "mustHaveValue",
      "invariant without expression",
      "additional binding",
    ]),
  );
  const kinds = [
    "aggregation",
    "default-value",
    "must-have-value",
    "expression",
    "additional-binding",
  ];
  const warnings = kinds.map((kind) => ({ kind, element: "Observation.performer", message: "" }));
  assert.deepEqual(losses({ ...changed, warnings }), []);
  assert.ok(kinds.every((kind) => kind in EXCUSES));
});

for (const [name, path] of Object.entries(PACKAGES)) {
  test(`${name}: nothing is lost, and warnings are of what has no place`, async () => {
    const table = new LossTable();
    const warnings: string[] = [];
    for (const text of definitionTexts(path)) {
      const converted = await ours(text);
      table.add(converted);
      const { url } = converted.definition;
      for (const { kind, element } of converted.warnings)
        warnings.push(`${kind} ${url} ${element}`);
    }
    console.log(`${table}`);
    assert.equal(table.lost, 0);
    const unexpected = warnings.filter(
      (warning) => !PLACELESS.some((kind) => warning.startsWith(kind)),
    );
    assert.deepEqual(unexpected, EXPECTED[name] ?? []);
  });
}

/** Paths of all members, items of lists not. */
function members(value: unknown, path: string[] = []): string[][] {
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([name, member]) => {
    const here = [...path, name];
    return [here, ...members(member, here)];
  });
}

function get(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (inside, step) => (isObject(inside) ? inside[step] : undefined),
    value,
  );
}

function set(value: unknown, path: readonly string[], to: unknown): void {
  const owner = get(value, path.slice(0, -1)) as Record<string, unknown>;
  owner[path.at(-1) ?? ""] = to;
}

function take(value: unknown, path: readonly string[]): void {
  const owner = get(value, path.slice(0, -1)) as Record<string, unknown>;
  delete owner[path.at(-1) ?? ""];
}
