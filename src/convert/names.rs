//! Texts numbered in the order in which they came: the one table of the converter, as a hash map per kind of
//! value would be several times the code.

use crate::map::{Index, keyed_hash};

/// Texts, each once.
#[derive(Debug, Default)]
pub(super) struct Names {
    index: Index,
    texts: Vec<String>,
}

impl Names {
    /// The number of a text, and whether it is new.
    pub(super) fn number(&mut self, text: &str) -> (usize, bool) {
        if let Some(number) = self.find(text) {
            return (number, false);
        }
        let number = self.texts.len();
        // Nobody has so many: their texts alone would fill the memory.
        let position = u32::try_from(number).unwrap_or(u32::MAX);
        self.index.insert(hash(text), position);
        self.texts.push(text.to_owned());
        (number, true)
    }

    /// The number of a text, if it is there.
    pub(super) fn find(&self, text: &str) -> Option<usize> {
        let is_it = |position: u32| self.text(position as usize) == text;
        self.index
            .find(hash(text), &is_it)
            .map(|position| position as usize)
    }

    /// Whether a text is there.
    pub(super) fn has(&self, text: &str) -> bool {
        self.find(text).is_some()
    }

    /// The text of a number.
    pub(super) fn text(&self, number: usize) -> &str {
        self.texts.get(number).map_or("", String::as_str)
    }

    /// Whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }
}

fn hash(text: &str) -> u64 {
    // Without a secret: what collides slows down the conversion of its own definition only.
    keyed_hash(0, text.as_bytes())
}

/// A value for each number of some names.
#[derive(Debug, Default)]
pub(super) struct ByName<T> {
    values: Vec<T>,
    /// Stands in for what cannot be.
    none: T,
}

impl<T: Default> ByName<T> {
    /// The value of a number, if there is one.
    pub(super) fn get(&self, number: Option<usize>) -> Option<&T> {
        self.values.get(number?)
    }

    /// The value of a number, to be changed.
    pub(super) fn at(&mut self, number: usize) -> &mut T {
        if number >= self.values.len() {
            self.values.resize_with(number + 1, T::default);
        }
        self.values.get_mut(number).unwrap_or(&mut self.none)
    }
}
