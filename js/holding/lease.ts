/** A lease: values as they were at one moment, and the holds that keep their place in memory. */

import { SchemaStoreError } from "../errors.js";
import { parseCanonical } from "../parse-canonical.js";
import { checkGiven } from "../rules.js";
import type { JsonObject, Lease } from "../types.js";
import type { Hold, Holds } from "./holds.js";

/** What a lease is made of. */
export interface Leased {
  readonly canonicals: readonly string[];
  readonly missing: readonly string[];
  /** By canonical as written, and by `url|version`. */
  readonly values: Map<string, object>;
  readonly holds: readonly Hold[];
  /** Bytes its values take. */
  readonly bytes: number;
}

export class HeldLease implements Lease {
  readonly canonicals: readonly string[];
  readonly missing: readonly string[];
  readonly #holds: Holds;
  readonly #cloned: boolean;
  readonly #onRelease: (lease: HeldLease) => void;
  #leased: Leased | undefined;
  #orphaned = 0;
  #why = "was released";

  constructor(
    leased: Leased,
    holds: Holds,
    cloned: boolean,
    onRelease: (lease: HeldLease) => void,
  ) {
    this.canonicals = leased.canonicals;
    this.missing = leased.missing;
    this.#leased = leased;
    this.#holds = holds;
    this.#cloned = cloned;
    this.#onRelease = onRelease;
  }

  getSync<T = JsonObject>(canonical: string, none?: undefined): T | undefined {
    if (none !== undefined) checkGiven(none);
    const values = this.#leased?.values;
    if (values === undefined) throw this.#released();
    const value = values.get(canonical) ?? values.get(spelled(canonical));
    return (value && this.#cloned ? structuredClone(value) : value) as T | undefined;
  }

  async get<T = JsonObject>(canonical: string, none?: undefined): Promise<T | undefined> {
    return this.getSync<T>(canonical, none);
  }

  release(): void {
    const leased = this.#leased;
    if (leased === undefined) return;
    this.#leased = undefined;
    this.#onRelease(this);
    if (this.#orphaned > 0) this.#holds.orphan(-this.#orphaned);
    for (const hold of leased.holds) this.#holds.release(hold);
  }

  [Symbol.dispose](): void {
    this.release();
  }

  /** The store is closed: nothing is left to release. */
  close(): void {
    this.#leased = undefined;
    this.#why = "ended when its store was closed";
  }

  /** The core was restarted: the holds are void, but the values stay. */
  restarted(): void {
    if (this.#orphaned > 0) this.#holds.orphan(-this.#orphaned);
    this.#orphaned = this.#leased?.bytes ?? 0;
    this.#holds.orphan(this.#orphaned);
  }

  #released(): SchemaStoreError {
    const [first = "nothing", ...more] = [...this.canonicals, ...this.missing];
    const rest = more.length === 0 ? "" : ` and ${more.length} more`;
    return new SchemaStoreError("CLOSED", `the lease of ${first}${rest} ${this.#why}`, {
      key: first,
    });
  }
}

/** A canonical without white space around it, fragment and empty version. INVALID_KEY. */
export function spelled(canonical: string): string {
  const { url, version } = parseCanonical(canonical);
  return version === undefined ? url : `${url}|${version}`;
}
