//! Counters and sizes the core keeps.

use serde::{Serialize, Serializer};

/// A snapshot of the core's counters; bytes and numbers of entries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
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
    /// Bodies that are held by pins and leases, in whatever form.
    pub leased_bytes: usize,
    /// Evictions because of the memory limit.
    pub evicted_for_size: u64,
    /// Evictions because of the limit on entries.
    pub evicted_for_entries: u64,
    /// Evictions because the caller wanted memory back, and bodies that left with their entry.
    pub evicted_explicitly: u64,
    /// Evictions because the process, or Wasm memory, had no more.
    pub evicted_for_pressure: u64,
    /// Bodies that left memory because their time was over.
    pub evicted_as_expired: u64,
    /// Of the evictions, those of newcomers: the policy preferred what it had.
    pub refusals: u64,
    /// Entries hidden because their time was over.
    pub expirations: u64,
    /// Hits reported by the caller.
    pub hits: u64,
}

/// As a map under the names JavaScript has: for a struct's, `serde-wasm-bindgen` keeps a cache.
impl Serialize for Stats {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // As floats: whole numbers of 64 bits come with a check and its formatted sentence.
        let rows = [
            ("entries", u64::from(self.entries)),
            ("totalBytes", self.total_bytes),
            ("catalogBytes", self.catalog_bytes as u64),
            ("residentEntries", self.resident_entries as u64),
            ("usedBytes", self.used_bytes as u64),
            ("limitBytes", self.limit_bytes as u64),
            ("encodedBytes", self.encoded_bytes as u64),
            ("decodedBytes", self.decoded_bytes as u64),
            ("pendingBytes", self.pending_bytes as u64),
            ("leasedBytes", self.leased_bytes as u64),
            ("evictedForSize", self.evicted_for_size),
            ("evictedForEntries", self.evicted_for_entries),
            ("evictedExplicitly", self.evicted_explicitly),
            ("evictedForPressure", self.evicted_for_pressure),
            ("evictedAsExpired", self.evicted_as_expired),
            ("refusals", self.refusals),
            ("expirations", self.expirations),
            ("hits", self.hits),
        ];
        serializer.collect_map(rows.map(|(name, number)| (name, float(number))))
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "counts and bytes stay below 2^53"
)]
const fn float(number: u64) -> f64 {
    number as f64
}
