/** What a store in memory had no room for. */

import { partsOf } from "../parts.js";

/** What a report says is in the store. */
interface Saved {
  readonly package: string | undefined;
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly unchanged: readonly string[];
}

/** Reports with what of it a store in memory does not have any more, now that all is saved. */
export function withEvicted<Report extends Saved>(
  store: object,
  reports: readonly Report[],
): (Report & { readonly evicted?: readonly string[] })[] {
  const parts = partsOf(store);
  if (parts === undefined || parts.durable !== undefined) return [...reports];
  const { catalog } = parts.memory;
  const there = new Set<string>();
  for (const slot of catalog.list({}, { expired: true, damaged: true })) {
    const { source, canonical } = catalog.metadata(slot);
    there.add(`${source} ${canonical}`);
  }
  return reports.map((report) => {
    const { added, changed, unchanged } = report;
    const evicted = [...added, ...changed, ...unchanged].filter(
      (canonical) => !there.has(`${report.package} ${canonical}`),
    );
    return evicted.length === 0 ? report : { ...report, evicted };
  });
}
