/** The closed list of reasons a call can fail for; mirrored by the core's `Error` enum. */
export type ErrorCode =
  | "NOT_FOUND"
  | "STORAGE_FULL"
  | "ENTRY_TOO_LARGE"
  | "DISK_ERROR"
  | "QUOTA_EXCEEDED"
  | "SERIALIZATION"
  | "CORRUPT"
  | "CONCURRENCY"
  | "BLOCKED"
  | "TIMEOUT"
  | "INVALID_KEY"
  | "INVALID_VALUE"
  | "INVALID_CONFIG"
  | "FORMAT_TOO_NEW"
  | "WRONG_KEY"
  | "CONVERSION"
  | "RESOLVER"
  | "ABORTED"
  | "CLOSED"
  | "CORE_RESTARTED"
  | "UNSUPPORTED";

const RETRYABLE: ReadonlySet<ErrorCode> = new Set([
  "CONCURRENCY",
  "BLOCKED",
  "TIMEOUT",
  "CORE_RESTARTED",
]);

/** What a `SchemaStoreError` can have besides its code and message. */
export interface ErrorDetails {
  /** The canonical, path or option the error is about. */
  readonly key?: string | undefined;
  /** What was thrown below. */
  readonly cause?: unknown;
  /** Whether the same call may succeed when made again. */
  readonly retryable?: boolean;
}

/** The one error class of this package: read `code`, not the message. */
export class SchemaStoreError extends Error {
  override readonly name = "SchemaStoreError";
  /** Why the call failed. */
  readonly code: ErrorCode;
  /** The canonical, path or option the error is about. */
  readonly key: string | undefined;
  /** Whether the same call may succeed when made again. */
  readonly retryable: boolean;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.key = details.key;
    this.retryable = details.retryable ?? RETRYABLE.has(code);
  }
}

/** What every call of a closed store fails with. */
export function storeClosed(): SchemaStoreError {
  return new SchemaStoreError("CLOSED", "the store is closed");
}

/** Passes a `SchemaStoreError` on and wraps anything else under `code`. */
export function asStoreError(
  cause: unknown,
  code: ErrorCode,
  what: string,
  key?: string,
): SchemaStoreError {
  if (cause instanceof SchemaStoreError) return cause;
  return new SchemaStoreError(code, `${what}: ${reasonOf(cause)}`, { key, cause });
}

/** The message of whatever was thrown. */
export function reasonOf(cause: unknown): string {
  try {
    return cause instanceof Error ? cause.message : String(cause);
  } catch {
    return "the thrown value cannot be shown";
  }
}
