/** StructureDefinitions of packages, as text. */

import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { exactText, parseExact } from "./exact-json.js";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** The packages that the judges are tested with. */
export const PACKAGES = {
  R4B: join(root, "node_modules", "hl7.fhir.r4b.core"),
  R5: join(root, "node_modules", "hl7.fhir.r5.core"),
  "US Core 3.1.1": join(root, "tests", "fixtures", "us_core_311.tgz"),
  "US Core 6.1.0": join(root, "tests", "fixtures", "us_core_610.tgz"),
} as const;

/** The text of each StructureDefinition in a package: an archive or a folder, Bundles opened. */
export function definitionTexts(path: string): string[] {
  if (statSync(path).isDirectory()) return fromFolder(path);
  const folder = mkdtempSync(join(tmpdir(), "fss-definitions-"));
  try {
    execFileSync("tar", ["xzf", path, "-C", folder]);
    return fromFolder(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function fromFolder(folder: string): string[] {
  const inner = join(folder, "package");
  const place = existsSync(inner) ? inner : folder;
  const names = readdirSync(place).filter(
    (name) => name.endsWith(".json") && !/^[.]|^package/.test(name),
  );
  return names.sort().flatMap((name) => fromFile(readFileSync(join(place, name), "utf8")));
}

function fromFile(text: string): string[] {
  if (!text.includes('"StructureDefinition"')) return [];
  const resource = parseExact<{ resourceType?: string; entry?: { resource?: object }[] }>(text);
  if (resource.resourceType === "StructureDefinition") return [text];
  if (resource.resourceType !== "Bundle") return [];
  const inside = (resource.entry ?? []).map((entry) => entry.resource ?? {});
  return inside
    .filter((one) => "resourceType" in one && one.resourceType === "StructureDefinition")
    .map((one) => exactText(one));
}
