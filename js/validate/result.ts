/** What a validation finds. */

/** The rules that data can break; docs/guides/validate.md says what each means. */
export type ValidationRule =
  | "binding"
  | "choice"
  | "choice-excluded"
  | "depth"
  | "empty"
  | "excluded"
  | "fixed"
  | "format"
  | "length"
  | "max"
  | "min"
  | "not-array"
  | "not-singular"
  | "null"
  | "pattern"
  | "primitive-extension"
  | "profile"
  | "range"
  | "reference-type"
  | "required"
  | "resource-type"
  | "slice-closed"
  | "slice-max"
  | "slice-min"
  | "slice-order"
  | "type"
  | "unknown-element";

/** What is wrong, with what an issue of an OperationOutcome has. */
export interface ValidationIssue {
  /** A warning does not make data invalid. */
  readonly severity: "error" | "warning";
  /** Code of the value set `issue-type`. */
  readonly code: "code-invalid" | "invalid" | "required" | "structure" | "too-costly" | "value";
  /** Where, in FHIRPath: `Patient.name[0].given[1]`, `Observation.value.ofType(Quantity).unit`. */
  readonly path: string;
  /** What, for people. */
  readonly message: string;
  /** The rule that is broken. */
  readonly rule: ValidationRule;
}

/** A code as the data has it. */
export interface DeferredCoding {
  /** Its code system. */
  readonly system?: string;
  /** Version of the code system. */
  readonly version?: string;
  /** The code itself. */
  readonly code?: string;
  /** What it means, for people. */
  readonly display?: string;
}

/** Codes that a terminology service has to look up. */
export interface DeferredBinding {
  readonly kind: "binding";
  /** Where, in FHIRPath. */
  readonly path: string;
  /** Canonical of the value set. */
  readonly valueSet: string;
  /** `required`, `extensible`, `preferred` or `example`. */
  readonly strength: string;
  /** One of them must be in the value set; none if a concept has a text only. */
  readonly codings: readonly DeferredCoding[];
}

/** An invariant that a FHIRPath engine has to evaluate. */
export interface DeferredInvariant {
  readonly kind: "invariant";
  /** Where, in FHIRPath. */
  readonly path: string;
  /** The data there; undefined if a primitive has extensions only. */
  readonly element: unknown;
  /** Name of the invariant. */
  readonly key: string;
  /** In FHIRPath: must be true of the element. */
  readonly expression: string;
  /** `error` or `warning`. */
  readonly severity: string;
  /** What it means, for people. */
  readonly human?: string;
}

/** A reference whose target the caller has to read. */
export interface DeferredReference {
  readonly kind: "reference";
  /** Where, in FHIRPath. */
  readonly path: string;
  /** As the data has it. */
  readonly reference: string;
  /** Types and profiles, one of which the target must conform to. */
  readonly targets: readonly string[];
}

/** An item of which the schemas at hand do not tell whether it belongs to a slice. */
export interface DeferredSlice {
  readonly kind: "slice";
  /** Where the item is, in FHIRPath. */
  readonly path: string;
  /** Name of the slice. */
  readonly slice: string;
}

/** What the caller has to check. */
export type Deferred = DeferredBinding | DeferredInvariant | DeferredReference | DeferredSlice;

/** What a validation found. Data is valid if no issue is an error, nothing is missing and all that is deferred holds. */
export interface Validation {
  /** What is wrong. */
  readonly issues: readonly ValidationIssue[];
  /** What the caller has to check. */
  readonly deferred: readonly Deferred[];
  /** Canonicals of profiles, extensions and types that are needed and not at hand, in code unit order. */
  readonly missing: readonly string[];
}

/** Codes of a value set, as `code` or as `system|code`; undefined if they are not at hand. */
export type ValueSets = (valueSet: string) => ReadonlySet<string> | undefined;

/** The code of an issue, where it is not `structure`. */
const CODES: { readonly [Rule in ValidationRule]?: ValidationIssue["code"] } = {
  binding: "code-invalid",
  depth: "too-costly",
  fixed: "value",
  format: "value",
  length: "value",
  null: "invalid",
  empty: "invalid",
  pattern: "value",
  range: "value",
  required: "required",
  "slice-min": "required",
  min: "required",
};

/** Collects what is found, each once: several schemas may say the same. */
export class Findings {
  readonly #issues = new Map<string, ValidationIssue>();
  readonly #deferred = new Map<string, Deferred>();
  readonly #missing = new Set<string>();
  #hasErrors = false;

  issue(
    rule: ValidationRule,
    path: string,
    message: string,
    severity: ValidationIssue["severity"] = "error",
  ): void {
    const code = CODES[rule] ?? "structure";
    this.#issues.set(`${rule} ${path} ${message}`, { severity, code, path, message, rule });
    if (severity === "error") this.#hasErrors = true;
  }

  /** `name` tells those of one path apart. */
  defer(deferred: Deferred, name: string): void {
    this.#deferred.set(`${deferred.kind} ${deferred.path} ${name}`, deferred);
  }

  missing(canonical: string): void {
    this.#missing.add(canonical);
  }

  get hasErrors(): boolean {
    return this.#hasErrors;
  }

  /** Whether the answer would be another one if everything were at hand. */
  get hasGaps(): boolean {
    return this.#missing.size > 0;
  }

  result(): Validation {
    return {
      issues: [...this.#issues.values()],
      deferred: [...this.#deferred.values()],
      missing: [...this.#missing].sort(),
    };
  }
}
