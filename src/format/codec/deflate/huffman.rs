//! Huffman codes of limited length, and the bits they are written to.

/// A canonical Huffman code: length of each code, and its bits in the order in which they are written.
pub(super) struct Huffman {
    pub(super) lengths: Vec<u8>,
    codes: Vec<u16>,
}

impl Huffman {
    /// The shortest code for these counts with codes of at most so many bits, or nearly so.
    pub(super) fn new(counts: &[u32], most: u8) -> Self {
        let mut counts = counts.to_vec();
        let lengths = loop {
            let lengths = code_lengths(&counts);
            if lengths.iter().all(|&length| length <= most) {
                break lengths;
            }
            // Counts that differ less make codes that differ less.
            for count in counts.iter_mut().filter(|count| **count > 0) {
                *count = 1 + *count / 2;
            }
        };
        let mut codes = vec![0; lengths.len()];
        let mut next = 0_u16;
        for length in 1..=most {
            next <<= 1;
            for (code, _) in codes
                .iter_mut()
                .zip(&lengths)
                .filter(|(_, own)| **own == length)
            {
                *code = next.reverse_bits() >> (16 - u32::from(length));
                next += 1;
            }
        }
        Self { lengths, codes }
    }

    /// Bits of a code; 0 for one that is not used.
    pub(super) fn length(&self, code: usize) -> u32 {
        self.lengths.get(code).copied().unwrap_or(0).into()
    }

    /// Writes a code.
    pub(super) fn put(&self, out: &mut Bits, code: usize) {
        out.put(
            self.codes.get(code).copied().unwrap_or(0).into(),
            self.length(code),
        );
    }
}

/// How deep each count ends up in the tree of Huffman; a lone one has a code of one bit.
fn code_lengths(counts: &[u32]) -> Vec<u8> {
    let mut weights = counts.to_vec();
    let mut parents = vec![0; counts.len()];
    while let Some(left) = lightest(&mut weights) {
        let Some(right) = lightest(&mut weights) else {
            // The root, or the only leaf.
            if left.1 < counts.len() {
                parents.push(0);
                set_parent(&mut parents, left.1, counts.len());
            }
            break;
        };
        let parent = weights.len();
        weights.push(left.0 + right.0);
        parents.push(0);
        for (_, child) in [left, right] {
            set_parent(&mut parents, child, parent);
        }
    }
    let depth = |leaf: usize| {
        let up = |&node: &usize| parents.get(node).copied().filter(|&parent| parent > 0);
        core::iter::successors(Some(leaf), up)
            .skip(1)
            .zip(1_u8..)
            .last()
    };
    (0..counts.len())
        .map(|leaf| depth(leaf).map_or(0, |(_, depth)| depth))
        .collect()
}

fn set_parent(parents: &mut [usize], child: usize, parent: usize) {
    if let Some(place) = parents.get_mut(child) {
        *place = parent;
    }
}

/// Takes out the lightest weight that is not 0, the first of its kind.
fn lightest(weights: &mut [u32]) -> Option<(u32, usize)> {
    let found = weights
        .iter_mut()
        .zip(0..)
        .filter(|(weight, _)| **weight > 0);
    let (weight, place) = found.min_by_key(|(weight, _)| **weight)?;
    Some((core::mem::take(weight), place))
}

/// Bits behind one another, the lowest first.
#[derive(Default)]
pub(super) struct Bits {
    out: Vec<u8>,
    pending: u32,
    count: u32,
}

impl Bits {
    /// Appends at most 16 bits.
    pub(super) fn put(&mut self, bits: u32, count: u32) {
        self.pending |= bits << self.count;
        self.count += count;
        while self.count >= 8 {
            let [low, ..] = self.pending.to_le_bytes();
            self.out.push(low);
            self.pending >>= 8;
            self.count -= 8;
        }
    }

    /// The bytes, the last one filled up with zeros.
    pub(super) fn finish(mut self) -> Vec<u8> {
        self.put(0, 7);
        self.out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_grow_no_longer_than_they_may() {
        // Fibonacci numbers make the deepest trees.
        let mut counts = vec![1_u32, 1];
        while counts.len() < 30 {
            counts.push(counts.iter().rev().take(2).sum());
        }
        for most in [7, 15] {
            let huffman = Huffman::new(&counts, most);
            let space: f64 = huffman
                .lengths
                .iter()
                .map(|&length| 0.5_f64.powi(length.into()))
                .sum();
            assert!((space - 1.0).abs() < 1e-9);
            assert!(huffman.lengths.iter().all(|&length| length <= most));
        }
    }
}
