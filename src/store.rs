//! The state machine over catalog and memory tier: sans-I/O, synchronous, deterministic.
//!
//! Every call that changes something returns [`Effects`]: what the caller must now do to the values
//! it holds. Rows come in one way only, by [`Store::insert_row`], whether they were just put, read from
//! the host or written by somebody else.

mod above;
mod bodies;
mod holding;
mod listing;
mod lives;
mod puts;
mod ranking;
mod rows;
mod trim;

use self::above::Above;
pub use crate::answer::{Effect, Effects, Packed, Resolution};
use crate::canonical::Canonical;
use crate::catalog::Catalog;
use crate::error::Result;
use crate::memory::policy;
use crate::memory::{Expiry, Limits, Tier};
use crate::stats::Stats;

/// Budgets and switches, checked by [`Store::new`].
#[derive(Clone, Debug)]
pub struct Options {
    /// Limit of the memory tier in bytes, at least 1 MiB.
    pub memory_limit: usize,
    /// Bodies in memory, at least 1.
    pub max_entries: usize,
    /// Largest body in bytes, at least 1024.
    pub max_entry_bytes: usize,
    /// Limit of the catalog in bytes.
    pub max_catalog: usize,
    /// Name of the eviction policy.
    pub eviction_policy: String,
    /// There is a durable host; without one an evicted entry is gone.
    pub durable: bool,
    /// From the caller's random source.
    pub seed: u64,
}

/// Identity, catalog and memory tier of one store.
#[derive(Debug)]
pub struct Store {
    options: Options,
    catalog: Catalog,
    /// What a later version keeps at the host, kept with it and shown to nobody.
    above: Above,
    tier: Tier,
    expiry: Expiry,
    /// Every row of the host is in the catalog.
    complete: bool,
    /// The largest body that came so far, in bytes.
    largest: usize,
    counters: Stats,
}

impl Store {
    /// An empty store.
    pub fn new(options: Options) -> Result<Self> {
        let limits = Limits {
            bytes: options.memory_limit,
            entries: options.max_entries,
        };
        let policy = policy::by_name(&options.eviction_policy, limits, options.seed)?;
        Ok(Self {
            catalog: Catalog::new(options.seed),
            above: Above::new(options.seed),
            tier: Tier::new(limits, policy, !options.durable),
            expiry: Expiry::default(),
            complete: !options.durable,
            largest: 0,
            counters: Stats::default(),
            options,
        })
    }

    /// Which entry a request means.
    pub fn resolve(&self, request: &str) -> Result<Resolution> {
        let canonical = Canonical::parse(request)?;
        Ok(match self.catalog.resolve(&canonical, None) {
            _ if !self.complete && !self.catalog.is_whole(canonical.url) => Resolution::Ask,
            Some(slot) => Resolution::Found(slot),
            None => Resolution::Absent,
        })
    }

    /// The known entries.
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// Whether any entry has a limited life.
    pub fn expires(&self) -> bool {
        !self.expiry.is_empty()
    }

    /// Counters and sizes.
    pub fn stats(&self) -> Stats {
        Stats {
            entries: u32::try_from(self.catalog.len()).unwrap_or(u32::MAX),
            total_bytes: self.catalog.body_bytes(),
            catalog_bytes: self.catalog.bytes(),
            resident_entries: self.tier.len(),
            used_bytes: self.tier.used_bytes(),
            limit_bytes: self.tier.limits().bytes,
            encoded_bytes: self.tier.encoded_bytes(),
            decoded_bytes: self.tier.decoded_bytes(),
            pending_bytes: self.tier.pending_bytes(),
            leased_bytes: self.tier.leased_bytes(),
            refusals: self.tier.refusals(),
            ..self.counters
        }
    }
}
