//! S3-FIFO (Yang et al., SOSP 2023), as libCacheSim has it.

use super::deferred::{AdmissionAware, DeferredInsert};
use super::ghosts::Ghosts;
use super::lists::Lists;
use super::{Admission, Policy};
use crate::catalog::Slot;
use crate::hits::Hits;
use crate::memory::Limits;

/// The queue of newcomers, and that of those that were used often or came back.
const SMALL: usize = 0;
const MAIN: usize = 1;
/// Uses that carry a newcomer over to the main queue.
const PROMOTED_AT: u8 = 2;
/// More uses than this are not told apart.
const MOST_USES: u8 = 3;

/// Newcomers pass a small queue, a tenth of the whole; what was not used there leaves, and what comes
/// back soon goes straight to the main queue. Scans pass by; loops longer than the cache defeat it.
pub(super) fn s3_fifo(limits: Limits) -> impl Policy {
    let small = share(limits, 1);
    DeferredInsert::new(S3Fifo {
        queues: Lists::default(),
        entries: Vec::new(),
        ghosts: Ghosts::new(share(limits, 9)),
        main: Limits {
            bytes: limits.bytes - small.bytes,
            entries: limits.entries - small.entries,
        },
        returns: false,
    })
}

/// Tenths of the limits.
fn share(limits: Limits, tenths: usize) -> Limits {
    let of = |limit: usize| limit / 10 * tenths + limit % 10 * tenths / 10;
    Limits {
        bytes: of(limits.bytes),
        entries: of(limits.entries),
    }
}

#[derive(Debug)]
struct S3Fifo {
    queues: Lists<2>,
    /// By slot.
    entries: Vec<Entry>,
    ghosts: Ghosts,
    main: Limits,
    /// The newcomer was evicted a short while ago.
    returns: bool,
}

#[derive(Clone, Copy, Debug, Default)]
struct Entry {
    uses: u8,
    key_hash: u64,
}

impl S3Fifo {
    fn is_over(&self, queue: usize, limits: Limits) -> bool {
        self.queues.weight(queue) > limits.bytes || self.queues.len(queue) > limits.entries
    }

    fn entry(&mut self, slot: Slot) -> Entry {
        self.entries.get(slot.index()).copied().unwrap_or_default()
    }

    fn set_uses(&mut self, slot: Slot, uses: u8) {
        if let Some(entry) = self.entries.get_mut(slot.index()) {
            entry.uses = uses;
        }
    }

    /// Looks at the oldest newcomer: it goes on to the main queue, or leaves.
    fn sift_small(&mut self) -> Option<Slot> {
        let slot = self.queues.oldest(SMALL)?;
        let entry = self.entry(slot);
        if entry.uses >= PROMOTED_AT {
            self.set_uses(slot, 0);
            self.queues.move_to(MAIN, slot);
            return None;
        }
        let weight = self.queues.weight_of(slot);
        self.ghosts.add(entry.key_hash, weight);
        self.queues.remove(slot);
        Some(slot)
    }

    /// Looks at the oldest of the main queue: it gets another round, or leaves.
    fn sift_main(&mut self) -> Option<Slot> {
        let slot = self.queues.oldest(MAIN)?;
        let uses = self.entry(slot).uses.min(MOST_USES);
        if uses > 0 {
            self.set_uses(slot, uses - 1);
            self.queues.move_to(MAIN, slot);
            return None;
        }
        self.queues.remove(slot);
        Some(slot)
    }
}

impl Policy for S3Fifo {
    fn insert(&mut self, admission: Admission) {
        let slot = admission.slot;
        if self.entries.len() <= slot.index() {
            self.entries.resize(slot.index() + 1, Entry::default());
        }
        if let Some(entry) = self.entries.get_mut(slot.index()) {
            *entry = Entry {
                uses: 0,
                key_hash: admission.key_hash,
            };
        }
        let returns = core::mem::take(&mut self.returns);
        let queue = if returns { MAIN } else { SMALL };
        self.queues.push(queue, slot, admission.weight);
    }

    fn hits(&mut self, report: &[Hits]) {
        for &[slot, count, _] in report {
            let slot = Slot::from_number(slot);
            if let Some(entry) = slot.and_then(|slot| self.entries.get_mut(slot.index())) {
                let count = u8::try_from(count).unwrap_or(u8::MAX);
                entry.uses = entry.uses.saturating_add(count);
            }
        }
    }

    fn remove(&mut self, slot: Slot) {
        self.queues.remove(slot);
    }

    fn reweigh(&mut self, slot: Slot, weight: usize) {
        self.queues.reweigh(slot, weight);
    }

    fn victim(&mut self) -> Option<Slot> {
        // Each look takes a use away or moves a newcomer on, so that it ends.
        while self.len() > 0 {
            let from_main = self.is_over(MAIN, self.main) || self.queues.len(SMALL) == 0;
            let sifted = if from_main {
                self.drain_main()
            } else {
                self.drain_small()
            };
            if sifted.is_some() {
                return sifted;
            }
        }
        None
    }

    fn len(&self) -> usize {
        self.queues.total_len()
    }
}

impl S3Fifo {
    /// Goes through the newcomers until one leaves or none is left.
    fn drain_small(&mut self) -> Option<Slot> {
        while self.queues.len(SMALL) > 0 {
            let sifted = self.sift_small();
            if sifted.is_some() {
                return sifted;
            }
        }
        None
    }

    fn drain_main(&mut self) -> Option<Slot> {
        while self.queues.len(MAIN) > 0 {
            let sifted = self.sift_main();
            if sifted.is_some() {
                return sifted;
            }
        }
        None
    }
}

impl AdmissionAware for S3Fifo {
    fn expect(&mut self, admission: &Admission) {
        self.returns = self.ghosts.take(admission.key_hash);
    }
}
