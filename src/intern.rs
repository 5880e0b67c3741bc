//! Strings kept once and named by a number.

use crate::map::{Index, keyed_hash};

/// Names an interned string while it is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Symbol(u32);

impl Symbol {
    /// The number that crosses to JavaScript.
    pub fn number(self) -> u32 {
        self.0
    }

    /// The symbol of a number from JavaScript; one that names nothing has no text.
    pub fn from_number(number: u32) -> Self {
        Self(number)
    }

    /// Place in tables by symbol.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

#[derive(Debug)]
struct Interned {
    text: Box<str>,
    holders: u32,
}

/// Reference-counted strings: acquired by each entry that uses them, released with it.
#[derive(Debug)]
pub struct Interner {
    seed: u64,
    index: Index,
    texts: Vec<Option<Interned>>,
    free: Vec<Symbol>,
    bytes: usize,
}

impl Interner {
    /// An empty interner; `seed` comes from the caller's random source, so that nobody can choose
    /// strings that collide.
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            index: Index::default(),
            texts: Vec::new(),
            free: Vec::new(),
            bytes: 0,
        }
    }

    /// The symbol of `text`, if anyone holds it.
    pub fn find(&self, text: &str) -> Option<Symbol> {
        self.find_hashed(keyed_hash(self.seed, text.as_bytes()), text)
    }

    /// The text of a symbol, while anyone holds it.
    pub fn text(&self, symbol: Symbol) -> Option<&str> {
        let interned = self.texts.get(symbol.index())?.as_ref()?;
        Some(&interned.text)
    }

    /// Holds `text`, to be released once.
    pub fn acquire(&mut self, text: &str) -> Symbol {
        let hash = keyed_hash(self.seed, text.as_bytes());
        if let Some(symbol) = self.find_hashed(hash, text) {
            if let Some(Some(interned)) = self.texts.get_mut(symbol.index()) {
                interned.holders += 1;
            }
            return symbol;
        }
        let interned = Some(Interned {
            text: text.into(),
            holders: 1,
        });
        let symbol = self.free.pop().unwrap_or_else(|| {
            self.texts.push(None);
            Symbol(u32::try_from(self.texts.len() - 1).unwrap_or(u32::MAX))
        });
        if let Some(place) = self.texts.get_mut(symbol.index()) {
            *place = interned;
        }
        self.bytes += text.len();
        self.index.insert(hash, symbol.0);
        symbol
    }

    /// Lets go of a symbol; the last holder's release frees the string.
    pub fn release(&mut self, symbol: Symbol) {
        let Some(Some(interned)) = self.texts.get_mut(symbol.index()) else {
            return;
        };
        interned.holders -= 1;
        if interned.holders > 0 {
            return;
        }
        let hash = keyed_hash(self.seed, interned.text.as_bytes());
        self.bytes -= interned.text.len();
        self.index.remove(hash, symbol.0);
        if let Some(place) = self.texts.get_mut(symbol.index()) {
            *place = None;
        }
        self.free.push(symbol);
    }

    /// Bytes taken by the strings and the table.
    pub fn bytes(&self) -> usize {
        self.bytes + self.texts.capacity() * size_of::<Option<Interned>>() + self.index.bytes()
    }

    fn find_hashed(&self, hash: u64, text: &str) -> Option<Symbol> {
        let is_it = |number| self.text(Symbol(number)) == Some(text);
        self.index.find(hash, &is_it).map(Symbol)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn behaves_as_a_counted_map(steps in proptest::collection::vec((any::<bool>(), 0_u8..9), 0..200)) {
            let mut interner = Interner::new(7);
            let mut model: BTreeMap<String, (Symbol, u32)> = BTreeMap::new();
            for (acquire, text) in steps {
                let text = "x".repeat(text.into());
                if acquire {
                    let symbol = interner.acquire(&text);
                    let held = model.entry(text).or_insert((symbol, 0));
                    prop_assert_eq!(held.0, symbol);
                    held.1 += 1;
                } else if let Some((symbol, holders)) = model.get_mut(&text) {
                    interner.release(*symbol);
                    *holders -= 1;
                    if *holders == 0 {
                        model.remove(&text);
                        prop_assert_eq!(interner.find(&text), None);
                    }
                }
                for (text, (symbol, _)) in &model {
                    prop_assert_eq!(interner.find(text), Some(*symbol));
                    prop_assert_eq!(interner.text(*symbol), Some(text.as_str()));
                }
            }
        }
    }
}
