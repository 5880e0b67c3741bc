/** What a package holds, to explain why nothing of it could be saved. */

import { type PackageFile, readResources } from "./resources.js";

/** What a package holds where no StructureDefinition lies beside its manifest. */
export interface PackageContents {
  /** All of the below in one sentence. */
  readonly sentence: string;
  /** Resources beside the manifest by type, those in Bundles by their own: `{ ValueSet: 3 }`. */
  readonly resources: Readonly<Record<string, number>>;
  /** Files in forms that are not read, by ending: `xml`, `ttl`, `ndjson`, `fsh`. */
  readonly otherForms: Readonly<Record<string, number>>;
  /** Folders that are no part of a FHIR package, with the number of files in them that define something. */
  readonly elsewhere: Readonly<Record<string, number>>;
  /** Folder of a `package.json` that lies deeper than one is looked for. */
  readonly manifestIn?: string;
}

/** The place a package was taken from, all of it. */
export interface Surroundings {
  /** What messages call it. */
  readonly name: string;
  /** Folder that is read, with its slash; empty at the top. */
  readonly root: string;
  /** Every file, named by its path. */
  files(): Promise<readonly PackageFile[]>;
}

/** Endings of files that hold FHIR resources, but not in JSON. */
const OTHER_FORMS = ["xml", "ttl", "ndjson", "fsh"];
const DEFINES = /"resourceType"\s*:\s*"StructureDefinition"/;
/** Names of one kind that the sentence lists. */
const TOLD = 5;

/** Reads every file, which takes as long as saving does. */
export async function contentsOf(
  { name, root, files }: Surroundings,
  beside: readonly PackageFile[],
): Promise<PackageContents> {
  const [resources, otherForms, elsewhere] = [new Counts(), new Counts(), new Counts()];
  const reading = { resourceType: undefined, openBundles: true, problems: [] };
  for await (const { resource } of readResources(beside, reading)) {
    resources.add(`${resource.resourceType}`);
  }
  const all = await files();
  for (const file of all) {
    const { folder, ending } = splitPath(file.name);
    if (OTHER_FORMS.includes(ending)) otherForms.add(ending);
    const isBeside = `${folder}/` === root || folder === root;
    if (ending === "json" && !isBeside && (await defines(file))) elsewhere.add(folder);
  }
  const isHere = all.some((file) => file.name === `${root}package.json`);
  const deeper = all.find((file) => splitPath(file.name).base === "package.json");
  const manifestIn = isHere || deeper === undefined ? undefined : splitPath(deeper.name).folder;
  return {
    sentence: sentenceOf(name, resources, otherForms, elsewhere, manifestIn),
    resources: resources.toRecord(),
    otherForms: otherForms.toRecord(),
    elsewhere: elsewhere.toRecord(),
    ...(manifestIn === undefined ? undefined : { manifestIn }),
  };
}

function splitPath(path: string): { folder: string; base: string; ending: string } {
  const slash = path.lastIndexOf("/");
  const base = path.slice(slash + 1);
  const ending = /\.(\w+)$/.exec(base)?.[1]?.toLowerCase() ?? "";
  return { folder: path.slice(0, Math.max(slash, 0)), base, ending };
}

async function defines(file: PackageFile): Promise<boolean> {
  // An unreadable file is not counted.
  const bytes = await file.read().catch(() => new Uint8Array());
  return DEFINES.test(new TextDecoder().decode(bytes));
}

function sentenceOf(
  name: string,
  resources: Counts,
  otherForms: Counts,
  elsewhere: Counts,
  manifestIn: string | undefined,
): string {
  const parts: string[] = [];
  if (resources.size > 0) {
    parts.push(`it has ${resources.tell((type, count) => `${count} ${type}`)}`);
  }
  if (otherForms.size > 0) {
    const forms = otherForms.tell((ending, count) => `${files(count)} in .${ending}`);
    parts.push(`${forms}, but only JSON is read`);
  }
  if (manifestIn !== undefined) {
    parts.push(`its package.json is nested too deep, in ${manifestIn}/`);
  }
  if (elsewhere.size > 0) {
    const folders = elsewhere.tell((folder, count) => `${folder || "."}/ (${files(count)})`);
    parts.push(
      `there are StructureDefinitions in ${folders}, outside the package itself: unpack it and save those folders`,
    );
  }
  if (parts.length === 0) parts.push("it has no JSON resources");
  return `${name} has no StructureDefinition where a package keeps them: ${parts.join("; ")}`;
}

function files(count: number): string {
  return count === 1 ? "1 file" : `${count} files`;
}

/** How often each name came. */
class Counts {
  readonly #counts = new Map<string, number>();

  get size(): number {
    return this.#counts.size;
  }

  add(name: string): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
  }

  /** The most frequent ones, and how many more there are. */
  tell(one: (name: string, count: number) => string): string {
    const sorted = [...this.#counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
    const told = sorted.slice(0, TOLD).map(([name, count]) => one(name, count));
    if (sorted.length > TOLD) told.push(`${sorted.length - TOLD} more`);
    return told.join(", ");
  }

  toRecord(): Record<string, number> {
    return Object.fromEntries(this.#counts);
  }
}
