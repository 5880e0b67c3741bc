/** `fhir-schema-store` in browsers and workers. */

import { loadCore } from "./load/web.js";
import { type OpenSchemaStore, opener } from "./open.js";
import { webPlatform } from "./platform/web.js";

export * from "./api.js";

/** Opens a store over IndexedDB. */
export const openSchemaStore: OpenSchemaStore = opener({ ...webPlatform, loadCore });
