//! What left a short while ago, by hash of its key.

use std::collections::VecDeque;

use crate::map::Map;
use crate::memory::Limits;

/// A bounded queue of keys that were evicted, oldest first out.
#[derive(Debug)]
pub(super) struct Ghosts {
    limits: Limits,
    /// By key: its number in the queue and its weight.
    known: Map<[u8; 8], (u64, usize)>,
    /// Numbers and keys, oldest first; some are no longer known.
    queue: VecDeque<(u64, u64)>,
    weight: usize,
    count: u64,
}

impl Ghosts {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            known: Map::new(0),
            queue: VecDeque::new(),
            weight: 0,
            count: 0,
        }
    }

    /// Whether a key is known; it is forgotten.
    pub(super) fn take(&mut self, key_hash: u64) -> bool {
        let key = key_hash.to_le_bytes();
        let Some(&(_, weight)) = self.known.get(&key) else {
            return false;
        };
        self.weight -= weight;
        self.known.remove(&key);
        true
    }

    /// Adds a key; the oldest ones leave when that is too much.
    pub(super) fn add(&mut self, key_hash: u64, weight: usize) {
        self.take(key_hash);
        if weight > self.limits.bytes || self.limits.entries == 0 {
            return;
        }
        while self.weight + weight > self.limits.bytes
            || self.known.entries().len() >= self.limits.entries
        {
            let Some((number, oldest)) = self.queue.pop_front() else {
                return;
            };
            let known = self.known.get(&oldest.to_le_bytes());
            if known.is_some_and(|&(current, _)| current == number) {
                self.take(oldest);
            }
        }
        // Numbers nobody knows any more stay in the queue until they are its oldest, or the most.
        if self.queue.len() > 2 * self.known.entries().len() + 64 {
            let known = &self.known;
            self.queue.retain(|(number, key)| {
                let current = known.get(&key.to_le_bytes());
                current.is_some_and(|(current, _)| current == number)
            });
        }
        self.count += 1;
        self.weight += weight;
        self.queue.push_back((self.count, key_hash));
        self.known
            .insert(key_hash.to_le_bytes(), (self.count, weight));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// After every step the youngest that fit are known, and no more is kept than that.
        #[test]
        fn equals_a_bounded_list(
            steps in proptest::collection::vec((any::<bool>(), 0_u64..30, 0_usize..9), 0..300),
            bytes in 0_usize..40,
            entries in 0_usize..12,
        ) {
            let mut ghosts = Ghosts::new(Limits { bytes, entries });
            let mut model: Vec<(u64, usize)> = Vec::new();
            for (adds, key, weight) in steps {
                let known = model.iter().any(|&(other, _)| other == key);
                model.retain(|&(other, _)| other != key);
                if adds {
                    ghosts.add(key, weight);
                    if weight <= bytes && entries > 0 {
                        model.push((key, weight));
                    }
                    while model.len() > entries || model.iter().map(|it| it.1).sum::<usize>() > bytes {
                        model.remove(0);
                    }
                } else {
                    prop_assert_eq!(ghosts.take(key), known);
                }
                prop_assert_eq!(ghosts.weight, model.iter().map(|it| it.1).sum::<usize>());
                prop_assert_eq!(ghosts.known.entries().len(), model.len());
                prop_assert!(ghosts.queue.len() <= 2 * entries + 65);
            }
        }
    }
}
