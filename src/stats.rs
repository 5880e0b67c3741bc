//! Counters and sizes the core keeps.

use serde::Serialize;

/// A snapshot of the core's counters; bytes and numbers of entries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Stats {
    /// Known entries.
    pub entries: u32,
    /// Sum of the bodies' sizes over all known entries.
    pub total_bytes: u64,
    /// Memory taken by the catalog.
    pub catalog_bytes: usize,
    /// Entries with a body in memory.
    pub resident_entries: usize,
    /// Encoded, decoded, pending and leased bytes together: what the memory limit bounds.
    pub used_bytes: usize,
    /// The memory limit.
    pub limit_bytes: usize,
    /// Bodies kept as bytes, each distinct body once.
    pub encoded_bytes: usize,
    /// Estimated size of the values decoded from bodies.
    pub decoded_bytes: usize,
    /// Bodies not yet durable.
    pub pending_bytes: usize,
    /// Evictions because of the memory limit.
    pub evicted_for_size: u64,
    /// Evictions because of the limit on entries.
    pub evicted_for_entries: u64,
    /// Entries hidden because their time was over.
    pub expirations: u64,
    /// Hits reported by the host.
    pub hits: u64,
}
