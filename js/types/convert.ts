/** What turns StructureDefinitions into schemas. */

import type { Dependency, JsonObject, Metadata } from "./entry.js";

/** What a converter returns for a StructureDefinition. */
export interface Conversion {
  /** The FHIR Schema. */
  readonly schema: JsonObject;
  /** What the schema needs. */
  readonly dependencies: readonly Dependency[];
}

/** Turns StructureDefinitions into FHIR Schemas. */
export interface Converter {
  /** Name of the converter; a source is converted again if this or the version has changed. */
  readonly id: string;
  /** Its version. */
  readonly version: string;
  /** Converts one StructureDefinition. What it throws is reported as CONVERSION. */
  convert(structureDefinition: JsonObject): Conversion;
}

/** What `convert` did. */
export interface ConvertResult {
  /** What is known of the stored schema. */
  readonly metadata: Metadata;
  /** False when the same source had been converted by the same converter before. */
  readonly converted: boolean;
}

/** Options of `convert`. */
export interface ConvertOptions {
  /** `package#version` it comes with. */
  readonly source?: string;
  /** Labels to find it by. If they differ from the stored ones, it is converted and stored again. */
  readonly tags?: readonly string[];
  /** As in `PutOptions`; a different cost alone is no reason to convert again. */
  readonly cost?: number;
  /** Resolve only when the schema is durable. Default: false. */
  readonly durable?: boolean;
}
