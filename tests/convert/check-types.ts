/** What an element is: types, their profiles, targets of references, another element. */

import type { Looked, Said } from "./checks.js";
import { same } from "./exact-json.js";
import { type Element, type ElementType, extensionOf, typedName } from "./model.js";
import { type Finder, idOf, type Place, type Spot } from "./places.js";

/** Types that have targets. */
const REFERENCES = ["Reference", "canonical", "CodeableReference"];
const FHIR_TYPE = "http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type";
const PROFILE_ELEMENT = "http://hl7.org/fhir/StructureDefinition/elementdefinition-profile-element";
const FHIRPATH = "http://hl7.org/fhirpath/";

export function* types(looked: Looked): Generator<Said> {
  const { element, place, definition } = looked;
  if (place.isRoot || element.max === "0") return;
  const isValueOfPrimitive =
    definition.kind === "primitive-type" && element.path.endsWith(".value");
  if (isValueOfPrimitive) {
    yield* valueOfPrimitive(looked);
    return;
  }
  yield* codes(looked);
  yield* shortcut(looked);
  yield* profilesAndTargets(looked);
  yield* otherElement(looked);
  yield* withoutPlace(element.type ?? []);
}

function* valueOfPrimitive({ element, schema }: Looked): Generator<Said> {
  const code = element.type?.[0]?.code ?? "";
  if (!code.startsWith(FHIRPATH)) return;
  const isHeld = [code, code.slice(FHIRPATH.length)].includes(schema.primitiveType ?? "");
  yield { kind: "value of a primitive", isHeld, detail: code };
}

function* codes({ element, place, finder }: Looked): Generator<Said> {
  const said = distinct((element.type ?? []).map(({ code }) => code));
  if (place.choice !== undefined && !place.isSlice) {
    // Types that the differential leaves to the snapshot are the types of the element, too.
    const known = slicedCodes(element, finder) ?? place.codes ?? [];
    if (known.length > 0) yield choiceOf(place, known);
    return;
  }
  if (said.length === 0) return;
  const names = distinct((element.type ?? []).map(typeName));
  if (names.length === 1) {
    const all = [...names, ...said];
    const isHeld = place.spots.every(({ node, code }) => all.includes(node?.type ?? code ?? ""));
    yield { kind: "type", isHeld, detail: said.join() };
  } else if (place.isSliceOfChoice) {
    const isHeld = place.spots.every(({ node, code }) => node?.type === code);
    yield { kind: "several types", isHeld, detail: said.join() };
  } else {
    const isHeld = place.spots.every(({ node }) =>
      same([...(node?.types ?? [])].sort(), [...names].sort()),
    );
    yield { kind: "several types", isHeld, detail: said.join() };
  }
}

/** An element called `valueQuantity` leaves `value[x]` those types that the snapshot then has. */
function* shortcut({ element, place, finder }: Looked): Generator<Said> {
  const choice = finder.choiceOf(idOf(element));
  if (choice === undefined) return;
  const name = choice.path.replace(/^.*[.]/, "").replace("[x]", "");
  const all = distinct((choice.type ?? []).map(({ code }) => code));
  const expected = all.map((code) => typedName(name, code)).sort();
  const isHeld = place.spots.every(({ owner, node }) => {
    const { choices } = owner.elements?.[name] ?? {};
    // There is but one, so one that must be there leaves no other; and all types are the base's, perhaps.
    const isLeft = all.length > 1 || owner.required?.includes(place.spots[0]?.name ?? "");
    const isNamed = choices === undefined ? isLeft : same([...choices].sort(), expected);
    return node?.choiceOf === name && isNamed;
  });
  yield { kind: "types of a choice", isHeld, detail: `${all} of ${name}[x]` };
}

/** Types of the slices of a choice that is closed: no others are left. */
function slicedCodes(element: Element, finder: Finder): string[] | undefined {
  const { rules, discriminator = [] } = finder.member(idOf(element), "slicing") ?? {};
  const isByType = discriminator.every(({ type, path }) => type === "type" && path === "$this");
  if (rules !== "closed" || !isByType) return undefined;
  const slices = finder.slicesOf(idOf(element));
  const found = slices.flatMap((id) => finder.member(id, "type")?.map(({ code }) => code) ?? []);
  return found.length > 0 ? distinct(found) : undefined;
}

/** The choice names its typed elements, and each is there. */
function choiceOf({ choice, spots }: Place, known: readonly string[]): Said {
  const { node, name = "" } = choice ?? {};
  const expected = known.map((code) => typedName(name, code)).sort();
  const isNamed = same([...(node?.choices ?? [])].sort(), expected);
  const needed = spots.filter((spot) => known.includes(spot.code ?? ""));
  const areThere = needed.every(
    (spot) => spot.node?.type === spot.code && spot.node?.choiceOf === name,
  );
  return { kind: "types of a choice", isHeld: isNamed && areThere, detail: known.join() };
}

/** A profile can be one element of another definition: `url#id`. */
function profilesOf(type: ElementType): string[] {
  const { profile = [], _profile: more = [] } = type;
  return profile.map((url, index) => {
    const id = extensionOf(more[index] ?? undefined, PROFILE_ELEMENT);
    return id === undefined ? url : `${url}#${id}`;
  });
}

/** Of an id, which FHIRPath has a type of its own for, the type in FHIR. */
export function typeName(type: ElementType): string {
  return (extensionOf(type, FHIR_TYPE) as string | undefined) ?? type.code;
}

function* profilesAndTargets({ element, place }: Looked): Generator<Said> {
  for (const type of element.type ?? []) {
    const { code } = type;
    const spots =
      place.choice === undefined ? place.spots : place.spots.filter((spot) => spot.code === code);
    for (const profile of profilesOf(type)) {
      const isHeld = holds(spots, "profiles", profile) || areExtensions(spots, profile);
      yield { kind: "type.profile", isHeld, detail: `${code} ${profile}` };
    }
    for (const target of type.targetProfile ?? []) {
      yield {
        kind: "targetProfile",
        isHeld: holds(spots, "refers", target),
        detail: `${code} ${target}`,
      };
    }
  }
  yield* noOtherTargets({ element, place });
}

function holds(spots: readonly Spot[], member: "profiles" | "refers", url: string): boolean {
  return spots.length > 0 && spots.every(({ node }) => node?.[member]?.includes(url));
}

/** The URL of an extension is that of its definition. */
function areExtensions(spots: readonly Spot[], url: string): boolean {
  const isIt = ({ owner, sliceName = "" }: Spot) => owner.extensions?.[sliceName]?.url === url;
  return spots.length > 0 && spots.every(isIt);
}

/** A target that the definition does not name would allow what it forbids. */
function* noOtherTargets({ element, place }: Pick<Looked, "element" | "place">): Generator<Said> {
  for (const { node, code } of place.spots) {
    const said = (element.type ?? []).filter((type) => code === undefined || type.code === code);
    const targets = said.flatMap((type) => type.targetProfile ?? []);
    if (targets.length === 0 || !said.some((type) => REFERENCES.includes(type.code))) continue;
    const isHeld = (node?.refers ?? []).every((target) => targets.includes(target));
    if (!isHeld) yield { kind: "targetProfile", isHeld, detail: "others are allowed" };
  }
}

function* otherElement({ element, place, definition, schema }: Looked): Generator<Said> {
  const { contentReference } = element;
  if (contentReference === undefined) return;
  const [url = "", path = ""] = contentReference.split("#");
  const steps = path
    .split(".")
    .slice(1)
    .flatMap((step) => ["elements", step.replace("[x]", "")]);
  const type = definition.type.includes("/") ? definition.type : CORE + definition.type;
  const urls = url === "" ? [definition.url, schema.url ?? "", type] : [url];
  const isHeld = place.spots.every(({ node }) =>
    urls.some((base) => same(node?.elementReference, [base, ...steps])),
  );
  yield { kind: "contentReference", isHeld, detail: contentReference };
}

const CORE = "http://hl7.org/fhir/StructureDefinition/";

function* withoutPlace(said: NonNullable<Element["type"]>): Generator<Said> {
  if (said.some((type) => (type.aggregation ?? []).length > 0 || type.versioning !== undefined)) {
    yield { kind: "aggregation", isHeld: false };
  }
}

function distinct(names: readonly string[]): string[] {
  return [...new Set(names)];
}
