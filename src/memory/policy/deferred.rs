//! For policies that make room first and take the newcomer in afterwards.

use super::{Admission, Policy};
use crate::catalog::Slot;
use crate::hits::Hits;

/// A policy that hears of a newcomer before room is made for it.
pub(super) trait AdmissionAware: Policy {
    /// This one will be inserted once there is room.
    fn expect(&mut self, admission: &Admission);
}

/// Holds a newcomer back until room was made for it, so that it does not compete for its own place:
/// a policy that goes by uses would evict it at once, having none.
#[derive(Debug)]
pub(super) struct DeferredInsert<P> {
    inner: P,
    newcomer: Option<Admission>,
}

impl<P: AdmissionAware> DeferredInsert<P> {
    pub(super) fn new(inner: P) -> Self {
        Self {
            inner,
            newcomer: None,
        }
    }

    fn flush_newcomer(&mut self) {
        if let Some(newcomer) = self.newcomer.take() {
            self.inner.insert(newcomer);
        }
    }
}

impl<P: AdmissionAware> Policy for DeferredInsert<P> {
    fn insert(&mut self, admission: Admission) {
        self.flush_newcomer();
        self.inner.expect(&admission);
        self.newcomer = Some(admission);
    }

    fn hits(&mut self, report: &[Hits]) {
        if !report.is_empty() {
            self.flush_newcomer();
            self.inner.hits(report);
        }
    }

    fn remove(&mut self, slot: Slot) {
        self.flush_newcomer();
        self.inner.remove(slot);
    }

    fn reweigh(&mut self, slot: Slot, weight: usize) {
        self.flush_newcomer();
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
