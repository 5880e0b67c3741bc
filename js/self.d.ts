/** This package by its name, which leads to the entry for Node or to that for browsers. */
declare module "fhir-schema-store" {
  export const openSchemaStore: import("./open.js").OpenSchemaStore;
}
