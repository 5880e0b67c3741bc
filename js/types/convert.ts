/** What turns StructureDefinitions into schemas. */

import type { Dependency, JsonObject, Metadata } from "./entry.js";

/** Something of a StructureDefinition that FHIR Schema has no place for, or that the definition leaves open. */
export type WarningKind =
  /** How a reference may be given (contained, referenced, bundled), and whether its version must be. */
  | "aggregation"
  /** Additional bindings, and the largest and smallest value sets. */
  | "additional-binding"
  /** An invariant without a FHIRPath expression, which nobody can evaluate, without key, or with another one's key. */
  | "expression"
  /** An extension of the definition that constrains data, such as minLength or imposeProfile. */
  | "extension"
  /** R5's mustHaveValue and valueAlternatives. */
  | "must-have-value"
  /** A default value. */
  | "default-value"
  /** Nothing tells which data belongs to a slice, or less than its discriminators mean: one finds nothing in it. */
  | "slice-match"
  /** A choice whose types neither differential nor snapshot says; its constraints stand at `value`. */
  | "choice-types"
  /** A slice of a choice that must be there and has several types. */
  | "choice-slice"
  /** A contentReference that points at no element. */
  | "content-reference"
  /** An id that does not fit its path, or a sliceName that does not fit its id. */
  | "element-id"
  /** An element that is not below the root of the definition: it is left out. */
  | "element-path"
  /** An element that stands twice: both are in, the later one wins. */
  | "duplicate-element"
  /** An element before the one it is part of. */
  | "element-order"
  /** A min greater than the max. */
  | "cardinality";

/** Something of a StructureDefinition that its schema does not say. */
export interface ConversionWarning {
  /** Of what kind it is. */
  readonly kind: WarningKind;
  /** Id of the element, or its path if it has none. */
  readonly element: string;
  /** What, and why. */
  readonly message: string;
}

/** What a converter makes of a StructureDefinition. */
export interface Conversion {
  /** The FHIR Schema, or its JSON text, which is stored byte for byte. */
  readonly schema: JsonObject | string;
  /** What the schema needs. */
  readonly dependencies: readonly Dependency[];
  /** What the schema does not say of the definition; absent if nothing. */
  readonly warnings?: readonly ConversionWarning[];
}

/** Turns StructureDefinitions into FHIR Schemas. */
export interface Converter {
  /** Name of the converter; a source is converted again if this or the version has changed. */
  readonly id: string;
  /** Its version: to be another one whenever it makes something else of the same source. */
  readonly version: string;
  /**
   * Converts one StructureDefinition, at once or later; `text` is its JSON as it came, in which numbers have all their
   * digits, and `bytes` is that text in UTF-8. Whatever it throws or rejects with is reported as CONVERSION, and so is
   * a result of another shape.
   */
  convert(
    structureDefinition: JsonObject,
    text: string,
    bytes: Uint8Array,
  ): Conversion | Promise<Conversion>;
}

/** What `convert` did. */
export interface ConvertResult {
  /** What is known of the stored schema. */
  readonly metadata: Metadata;
  /** False when the same source had been converted by the same converter before. */
  readonly converted: boolean;
  /** What the schema does not say of the definition; empty if nothing, and where nothing was converted. */
  readonly warnings: readonly ConversionWarning[];
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
