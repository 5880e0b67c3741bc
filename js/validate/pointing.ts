/** References: what their text says of the target, and targets that are in the same resource. */

import { records } from "./entries.js";
import { coreType, isRecord, type SchemaElement, strings } from "./schema.js";
import type { Data, Place, Walk } from "./walk.js";

/** Types that no resource is of, while others are of them. */
const ABSTRACT: ReadonlySet<string> = new Set([
  ...["Resource", "DomainResource", "CanonicalResource", "MetadataResource"],
]);

/** Checks the type of what a value points at; what a reference does not say is handed to the caller. */
export function checkTarget(
  walk: Walk,
  element: SchemaElement,
  value: unknown,
  place: Place,
): void {
  const targets = strings(element.refers);
  const reference = textOf(value);
  // What a resource says of its profiles is looked up, not handed on.
  const isProfile = /\.meta\.profile\[\d+\]$/.test(place.path);
  if (targets.length === 0 || isProfile) return;
  const type = isRecord(value) ? targetType(walk, value, place) : undefined;
  if (targets.some((target) => typeName(target) === "Resource")) return;
  const allowed =
    type === undefined ? targets : targets.filter((one) => mayBe(walk, type, one) !== false);
  if (allowed.length === 0) {
    const names = targets.map((one) => walk.lookup.targetType(one) ?? one);
    const message = `points at a ${type}, allowed: ${[...new Set(names)].join(", ")}`;
    walk.findings.issue("reference-type", place.path, message);
  } else if (
    reference !== undefined &&
    (type === undefined || !allowed.some((one) => typeName(one) === type))
  ) {
    const deferred = { kind: "reference", path: place.path, reference, targets: allowed } as const;
    walk.findings.defer(deferred, allowed.join(" "));
  }
}

/** The type of what a reference points at, from the target or from the text; undefined if neither says. */
export function targetType(walk: Walk, value: unknown, place: Place): string | undefined {
  const target = targetOf(value, place);
  if (typeof target?.["resourceType"] === "string") return target["resourceType"];
  const holder = isRecord(value) && isRecord(value["reference"]) ? value["reference"] : value;
  const said = isRecord(holder) && typeof holder["type"] === "string" ? holder["type"] : undefined;
  return typeInText(walk, textOf(value) ?? "") ?? (said && typeName(said));
}

/** What a reference points at, if it is in the same resource or in the same Bundle. */
export function targetOf(value: unknown, { container, bundles }: Place): Data | undefined {
  const text = textOf(value);
  if (text === undefined) return undefined;
  if (text === "#") return container;
  if (text.startsWith("#")) {
    return records(container?.["contained"]).find(({ id }) => id === text.slice(1));
  }
  const [plain = ""] = text.split("/_history/", 1);
  for (const bundle of [...bundles].reverse()) {
    const resource = bundle.find(plain);
    if (resource !== undefined) return resource;
  }
  return undefined;
}

/** The text of a reference, of the reference in a CodeableReference, or of a canonical. */
function textOf(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  if (!isRecord(value)) return undefined;
  const { reference } = value;
  return typeof reference === "string"
    ? reference
    : isRecord(reference)
      ? textOf(reference)
      : undefined;
}

/** `Patient/1` and the like; the same at the end of a URL only where it names a type that is at hand. */
function typeInText(walk: Walk, text: string): string | undefined {
  const [, before = "", type] =
    /^(.*\/)?([A-Z][A-Za-z]+)\/[A-Za-z0-9.-]{1,64}(?:\/_history\/[A-Za-z0-9.-]{1,64})?$/.exec(
      text,
    ) ?? [];
  if (type === undefined) return undefined;
  return before === "" || walk.lookup.isType(type) ? type : undefined;
}

/** Whether a resource of a type may be what a canonical of a type or a profile names. */
function mayBe(walk: Walk, type: string, target: string): boolean | undefined {
  const wanted = walk.lookup.targetType(target);
  if (wanted === undefined) return undefined;
  return walk.lookup.isA(type, wanted) ?? (ABSTRACT.has(wanted) ? undefined : false);
}

/** The name of a type of FHIR, whose URL says no more; other canonicals as they are. */
function typeName(target: string): string {
  return coreType(target) ?? target;
}
