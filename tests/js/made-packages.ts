/** Packages made for a test. */

import { gzipSync } from "node:zlib";
import { packTar } from "modern-tar";

/** A `.tgz` of `name#1` with these files beside its manifest; texts are taken as they are. */
export async function packageOf(
  name: string,
  files: Readonly<Record<string, object | string>>,
): Promise<Uint8Array> {
  const all = { "package.json": { name, version: "1" }, ...files };
  const entries = Object.entries(all).map(([file, value]) => {
    const body = Buffer.from(typeof value === "string" ? value : JSON.stringify(value));
    return { header: { name: `package/${file}`, size: body.length }, body };
  });
  return gzipSync(await packTar(entries));
}

/** A StructureDefinition that says `text`. */
export function definition(url: string, text: string, version?: string): object {
  const common = { resourceType: "StructureDefinition", kind: "resource", type: "Patient" };
  const differential = { element: [{ id: "Patient", path: "Patient" }] };
  return {
    ...common,
    url,
    ...(version && { version }),
    name: "N",
    description: text,
    differential,
  };
}
