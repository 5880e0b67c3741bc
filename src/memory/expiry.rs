//! When which entry's time is over.

use core::cmp::Reverse;
use core::mem;
use std::collections::BinaryHeap;

use crate::catalog::Slot;

/// The next to expire on top.
type Queue = BinaryHeap<Reverse<(u64, Slot)>>;

/// Entries with a limited life, the next one to expire first. Times are milliseconds since 1970.
///
/// Two heaps, because a heap cannot remove from its middle: what is removed waits in the second one
/// until it meets its like, and never outnumbers what is still watched.
#[derive(Debug, Default)]
pub struct Expiry {
    order: Queue,
    removed: Queue,
}

impl Expiry {
    /// Puts an entry under watch.
    pub fn insert(&mut self, at: u64, slot: Slot) {
        self.order.push(Reverse((at, slot)));
    }

    /// Stops watching an entry that is under watch.
    pub fn remove(&mut self, at: u64, slot: Slot) {
        self.removed.push(Reverse((at, slot)));
        if 2 * self.removed.len() > self.order.len() {
            self.settle();
        }
    }

    /// Takes out the next entry whose time is over at `now`.
    pub fn pop(&mut self, now: u64) -> Option<Slot> {
        loop {
            let next = *self.order.peek().filter(|Reverse((at, _))| *at <= now)?;
            self.order.pop();
            if self.removed.peek() != Some(&next) {
                return Some(next.0.1);
            }
            self.removed.pop();
        }
    }

    /// Whether any entry expires at all.
    pub fn is_empty(&self) -> bool {
        self.order.len() == self.removed.len()
    }

    /// Lets what was removed meet its like.
    fn settle(&mut self) {
        let mut removed = mem::take(&mut self.removed)
            .into_sorted_vec()
            .into_iter()
            .peekable();
        let order = mem::take(&mut self.order).into_sorted_vec().into_iter();
        self.order = order
            .filter(|watched| removed.next_if_eq(watched).is_none())
            .collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::policy::tests::slot;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn equals_an_ordered_set(
            steps in proptest::collection::vec((0_u8..4, 0_u64..12, 1_u32..9), 0..200),
        ) {
            let mut expiry = Expiry::default();
            let mut model = BTreeSet::new();
            for (step, at, number) in steps {
                match step {
                    0 | 1 => {
                        if model.insert((at, slot(number))) {
                            expiry.insert(at, slot(number));
                        }
                    }
                    2 => {
                        if model.remove(&(at, slot(number))) {
                            expiry.remove(at, slot(number));
                        }
                    }
                    _ => {
                        let next = model.first().copied().filter(|&(first, _)| first <= at);
                        if let Some(next) = next {
                            model.remove(&next);
                        }
                        prop_assert_eq!(expiry.pop(at), next.map(|(_, slot)| slot));
                    }
                }
                prop_assert_eq!(expiry.is_empty(), model.is_empty());
            }
        }
    }
}
