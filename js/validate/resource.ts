/** Resources: the one that is validated, those that it contains, and those in the entries of a Bundle. */

import { Entries } from "./entries.js";
import { checkObject } from "./object.js";
import { type FhirSchema, isRecord, type SchemaElement, strings, typeUrl } from "./schema.js";
import { below, type Data, type Place, type Walk } from "./walk.js";

/** Checks a resource against what is said of it, its own type and its profiles. Returns all of that. */
export function checkResource(
  walk: Walk,
  said: readonly SchemaElement[],
  data: Data,
  place: Place,
): readonly SchemaElement[] {
  const type = data["resourceType"];
  const further: FhirSchema[] = [];
  const where = below(place, "resourceType").path;
  if (typeof type !== "string")
    walk.findings.issue("resource-type", where, "resourceType is required");
  else {
    further.push(...named(walk, type, typeUrl(type)));
    for (const profile of profilesOf(data)) further.push(...profileOf(walk, type, profile, place));
  }
  const fits =
    typeof type !== "string" ? said : said.filter((one) => isFit(walk, type, one, where));
  const all = walk.lookup.collect([...fits, ...further]);
  for (const canonical of all.missing) walk.findings.missing(canonical);
  // The type that was looked for in vain may say more.
  const partly = typeof type !== "string" || walk.lookup.schema(type) === undefined;
  const missing = partly ? [...all.missing, String(type)] : all.missing;
  const bundles = type === "Bundle" ? [...place.bundles, new Entries(data)] : place.bundles;
  const isContained = /\.contained(\[\d+\])?$/.test(place.path);
  const container = isContained ? place.container : data;
  checkObject(walk, { all: all.all, missing }, data, { ...place, bundles, container }, true);
  return all.all;
}

/** The profiles that a resource names. */
function profilesOf(data: Data): string[] {
  const { meta } = data;
  return isRecord(meta) && Array.isArray(meta["profile"]) ? strings(meta["profile"]) : [];
}

function named(walk: Walk, name: string, canonical: string): FhirSchema[] {
  const schema = walk.lookup.schema(name);
  if (schema === undefined) walk.findings.missing(canonical);
  return schema === undefined ? [] : [schema];
}

/** A profile that a resource names, unless it is one of another type. */
function profileOf(walk: Walk, type: string, profile: string, place: Place): FhirSchema[] {
  return named(walk, profile, profile).filter((schema) => {
    const isOther = typeof schema.type === "string" && walk.lookup.isA(type, schema.type) === false;
    const path = `${place.path}.meta.profile`;
    if (isOther)
      walk.findings.issue("resource-type", path, `${profile} is a profile of ${schema.type}`);
    return !isOther;
  });
}

/** Whether a resource is of the type that a schema is about; what that says does not matter otherwise. */
function isFit(walk: Walk, type: string, schema: SchemaElement, path: string): boolean {
  const wanted = schema["kind"] === "resource" ? schema.type : undefined;
  if (typeof wanted !== "string") return true;
  const isSo = walk.lookup.isA(type, wanted);
  const isAbstract = walk.lookup.schema(wanted)?.["abstract"] === true;
  if (isSo === true || (isSo === undefined && isAbstract)) return true;
  walk.findings.issue("resource-type", path, `${type} is no ${wanted}`);
  return false;
}
