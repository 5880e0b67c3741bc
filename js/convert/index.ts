/**
 * `fhir-schema-store/convert`: the default converter and the FHIR package reader. Nothing in here
 * needs Node; paths and standard input are read by `fhir-schema-store/convert/node`.
 */

export type { PackageContents } from "./contents.js";
export {
  type FhirSchemaConversion,
  type FhirSchemaConverter,
  fhirSchemaConverter,
  noConverter,
} from "./converter.js";
export { schemaDependencies } from "./dependencies.js";
export type { PackageManifest } from "./manifest.js";
export { type FhirPackage, openPackage, type PackageSource } from "./package.js";
export { EMPTY_URL, INCOMPLETE_URL, incompletePackages } from "./package-marks.js";
export type { PackageProblem, PackageResource } from "./resources.js";
export { type PackageStore, type SaveOptions, savePackage, savePackages } from "./save.js";
export type {
  SaveDuplicate,
  SaveFailure,
  SaveProgress,
  SaveReport,
  SaveWarning,
} from "./save-report.js";
