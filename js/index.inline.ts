/** `fhir-schema-store/inline`: the core inside the script, for setups that cannot serve a `.wasm`. */

import { loadCore } from "./load/inline.js";
import { type OpenSchemaStore, opener } from "./open.js";
import { webPlatform } from "./platform/web.js";

export * from "./api.js";

/** Opens a store over IndexedDB. */
export const openSchemaStore: OpenSchemaStore = opener({ ...webPlatform, loadCore });
