/**
 * `fhir-schema-store/inline`: the core and every part inside the script, for setups that cannot serve a `.wasm`, and
 * for service workers, which may not load a part when it is needed.
 */

import { loadCore } from "./load/inline.js";
import { type OpenSchemaStore, opener } from "./open.js";
import { webPlatform } from "./platform/web.js";

export * from "./api.js";
export {
  type FhirSchemaConversion,
  type FhirSchemaConverter,
  fhirSchemaConverter,
} from "./convert/converter.js";

/** Opens a store over IndexedDB. */
export const openSchemaStore: OpenSchemaStore = opener({ ...webPlatform, loadCore });
