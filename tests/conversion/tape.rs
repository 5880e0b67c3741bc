//! Decisions of a generator, taken from a list of numbers: proptest makes the list shorter and its numbers
//! smaller, and the definition gets simpler with it.

#[derive(Debug)]
pub(super) struct Tape<'a> {
    words: std::slice::Iter<'a, u32>,
}

impl<'a> Tape<'a> {
    pub(super) fn new(words: &'a [u32]) -> Self {
        Self {
            words: words.iter(),
        }
    }

    /// A number below `count`, 0 behind the end of the list.
    pub(super) fn below(&mut self, count: usize) -> usize {
        let word = self.words.next().copied().unwrap_or(0);
        usize::try_from(word).unwrap() % count
    }

    /// True in `of` cases of 16; false behind the end.
    pub(super) fn chance(&mut self, of: usize) -> bool {
        self.below(16) >= 16 - of
    }

    pub(super) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    pub(super) fn is_over(&self) -> bool {
        self.words.len() == 0
    }
}
