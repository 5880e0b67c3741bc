/** Validation of a resource against a profile. */

import { check, checkGiven, FUNCTION, PLAIN, type Rules } from "../rules.js";
import { checkItem } from "./item.js";
import { Lookup } from "./lookup.js";
import { Findings, type Validation, type ValueSets } from "./result.js";
import { isRecord, type SchemaElement } from "./schema.js";
import { type ProfileSchemas, SCHEMAS } from "./schemas-for.js";
import { below, type Data, type Place, type Walk } from "./walk.js";

/** Options of `validate`. */
export interface ValidateOptions {
  /**
   * The codes of a value set, as `code` or `system|code`; undefined for those to be deferred. It is asked
   * whenever data is bound to one, so it should remember.
   */
  readonly valueSets?: ValueSets;
}

const RULES: Rules<ValidateOptions> = { valueSets: FUNCTION };

/** Merged schemas are worth keeping for the next resource. */
const lookups = new WeakMap<ProfileSchemas, Lookup>();

/**
 * Validates a resource, or data of another type, against a profile and against the profiles that the data
 * itself names. Reads nothing and waits for nothing: what `schemas` does not have is `missing`; what needs
 * a FHIRPath engine, a terminology service or another resource is `deferred`. Schemas are merged when they
 * are first needed, and kept: change them before the first call only. INVALID_VALUE for wrong arguments.
 */
export function validate(
  schemas: ProfileSchemas,
  resource: object,
  options: ValidateOptions = {},
): Validation {
  check(schemas, SCHEMAS, "schemas");
  check(resource, PLAIN, "resource");
  checkGiven(options, RULES);
  const lookup = lookups.get(schemas) ?? new Lookup(schemas);
  lookups.set(schemas, lookup);
  const findings = new Findings();
  const walk = walkOf(lookup, findings, options.valueSets);
  const data = resource as Data;
  const profile = lookup.schema(schemas.canonical);
  if (profile === undefined) findings.missing(schemas.canonical);
  const said = profile ? [profile] : ownType(data);
  walk.check(said, { value: data, extra: undefined }, startOf(data, profile));
  return findings.result();
}

/** Without the profile, a resource is still of its type. */
function ownType({ resourceType }: Data): SchemaElement[] {
  return typeof resourceType === "string" ? [{ type: resourceType }] : [];
}

function startOf(data: Data, profile: SchemaElement | undefined): Place {
  const name = data["resourceType"] ?? profile?.type;
  const nowhere = { path: "", depth: 0, container: undefined, bundles: [] };
  const { path } = below(nowhere, typeof name === "string" ? name : "data");
  return { ...nowhere, path: path.slice(1) };
}

/** What was asked before, by value and schema; undefined as long as the answer is being looked for. */
type Answers = WeakMap<object, Map<SchemaElement, boolean | undefined>>;

function walkOf(
  lookup: Lookup,
  findings: Findings,
  valueSets: ValueSets | undefined,
  answers: Answers = new WeakMap(),
): Walk {
  const walk: Walk = {
    lookup,
    findings,
    valueSets,
    check: (elements, item, place) => checkItem(walk, elements, item, place),
    conforms: (value, schema, place) => {
      const known = answersAbout(answers, value);
      if (known.has(schema)) return known.get(schema);
      known.set(schema, undefined);
      const own = new Findings();
      const item = { value, extra: undefined };
      walkOf(lookup, own, valueSets, answers).check([schema], item, place);
      for (const canonical of own.result().missing) findings.missing(canonical);
      const otherwise = own.hasGaps ? undefined : true;
      const answer = own.hasErrors ? false : otherwise;
      known.set(schema, answer);
      return answer;
    },
  };
  return walk;
}

/** Values that are no objects are asked about anew. */
function answersAbout(answers: Answers, value: unknown): Map<SchemaElement, boolean | undefined> {
  if (!isRecord(value)) return new Map();
  const known = answers.get(value) ?? new Map<SchemaElement, boolean | undefined>();
  answers.set(value, known);
  return known;
}
