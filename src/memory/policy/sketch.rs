//! How often a key was asked for lately, about: a count-min sketch of 4-bit counters that age.

/// Hash functions.
const ROWS: u64 = 4;
/// The most a counter holds.
pub(super) const MOST: u32 = 15;
/// The bits of a counter.
const COUNTER: u8 = 15;
/// Counters in a row per entry, so that few keys share all of theirs.
const PER_ENTRY: usize = 4;
/// Uses per entry after which all counts are halved.
const SAMPLE: usize = 10;

/// Counts by key hash (Cormode and Muthukrishnan, 2005; ageing of Einziger, Friedman and Manes, 2017).
/// Grows with the number of entries: 8 bytes for each, up to the next power of two.
#[derive(Debug)]
pub(super) struct Sketch {
    /// Two counters a byte, row after row.
    counters: Vec<u8>,
    /// Counters in a row, a power of two.
    width: u64,
    /// Entries it is made for.
    entries: usize,
    /// Counts since they were last halved.
    additions: usize,
}

impl Default for Sketch {
    fn default() -> Self {
        Self::of(64)
    }
}

impl Sketch {
    fn of(entries: usize) -> Self {
        let width = entries * PER_ENTRY;
        Self {
            counters: vec![0; width * 2],
            width: width as u64,
            entries,
            additions: 0,
        }
    }

    /// Makes room for so many entries; what is known stays.
    pub(super) fn reserve(&mut self, entries: usize) {
        while self.entries < entries {
            let mut larger = Self::of(self.entries * 2);
            larger.additions = self.additions;
            // A row of twice the width begins as the row two times over: the mask lets in one bit more.
            let row = self.counters.len() / 4;
            let doubled = self.counters.chunks(row).flat_map(|row| [row, row]);
            for (to, from) in larger.counters.chunks_mut(row).zip(doubled) {
                to.copy_from_slice(from);
            }
            *self = larger;
        }
    }

    /// Counts a use of a key. Only the lowest of its counters grow: the others count other keys too.
    pub(super) fn add(&mut self, key_hash: u64) {
        let count = self.count(key_hash);
        if u32::from(count) == MOST {
            return;
        }
        for row in 0..ROWS {
            let (at, shift) = self.place(key_hash, row);
            if let Some(byte) = self.counters.get_mut(at)
                && (*byte >> shift) & COUNTER == count
            {
                *byte += 1 << shift;
            }
        }
        self.additions += 1;
        if self.additions >= SAMPLE * self.entries {
            self.halve();
        }
    }

    /// About how often a key was used, at most 15.
    pub(super) fn count(&self, key_hash: u64) -> u8 {
        let counts = (0..ROWS).map(|row| {
            let (at, shift) = self.place(key_hash, row);
            self.counters
                .get(at)
                .map_or(0, |byte| (byte >> shift) & COUNTER)
        });
        counts.min().unwrap_or(0)
    }

    /// Byte and shift of a counter.
    fn place(&self, key_hash: u64, row: u64) -> (usize, u32) {
        let step = (key_hash >> 32) | 1;
        let column = key_hash.wrapping_add(row.wrapping_mul(step)) & (self.width - 1);
        let counter = row * self.width + column;
        let at = usize::try_from(counter / 2).unwrap_or(usize::MAX);
        (at, if counter.is_multiple_of(2) { 0 } else { 4 })
    }

    fn halve(&mut self) {
        for byte in &mut self.counters {
            *byte = (*byte >> 1) & 0x77;
        }
        self.additions /= 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::map::keyed_hash;
    use proptest::prelude::*;

    fn key(number: u32) -> u64 {
        keyed_hash(7, &number.to_le_bytes())
    }

    #[test]
    fn counts_are_never_too_low_and_seldom_too_high() {
        let mut sketch = Sketch::default();
        sketch.reserve(1000);
        for number in 0..1000 {
            for _ in 0..number % 8 {
                sketch.add(key(number));
            }
        }
        let counted = |number: u32| u32::from(sketch.count(key(number)));
        assert!((0..1000).all(|number| counted(number) >= number % 8));
        let wrong = (0..1000).filter(|&number| counted(number) > number % 8);
        assert!(wrong.count() < 50);
    }

    #[test]
    fn growing_forgets_nothing() {
        let mut sketch = Sketch::default();
        for number in 0..40 {
            for _ in 0..number % 8 {
                sketch.add(key(number));
            }
        }
        let before: Vec<u8> = (0..40).map(|number| sketch.count(key(number))).collect();
        sketch.reserve(5000);
        let after: Vec<u8> = (0..40).map(|number| sketch.count(key(number))).collect();
        assert_eq!(before, after);
        assert_eq!(sketch.counters.len(), 8192 * 8);
    }

    #[test]
    fn counts_age_and_end_at_fifteen() {
        let mut sketch = Sketch::default();
        for _ in 0..100 {
            sketch.add(key(1));
        }
        assert_eq!(sketch.count(key(1)), 15);
        for number in 2..1000 {
            sketch.add(key(number));
        }
        assert!(sketch.count(key(1)) < 15);
    }

    proptest! {
        /// However much is counted, 8 bytes for each entry up to the next power of two.
        #[test]
        fn stays_within_its_bounds(
            steps in proptest::collection::vec((any::<u64>(), 0_usize..400), 0..2000),
        ) {
            let (mut sketch, mut most) = (Sketch::default(), 64);
            for (key, entries) in steps {
                sketch.reserve(entries);
                sketch.add(key);
                most = most.max(entries);
                prop_assert_eq!(sketch.counters.len(), 8 * most.next_power_of_two());
                prop_assert!(sketch.additions < SAMPLE * sketch.entries);
            }
        }
    }
}
