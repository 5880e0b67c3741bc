/**
 * The constraints of definitions that their schemas do not say: each element is walked, and each of its
 * constraints is looked up at the place where `docs/guides/fhir-schema.md` says that it stands.
 */

import { CHECKS, type Said } from "./checks.js";
import { EXCUSES, type Kind } from "./kinds.js";
import { type Converted, elementsOf, nameOf } from "./model.js";
import { Finder } from "./places.js";

/** A constraint of an element, and whether the schema says it. */
export interface Finding {
  readonly definition: string;
  readonly element: string;
  readonly kind: Kind;
  readonly isHeld: boolean;
  /** A warning says that it is not held. */
  readonly isWarned: boolean;
  readonly detail: string;
}

/** Every constraint of the definition. */
export function findings({ definition, schema, warnings }: Converted): Finding[] {
  const finder = new Finder(definition, schema);
  const found: Finding[] = [];
  for (const [index, element] of finder.elements.entries()) {
    const place = finder.find(element);
    const name = nameOf(elementsOf(definition)[index] ?? element);
    const about = warnings.filter((warning) => warning.element === name);
    const excused = new Set(about.flatMap(({ kind }) => EXCUSES[kind] ?? []));
    const add = ({ kind, isHeld, detail = "" }: Said) => {
      const isWarned = !isHeld && excused.has(kind);
      const { url } = definition;
      found.push({ definition: url, element: name, kind, isHeld, isWarned, detail });
    };
    for (const check of CHECKS)
      for (const said of check({ definition, schema, element, place, finder })) add(said);
  }
  return found;
}

/** Those that neither schema nor warnings say. */
export function losses(converted: Converted): Finding[] {
  return findings(converted).filter(({ isHeld, isWarned }) => !isHeld && !isWarned);
}

/** A count of the findings of one kind. */
export interface Row {
  readonly kind: Kind;
  said: number;
  lost: number;
  readonly definitions: Set<string>;
  warned: number;
  readonly examples: string[];
}

const EXAMPLES = 3;

/** How many constraints there are by kind, and how many are lost or warned about. */
export class LossTable {
  readonly rows = new Map<Kind, Row>();
  definitions = 0;

  add(converted: Converted): void {
    this.definitions += 1;
    for (const finding of findings(converted)) this.#count(finding);
  }

  /** Lost without a warning, in all. */
  get lost(): number {
    return [...this.rows.values()].reduce((sum, row) => sum + row.lost, 0);
  }

  /** As a table in Markdown. */
  toString(): string {
    const lines = [...this.rows.values()].map(
      (row) =>
        `| ${row.kind} | ${row.said} | ${row.lost} | ${row.definitions.size} | ${row.warned} | ${row.examples.join("; ")} |`,
    );
    const touched = new Set([...this.rows.values()].flatMap((row) => [...row.definitions]));
    const total = `| **in all** (${this.definitions} definitions) | ${this.#sum("said")} | ${this.lost} | ${touched.size} | ${this.#sum("warned")} | |`;
    return [
      "| kind | said | lost | definitions | warned | examples |",
      "|---|---|---|---|---|---|",
      ...lines,
      total,
    ].join("\n");
  }

  #sum(member: "said" | "warned"): number {
    return [...this.rows.values()].reduce((sum, row) => sum + row[member], 0);
  }

  #count({ kind, definition, element, isHeld, isWarned, detail }: Finding): void {
    const row = this.rows.get(kind) ?? {
      kind,
      said: 0,
      lost: 0,
      definitions: new Set(),
      warned: 0,
      examples: [],
    };
    this.rows.set(kind, row);
    row.said += 1;
    if (isWarned) row.warned += 1;
    if (isHeld || isWarned) return;
    row.lost += 1;
    row.definitions.add(definition);
    const example =
      `${definition.slice(definition.lastIndexOf("/") + 1)} ${element} ${detail}`.trim();
    if (row.examples.length < EXAMPLES) row.examples.push(example.replaceAll("|", "\\|"));
  }
}
