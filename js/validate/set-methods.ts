/** Methods of sets that Node has from version 22 on. */

import { check, FUNCTION } from "../rules.js";

const METHODS: Readonly<Record<string, (this: Set<unknown>, other: Set<unknown>) => Set<unknown>>> =
  {
    intersection(other) {
      return new Set([...this].filter((one) => other.has(one)));
    },
    difference(other) {
      return new Set([...this].filter((one) => !other.has(one)));
    },
  };

/**
 * Calls a function while `Set.prototype` has `intersection` and `difference`, which the validator of
 * `@atomic-ehr/fhirschema` uses and engines before 2024 do not have. Where they are missing they are there
 * during the call only, for all code that runs in it; the function must not wait for anything.
 * `const { outcome } = withSetMethods(() => validate(patient, profile, types))`
 */
export function withSetMethods<T>(call: () => T): T {
  check(call, FUNCTION, "call");
  const added = Object.keys(METHODS).filter((name) => !(name in Set.prototype));
  for (const name of added) {
    const value = METHODS[name];
    Object.defineProperty(Set.prototype, name, { value, configurable: true, writable: true });
  }
  try {
    return call();
  } finally {
    for (const name of added) Reflect.deleteProperty(Set.prototype, name);
  }
}
