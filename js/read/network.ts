/** The network tier: the user's resolver, whose answers are stored. */

import type { CheckedOptions } from "../arguments/options.js";
import { reasonOf, SchemaStoreError } from "../errors.js";
import type { MemoryTier } from "../memory/memory-tier.js";
import { parseCanonical } from "../parse-canonical.js";
import { check, type OptionRule } from "../rules.js";
import type { Resolved, Resolver } from "../types.js";
import type { Writer } from "../write/writer.js";
import { answerTo, type ConvertAnswer, ofCanonical } from "./answer.js";
import { LoadCounts } from "./load-counts.js";
import { Unknown } from "./unknown.js";

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
  readonly #convert: ConvertAnswer | undefined;
  readonly #checkOpen: () => void;
  readonly #fetches = new Set<Fetch>();
  readonly #unknown: Unknown;

  /** `convert`: where StructureDefinitions are to be converted. `checkOpen` throws CLOSED; asked after every wait. */
  constructor(
    memory: MemoryTier,
    writer: Writer,
    { resolver, unknownTtlSeconds }: CheckedOptions,
    convert: ConvertAnswer | undefined,
    checkOpen: () => void,
  ) {
    this.#memory = memory;
    this.#writer = writer;
    this.#resolver = resolver;
    this.#convert = convert;
    this.#checkOpen = checkOpen;
    this.#unknown = new Unknown(memory, unknownTtlSeconds * 1000);
  }

  /** Asks the network and stores its answer, unless something newer has happened to the canonical. */
  async fetch(canonical: string, signal: AbortSignal): Promise<Fetched> {
    const { url, version } = parseCanonical(canonical);
    const key = `${url}|${version ?? ""}`;
    if (this.#unknown.has(key)) {
      this.unanswered += 1;
      return undefined;
    }
    const { changes } = this.#unknown;
    const fetch: Fetch = { url, version, deleted: false };
    this.#fetches.add(fetch);
    try {
      const answer = await this.#ask(canonical, signal);
      this.#checkOpen();
      if (this.#memory.slotOf(canonical) !== undefined) return "overtaken";
      if (answer === undefined) {
        this.unanswered += 1;
        // One that was told to stop may have given up.
        if (this.#resolver !== undefined && !signal.aborted) this.#unknown.add(key, changes);
        return undefined;
      }
      if (fetch.deleted) return undefined;
      return await this.#store(answer, canonical, fetch);
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

  /** Stores an answer, unless the canonical was put or deleted before it is there. */
  async #store(given: object | string, canonical: string, fetch: Fetch): Promise<Fetched> {
    const answer = await answerTo(canonical, given, this.#writer, this.#convert);
    this.#checkOpen();
    let isStored = false;
    if (answer !== undefined) {
      const storing = this.#writer.putResolved(answer, (store) => {
        if (fetch.deleted || this.#memory.slotOf(canonical) !== undefined) return;
        this.#unknown.despite(store);
        isStored = true;
      });
      await storing.catch((cause) => {
        // What a converter has made may be no entry.
        throw answer.record.origin === "converted" ? ofCanonical(cause, canonical) : cause;
      });
    }
    if (isStored) {
      this.counts.hits += 1;
      return "stored";
    }
    const isGone = fetch.deleted && this.#memory.slotOf(canonical) === undefined;
    return isGone ? undefined : "overtaken";
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
      throw failed(cause, canonical);
    } finally {
      this.counts.note(start);
    }
  }
}

/** What a resolver threw; it may know better than "try again" and throw an error of ours. */
function failed(cause: unknown, canonical: string): SchemaStoreError {
  if (cause instanceof SchemaStoreError) return cause;
  const message = `the resolver failed for ${canonical}: ${reasonOf(cause)}`;
  return new SchemaStoreError("RESOLVER", message, { key: canonical, cause, retryable: true });
}

type Versioned = { readonly version: string | undefined };

/** Whether two canonicals of one URL can mean the same entry. */
function overlap(left: Versioned, right: Versioned): boolean {
  return (
    left.version === undefined || right.version === undefined || left.version === right.version
  );
}
