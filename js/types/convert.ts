/** What turns StructureDefinitions into schemas. */

import type { Dependency, JsonObject, Metadata } from "./entry.js";

/** What a converter makes of a StructureDefinition. */
export interface Conversion {
  readonly schema: JsonObject;
  readonly dependencies: readonly Dependency[];
}

/** Turns StructureDefinitions into FHIR Schemas. */
export interface Converter {
  /** Names the algorithm; part of the decision whether a source must be converted again. */
  readonly id: string;
  readonly version: string;
  convert(structureDefinition: JsonObject): Conversion;
}

/** What `convert` did. */
export interface ConvertResult {
  readonly metadata: Metadata;
  /** False when the same source had been converted by the same converter before. */
  readonly converted: boolean;
}

/** How a StructureDefinition is to be filed. */
export interface ConvertOptions {
  /** `package#version` it came with. */
  readonly source?: string;
  /** Other tags than the stored ones mean that it is converted and stored again. */
  readonly tags?: readonly string[];
  /** As in `PutOptions`; another one alone is no reason to convert again. */
  readonly cost?: number;
  readonly durable?: boolean;
}
