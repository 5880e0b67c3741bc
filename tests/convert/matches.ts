/** Which match a slice must have, by the discriminators of its element. */

import { isObject, same } from "./exact-json.js";
import { type Discriminator, type Element, type Match, typedMember } from "./model.js";
import { type Finder, idOf, withoutSlices } from "./places.js";

const CORE = "http://hl7.org/fhir/StructureDefinition/";

/** One thing that the match must say. */
export interface Expected {
  readonly detail: string;
  isIn(match: Match | undefined): boolean;
}

const MATCHES = ["pattern", "binding", "profile", "type", "exists", "position"];

/** What the match of this slice must say, one for each discriminator. */
export function matchOf(finder: Finder, element: Element, sliceName: string): Expected[] {
  const id = idOf(element);
  const sliced = id.slice(0, -sliceName.length - 1);
  const parent = sliceName.includes("/") ? id.slice(0, id.lastIndexOf("/")) : sliced;
  const slicing =
    finder.said(parent)?.slicing ??
    finder.said(sliced)?.slicing ??
    finder.inSnapshot(sliced)?.slicing;
  const isExtension = /[.](modifierE|e)xtension$/.test(element.path);
  const discriminators =
    slicing?.discriminator ?? (isExtension ? [{ type: "value", path: "url" }] : []);
  if (discriminators.length === 0) return [{ detail: "no discriminator", isIn: isNotEmpty }];
  return discriminators.map((one) =>
    isExtension && one.path === "url" ? ofExtension(finder, id) : expectation(finder, id, one),
  );
}

function expectation(finder: Finder, id: string, discriminator: Discriminator): Expected {
  const { type, path } = discriminator;
  const detail = `${type}:${path}`;
  const followed = path.includes("resolve()");
  const place = placeOf(finder, id, path);
  switch (type) {
    case "value":
    case "pattern":
      return followed ? ofKind(detail, ["profile"], true) : ofValue(finder, id, place, detail);
    case "type":
      return ofType(finder, place, detail, followed);
    case "profile":
      return ofProfile(finder, place, detail, followed);
    case "exists":
      return ofKind(detail, ["exists"]);
    default:
      return ofKind(detail, [type]);
  }
}

/** Id of the element where the path of a discriminator leads. */
function placeOf(finder: Finder, id: string, path: string): string {
  const steps = path
    .replace(/^[$]this[.]?/, "")
    .replaceAll(/extension[(]["']([^"']*)["'][)]/g, "extension")
    .split(".")
    .filter((step) => step !== "" && step !== "resolve()" && !step.startsWith("ofType"));
  return steps.reduce((above, step) => {
    const place = `${above}.${step}`;
    return finder.said(place) === undefined && finder.said(`${place}[x]`) ? `${place}[x]` : place;
  }, id);
}

function partsOf(match: Match | undefined): Match[] {
  if (match === undefined) return [];
  if (match.type === "all") return Array.isArray(match.value) ? match.value : [];
  const isPart = MATCHES.includes(`${match.type}`) || ("value" in match && "url" in match);
  // The published converters write the bare value.
  return isPart ? [match] : [{ type: "pattern", value: match }];
}

function isNotEmpty(match: Match | undefined): boolean {
  return partsOf(match).some(({ value }) => value !== undefined && !same(value, {}));
}

function ofKind(detail: string, kinds: readonly string[], followed = false): Expected {
  const isIn = (match: Match | undefined) =>
    isNotEmpty(match) &&
    partsOf(match).some(
      (part) => kinds.includes(part.type ?? "") && (!followed || part["resolve-ref"] === true),
    );
  return { detail, isIn };
}

/** URL of an extension: what its definition fixes, else the definition's own. */
export function urlOf(finder: Finder, id: string): unknown {
  const profile = finder.member(id, "type")?.[0]?.profile?.[0];
  return profile?.split("|")[0] ?? finder.constant(`${id}.url`);
}

function ofExtension(finder: Finder, id: string): Expected {
  const url = urlOf(finder, id);
  const isIn = (match: Match | undefined) =>
    url !== undefined &&
    match?.url === url &&
    partsOf(match).some(
      (part) => part.type === "pattern" && same(collect(part.value, ["url"]), [url]),
    );
  return { detail: `url ${url}`, isIn };
}

/** Fixed value, pattern or binding there, above or below. */
function ofValue(finder: Finder, id: string, place: string, detail: string): Expected {
  const path = place
    .slice(id.length + 1)
    .split(".")
    .filter((step) => step !== "");
  const values = constantsAt(finder, id, path);
  if (values.length > 0) {
    const isIn = (match: Match | undefined) =>
      partsOf(match).some(
        (part) =>
          part.type === "pattern" && values.every(({ at, value }) => isAt(part.value, at, value)),
      );
    return { detail, isIn };
  }
  if (finder.member(place, "binding") !== undefined) return ofKind(detail, ["binding"]);
  return ofKind(detail, ["pattern", "binding", "exists", "profile"]);
}

/** Constants that bear upon the path: there, at an element above it, or below it. */
function constantsAt(
  finder: Finder,
  id: string,
  path: readonly string[],
): { at: string[]; value: unknown }[] {
  for (let length = path.length; length >= 0; length -= 1) {
    const above = path.slice(0, length);
    const said = finder.constant([id, ...above].join("."));
    if (said === undefined) continue;
    const inside = collect(said, path.slice(length));
    return inside.map((value) => ({ at: [...path], value }));
  }
  return finder.below(id).flatMap((element) => {
    const value = constantOf(element);
    const here = idOf(element);
    const steps = withoutSlices(here.slice(id.length + 1)).split(".");
    const bears = path.every((step, index) => steps[index] === step);
    const isSure = value !== undefined && bears && finder.isSure(here, id) && !here.includes("[");
    return isSure ? [{ at: steps, value }] : [];
  });
}

function constantOf(element: Element | undefined): unknown {
  if (element === undefined) return undefined;
  return (typedMember(element, "fixed") ?? typedMember(element, "pattern"))?.value;
}

/** Values at a path, through arrays. */
function collect(value: unknown, path: readonly string[]): unknown[] {
  if (Array.isArray(value)) return value.flatMap((item) => collect(item, path));
  const [step, ...rest] = path;
  if (step === undefined) return [value];
  return isObject(value) && step in value ? collect(value[step], rest) : [];
}

function isAt(pattern: unknown, path: readonly string[], value: unknown): boolean {
  const wanted = Array.isArray(value) ? value : [value];
  const found = collect(pattern, path);
  return wanted.every((one) => found.some((there) => same(there, one)));
}

function ofType(finder: Finder, place: string, detail: string, followed: boolean): Expected {
  const types = finder.member(place, "type") ?? [];
  const targets = types.flatMap((type) => type.targetProfile ?? []);
  // Of what type the data is that conforms to a profile, the profile says.
  if (followed && !targets.every((url) => url.startsWith(CORE)))
    return ofProfile(finder, place, detail, true);
  const names = followed
    ? targets.map((url) => url.slice(CORE.length))
    : types.map(({ code }) => code);
  const isIn = (match: Match | undefined) =>
    partsOf(match).some(
      (part) =>
        part.type === "type" &&
        mentions(part.value, names) &&
        (!followed || part["resolve-ref"] === true),
    );
  return { detail, isIn };
}

function ofProfile(finder: Finder, place: string, detail: string, followed: boolean): Expected {
  const types = finder.member(place, "type") ?? [];
  const urls = types.flatMap((type) => (followed ? type.targetProfile : type.profile) ?? []);
  const isIn = (match: Match | undefined) =>
    partsOf(match).some(
      (part) =>
        part.type === "profile" &&
        mentions(part.value, urls) &&
        (!followed || part["resolve-ref"] === true),
    );
  return { detail, isIn };
}

/** Every one of the names is somewhere in the value. */
function mentions(value: unknown, names: readonly string[]): boolean {
  const text = JSON.stringify(value) ?? "";
  return names.length > 0 && names.every((name) => text.includes(JSON.stringify(name)));
}
