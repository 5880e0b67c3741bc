/** `fhir-schema-store` in Node. */

import { type OpenSchemaStore, opener } from "./open.js";
import { node } from "./platform/node.js";

export * from "./api.js";
export { defaultDirectory } from "./platform/node.js";

/** Opens a store over a directory. */
export const openSchemaStore: OpenSchemaStore = opener(node);
