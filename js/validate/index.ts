/**
 * `fhir-schema-store/validate`: the schemas that a profile needs, taken from a store; a validator over them;
 * and the same schemas in the form that the validator of `@atomic-ehr/fhirschema` reads.
 */

export { type AtomicSchemas, forAtomicValidator } from "./atomic.js";
export type {
  Deferred,
  DeferredBinding,
  DeferredCoding,
  DeferredInvariant,
  DeferredReference,
  DeferredSlice,
  Validation,
  ValidationIssue,
  ValidationRule,
  ValueSets,
} from "./result.js";
export type {
  FhirSchema,
  SchemaBinding,
  SchemaConstraint,
  SchemaElement,
  SchemaMatch,
  SchemaSlice,
  SchemaSlicing,
} from "./schema.js";
export {
  type ProfileSchemas,
  type SchemaSource,
  type SchemasOptions,
  schemasFor,
} from "./schemas-for.js";
export { withSetMethods } from "./set-methods.js";
export { type ValidateOptions, validate } from "./validate.js";
