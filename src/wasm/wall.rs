//! The numbers and names that both sides of the wall go by. The build makes `js/core/wall.ts` of this
//! file.

/// Effect: the value of a slot left memory; the cause stands above `EFFECT_BITS`.
pub const EVICTED: u32 = 0;
/// Effect: the entry of a slot was replaced or deleted.
pub const RETIRED: u32 = 1;
/// Effect: the entry of a slot is hidden from now on.
pub const EXPIRED: u32 = 2;
/// Effect: what requests for a URL mean may have changed; the number is the URL's.
pub const RESOLUTION_CHANGED: u32 = 3;
/// Effect: the entry of a slot, or its body in memory, has a limited life.
pub const LIMITED: u32 = 4;
/// Effect: memory is over its limits until the caller has ranked candidates.
pub const RANK: u32 = 5;
/// Effect: the decoded value of a slot is to be let go; its text stays.
pub const DROPPED: u32 = 6;
/// Effect: the entry of a slot is not even stale any more; its row is to be deleted at the host.
pub const GRACE_ENDED: u32 = 7;
/// Bits of a code that name the effect.
pub const EFFECT_BITS: u32 = 4;

/// The slot of a URL whose rows the host must be asked for.
pub const ASK: u32 = 0xffff_ffff;
/// Numbers of a candidate: slot, bytes, uses, uses of any since its last one and since it came, cost.
pub const CANDIDATE_NUMBERS: u32 = 6;

/// Of a packed put: where its access count begins, behind the slot.
pub const PUT_ACCESS_COUNT: u32 = 4;
/// Of a packed put: where the length of its key begins.
pub const PUT_KEY_LENGTH: u32 = 8;
/// Of a packed put: where its creation time begins, milliseconds since 1970 as f64.
pub const PUT_CREATED: u32 = 12;
/// Of a packed put: where its key begins, behind which the metadata stands.
pub const PUT_KEY: u32 = 20;

/// In a listing: hidden as their time is over.
pub const HIDDEN_EXPIRED: u32 = 1;
/// In a listing: hidden as they cannot be read.
pub const HIDDEN_DAMAGED: u32 = 2;

/// A hold that was refused: too many bytes are held.
pub const NO_BYTES: u32 = 1;
/// A hold that was refused: too many entries are held.
pub const NO_ENTRIES: u32 = 2;

/// Status of a segment, as a sum: its file is gone or never came to be.
pub const SEGMENT_GONE: u32 = 1;
/// Status of a segment: this log writes it.
pub const SEGMENT_OWN: u32 = 2;
/// Status of a segment: nothing more will be written to it.
pub const SEGMENT_SEALED: u32 = 4;
/// Status of a segment: it may be merged.
pub const SEGMENT_MERGEABLE: u32 = 8;
/// Bytes of a segment's header.
pub const SEGMENT_HEADER: u32 = 64;
/// Bytes of a store's identity.
pub const STORE_ID: u32 = 16;

/// What the catalog keeps of a row besides key and metadata, in bytes; an estimate.
pub const CATALOG_ROW_BYTES: u32 = 400;
/// What memory keeps of an entry besides key and body, in bytes; an estimate.
pub const RESIDENT_BYTES: u32 = 96;
/// Heap taken by a value decoded from one byte of JSON, in quarters; an estimate.
pub const DECODED_QUARTERS: u32 = 7;

/// Why bodies leave memory, in the order of their numbers.
pub const CAUSES: [&str; 5] = ["size", "entries", "explicit", "pressure", "expired"];
/// How entries came to be, in the order of their digits.
pub const ORIGINS: [&str; 4] = ["user", "package", "converted", "resolver"];
/// What a schema may not say of the definition it was made of, as in `docs/guides/fhir-schema.md`.
pub const WARNINGS: [&str; 15] = [
    "aggregation",
    "additional-binding",
    "expression",
    "extension",
    "must-have-value",
    "default-value",
    "slice-match",
    "choice-types",
    "choice-slice",
    "content-reference",
    "element-id",
    "element-path",
    "duplicate-element",
    "element-order",
    "cardinality",
];
/// Why an entry needs another, in the order of their digits.
pub const KINDS: [&str; 8] = [
    "base",
    "type",
    "reference",
    "extension",
    "binding",
    "slice",
    "other",
    "profile",
];
