/** `cache show`: what is known of one entry. */

import type { Metadata } from "../types.js";
import { CANONICAL, type Command } from "./command.js";
import { notFound } from "./entries.js";
import { EXIT } from "./outcome.js";
import { readableBytes, readableTime } from "./output.js";
import { table } from "./table.js";

export const show: Command = {
  name: "show",
  summary: "show what is known of an entry: package, times, uses, dependencies",
  store: "read",
  operands: CANONICAL,
  example: "http://hl7.org/fhir/StructureDefinition/Patient",

  async run({ operands: [canonical = ""], output, withStore }) {
    const metadata = await withStore(async (store) => {
      // Uses of earlier sessions are counted once the index is complete.
      await store.size();
      const found = await store.metadata(canonical);
      if (found === undefined) throw await notFound(store, canonical);
      return found;
    });
    output.result(metadata, () => table(lines(metadata)));
    return EXIT.ok;
  },
};

function lines(entry: Metadata): string[][] {
  const time = (milliseconds: number | undefined) =>
    milliseconds === undefined ? undefined : readableTime(milliseconds);
  const known: readonly (readonly [string, string | undefined])[] = [
    ["canonical", entry.canonical],
    ["name", entry.name],
    ["title", entry.title],
    ["description", entry.description?.replace(/\s+/g, " ")],
    ["type", entry.type],
    ["kind", entry.kind],
    ["derivation", entry.derivation],
    ["base", entry.base],
    ["status", entry.status],
    ["fhir version", entry.fhirVersion],
    ["package", entry.source],
    ["tags", entry.tags.join(", ")],
    ["origin", entry.origin],
    ["converter", entry.converter],
    ["converted", time(entry.convertedAt)],
    ["created", time(entry.createdAt)],
    ["updated", time(entry.updatedAt)],
    ["expires", time(entry.expiresAt)],
    ["stale until", time(entry.staleUntil)],
    ["etag", entry.etag],
    ["cost", entry.cost?.toString()],
    ["size", readableBytes(entry.size)],
    ["uses", String(entry.accessCount)],
    ["sha-256", entry.contentHash],
    ["source sha-256", entry.sourceHash],
  ];
  const needs = entry.dependencies.map(({ kind, target }, at) => [
    at === 0 ? "needs" : "",
    `${kind} ${target}`,
  ]);
  const rows = known.flatMap(([what, value]) => (value ? [[what, value]] : []));
  return [...rows, ...needs];
}
