/**
 * The contract of `HostAdapter` as tests. An adapter that passes keeps what the store relies on;
 * one that fails loses data sooner or later. Runs wherever there is a function to register a test:
 *
 * ```ts
 * import { test } from "node:test";
 * import { adapterContract } from "fhir-schema-store/testing";
 *
 * adapterContract({ test }, { name: "mine", newPlace: () => {
 *   const directory = mkdtempSync(join(tmpdir(), "mine-"));
 *   return () => myAdapter(directory);
 * } });
 * ```
 */

import { memoryAdapter } from "./adapters/memory.js";
import type { HostAdapter, HostContext } from "./host.js";
import {
  check,
  checkGiven,
  FUNCTION,
  methods,
  nonEmpty,
  type OptionRule,
  type Rules,
} from "./rules.js";
import { atomicity } from "./testing/atomicity.js";
import { basics } from "./testing/basics.js";
import { changes } from "./testing/changes.js";
import { Place } from "./testing/kit.js";
import { lifecycle } from "./testing/lifecycle.js";
import { sharing } from "./testing/sharing.js";
import { side } from "./testing/side.js";

/** Where the tests go: `node:test`, a runner of your own, an array. */
export interface ContractRunner {
  /** Registers one test; it fails when `run` rejects, and each is independent of all others. */
  test(name: string, run: () => Promise<void>): unknown;
}

/** What is tested. */
export interface ContractOptions {
  /** Stands before the name of each test. */
  readonly name: string;
  /** The compiled core that `open` gets. Default: that of `fhir-schema-store`. */
  readonly core?: HostContext["core"];
  /**
   * Makes a place nobody has used, and returns what makes adapters on that one place: two that
   * are open at once, or one after the other was closed. The tests destroy the place at their end.
   */
  newPlace(): AdapterFactory | Promise<AdapterFactory>;
}

/** Makes another adapter, not yet open, on one place. */
export type AdapterFactory = () => HostAdapter;

const RUNNER: OptionRule = {
  range: "an object or a function with test",
  accepts: (value) => typeof (value as Partial<ContractRunner> | null)?.test === "function",
};
const RULES: Rules<ContractOptions> = {
  name: nonEmpty("a name"),
  core: methods<HostContext["core"]>("a compiled core", { instantiate: true }),
  newPlace: FUNCTION,
};

/**
 * Registers the suite. What an adapter does not claim (`durable`, `capabilities`, `watch`,
 * `commitSync`) is not asked of it.
 */
export function adapterContract(runner: ContractRunner, options: ContractOptions): void {
  check(runner, RUNNER, "runner", "INVALID_CONFIG");
  checkGiven(options ?? {}, RULES, "INVALID_CONFIG");
  for (const name of ["name", "newPlace"] as const) {
    check(options?.[name], RULES[name], name, "INVALID_CONFIG");
  }
  const cases = { ...basics, ...atomicity, ...changes, ...sharing, ...side, ...lifecycle };
  for (const [title, run] of Object.entries(cases)) {
    runner.test(`${options.name}: ${title}`, async () => {
      const core = options.core ?? (await packagedCore());
      const place = new Place(await options.newPlace(), core);
      try {
        await run(place);
      } finally {
        await place.dispose();
      }
    });
  }
}

let core: Promise<HostContext["core"]> | undefined;

/** The core of this package, as a store hands it to its adapter. */
function packagedCore(): Promise<HostContext["core"]> {
  core ??= new Promise((resolve, reject) => {
    const adapter = memoryAdapter();
    const { open } = adapter;
    adapter.open = (context) => {
      resolve(context.core);
      return open(context);
    };
    // By its name, which leads to the entry for Node or for browsers.
    import("fhir-schema-store")
      .then(({ openSchemaStore }) => openSchemaStore({ adapter }))
      .then((store) => store.close())
      .catch(reject);
  });
  return core;
}
