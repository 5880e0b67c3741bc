/** The network tier: the user's resolver, whose answers are stored. */

import { asStoreError } from "../errors.js";
import type { MemoryTier } from "../memory/memory-tier.js";
import { parseCanonical } from "../parse-canonical.js";
import { check, type OptionRule } from "../rules.js";
import type { Resolved, Resolver } from "../types.js";
import type { Writer } from "../write/writer.js";
import { LoadCounts } from "./load-counts.js";

const ANSWER: OptionRule = {
  range: "an object, its JSON text or undefined",
  accepts: (answer) =>
    typeof answer === "string" || (typeof answer === "object" && answer !== null),
};

/** What came of a question: `overtaken` if the catalog has an entry by now. */
type Fetched = "stored" | "overtaken" | undefined;

/** A question to the network that is under way. */
interface Fetch {
  readonly url: string;
  readonly version: string | undefined;
  /** What it asks for was deleted meanwhile. */
  deleted: boolean;
}

/** Asks the resolver. */
export class Network {
  /** Questions by outcome. */
  readonly counts: LoadCounts = new LoadCounts();
  /** Look-ups that neither the resolver nor a tier before it could serve. */
  unanswered = 0;
  readonly #memory: MemoryTier;
  readonly #writer: Writer;
  readonly #resolver: Resolver | undefined;
  readonly #checkOpen: () => void;
  readonly #fetches = new Set<Fetch>();

  /** `checkOpen` throws CLOSED; asked after every wait. */
  constructor(
    memory: MemoryTier,
    writer: Writer,
    resolver: Resolver | undefined,
    checkOpen: () => void,
  ) {
    this.#memory = memory;
    this.#writer = writer;
    this.#resolver = resolver;
    this.#checkOpen = checkOpen;
  }

  /** Asks the network and stores its answer, unless something newer has happened to the canonical. */
  async fetch(canonical: string, signal: AbortSignal): Promise<Fetched> {
    const { url, version } = parseCanonical(canonical);
    const fetch: Fetch = { url, version, deleted: false };
    this.#fetches.add(fetch);
    try {
      const answer = await this.#ask(canonical, signal);
      this.#checkOpen();
      if (this.#memory.slotOf(canonical) !== undefined) return "overtaken";
      if (answer === undefined) this.unanswered += 1;
      if (answer === undefined || fetch.deleted) return undefined;
      await this.#writer.storeResolved(answer, canonical);
      this.counts.hits += 1;
      return "stored";
    } finally {
      this.#fetches.delete(fetch);
    }
  }

  /** Notes a deletion, of everything where no canonical is given. */
  deleted(canonical?: string): void {
    const gone = canonical === undefined ? undefined : parseCanonical(canonical);
    for (const fetch of this.#fetches) {
      const hit = gone === undefined || (gone.url === fetch.url && overlap(gone, fetch));
      if (hit) fetch.deleted = true;
    }
  }

  async #ask(canonical: string, signal: AbortSignal): Promise<Resolved> {
    const resolver = this.#resolver;
    if (resolver === undefined) return undefined;
    const start = performance.now();
    try {
      const answer = await resolver(canonical.trim(), { signal });
      if (answer === undefined) this.counts.misses += 1;
      else check(answer, ANSWER, canonical, "INVALID_VALUE", "the resolver's answer to ");
      return answer;
    } catch (cause) {
      if (signal.aborted) throw signal.reason;
      throw asStoreError(cause, "RESOLVER", `the resolver failed for ${canonical}`, canonical);
    } finally {
      this.counts.note(start);
    }
  }
}

type Versioned = { readonly version: string | undefined };

/** Whether two canonicals of one URL can mean the same entry. */
function overlap(left: Versioned, right: Versioned): boolean {
  return (
    left.version === undefined || right.version === undefined || left.version === right.version
  );
}
