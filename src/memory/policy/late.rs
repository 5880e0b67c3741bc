//! For policies that make room first and take the newcomer in afterwards.

use super::{Admission, Policy};
use crate::catalog::Slot;
use crate::hits::Hits;

/// A policy that hears of a newcomer before room is made for it.
pub(super) trait Expectant: Policy {
    /// This one will be inserted once there is room.
    fn expect(&mut self, admission: &Admission);
}

/// Holds a newcomer back until room was made for it, so that it does not compete for its own place:
/// a policy that goes by uses would evict it at once, having none.
#[derive(Debug)]
pub(super) struct Late<P> {
    inner: P,
    newcomer: Option<Admission>,
}

impl<P: Expectant> Late<P> {
    pub(super) fn new(inner: P) -> Self {
        Self {
            inner,
            newcomer: None,
        }
    }

    fn settle(&mut self) {
        if let Some(newcomer) = self.newcomer.take() {
            self.inner.insert(newcomer);
        }
    }
}

impl<P: Expectant> Policy for Late<P> {
    fn insert(&mut self, admission: Admission) {
        self.settle();
        self.inner.expect(&admission);
        self.newcomer = Some(admission);
    }

    fn hits(&mut self, report: &[Hits]) {
        if !report.is_empty() {
            self.settle();
            self.inner.hits(report);
        }
    }

    fn remove(&mut self, slot: Slot) {
        self.settle();
        self.inner.remove(slot);
    }

    fn reweigh(&mut self, slot: Slot, weight: usize) {
        self.settle();
        self.inner.reweigh(slot, weight);
    }

    fn victim(&mut self) -> Option<Slot> {
        let newcomer = || self.newcomer.take().map(|newcomer| newcomer.slot);
        self.inner.victim().or_else(newcomer)
    }

    fn len(&self) -> usize {
        self.inner.len() + usize::from(self.newcomer.is_some())
    }
}
