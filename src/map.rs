//! Maps keyed by bytes, over one table of positions that all of them share as code: a hash table
//! per type of entry would be several times the size.

use core::hash::Hasher;
use std::hash::DefaultHasher;

use hashbrown::HashTable;

/// SipHash-1-3 with the seed as its secret prefix.
pub fn keyed_hash(seed: u64, bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write_u64(seed);
    hasher.write(bytes);
    hasher.finish()
}

/// Positions in a list kept elsewhere, found by the hash of what stands there.
#[derive(Debug, Default)]
pub struct Index {
    /// Hash and position.
    table: HashTable<(u64, u32)>,
}

impl Index {
    /// The position with this hash that `is_it` says yes to.
    pub fn find(&self, hash: u64, is_it: &dyn Fn(u32) -> bool) -> Option<u32> {
        let found = self
            .table
            .find(hash, |&(other, position)| other == hash && is_it(position));
        found.map(|&(_, position)| position)
    }

    /// Adds a position that is not in it.
    pub fn insert(&mut self, hash: u64, position: u32) {
        self.table
            .insert_unique(hash, (hash, position), |&(hash, _)| hash);
    }

    /// Takes out a position.
    pub fn remove(&mut self, hash: u64, position: u32) {
        if let Ok(entry) = self.table.find_entry(hash, |it| *it == (hash, position)) {
            entry.remove();
        }
    }

    /// Takes out all.
    pub fn clear(&mut self) {
        self.table.clear();
    }

    /// Makes room for that many more at once.
    pub fn reserve(&mut self, more: usize) {
        self.table.reserve(more, |&(hash, _)| hash);
    }

    /// Memory taken.
    pub fn bytes(&self) -> usize {
        self.table.allocation_size()
    }
}

/// Where a key of a [`Map`] stands or would stand: looked up once, and good until the map changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Its position in [`Map::entries`].
    Taken(u32),
    /// The key is not in the map; this is its hash.
    Free(u64),
}

/// A map in the order of insertion, as long as nothing is removed.
#[derive(Debug)]
pub struct Map<K, V> {
    seed: u64,
    index: Index,
    entries: Vec<(K, V)>,
}

impl<K: AsRef<[u8]>, V> Map<K, V> {
    /// An empty map. The seed keeps those who choose keys from making them collide; 0 does where
    /// nobody can.
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            index: Index::default(),
            entries: Vec::new(),
        }
    }

    /// Its keys and values.
    pub fn entries(&self) -> &[(K, V)] {
        &self.entries
    }

    /// Its keys, and its values to be changed.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (&K, &mut V)> {
        self.entries.iter_mut().map(|(key, value)| (&*key, value))
    }

    /// Makes room for that many more keys at once.
    pub fn reserve(&mut self, more: usize) {
        self.index.reserve(more);
        self.entries.reserve(more);
    }

    /// Looks up a key.
    pub fn place(&self, key: &[u8]) -> Place {
        let hash = keyed_hash(self.seed, key);
        self.find(hash, key).map_or(Place::Free(hash), Place::Taken)
    }

    /// Where a key stands in [`Map::entries`].
    pub fn position(&self, key: &[u8]) -> Option<u32> {
        match self.place(key) {
            Place::Taken(position) => Some(position),
            Place::Free(_) => None,
        }
    }

    /// The value at a place, if it is taken.
    pub fn at(&self, place: Place) -> Option<&V> {
        let Place::Taken(position) = place else {
            return None;
        };
        let entry = self.entries.get(position as usize)?;
        Some(&entry.1)
    }

    /// The same, to be changed.
    pub fn at_mut(&mut self, place: Place) -> Option<&mut V> {
        let Place::Taken(position) = place else {
            return None;
        };
        let entry = self.entries.get_mut(position as usize)?;
        Some(&mut entry.1)
    }

    /// The value of a key.
    pub fn get(&self, key: &[u8]) -> Option<&V> {
        self.at(self.place(key))
    }

    /// The value of a key, to be changed.
    pub fn get_mut(&mut self, key: &[u8]) -> Option<&mut V> {
        self.at_mut(self.place(key))
    }

    /// Sets the value of a key.
    pub fn insert(&mut self, key: K, value: V) {
        let place = self.place(key.as_ref());
        self.insert_at(place, key, value);
    }

    /// Sets the value of a key whose place was looked up.
    pub fn insert_at(&mut self, place: Place, key: K, value: V) {
        match place {
            Place::Taken(_) => {
                if let Some(known) = self.at_mut(place) {
                    *known = value;
                }
            }
            Place::Free(hash) => {
                // More entries than this do not fit a 32-bit memory.
                let position = u32::try_from(self.entries.len()).unwrap_or(u32::MAX);
                self.index.insert(hash, position);
                self.entries.push((key, value));
            }
        }
    }

    /// Takes out a key; the last entry takes its place.
    pub fn remove(&mut self, key: &[u8]) {
        let hash = keyed_hash(self.seed, key);
        let Some(position) = self.find(hash, key) else {
            return;
        };
        self.index.remove(hash, position);
        self.entries.swap_remove(position as usize);
        if let Some((moved, _)) = self.entries.get(position as usize) {
            let from = u32::try_from(self.entries.len()).unwrap_or(u32::MAX);
            let hash = keyed_hash(self.seed, moved.as_ref());
            self.index.remove(hash, from);
            self.index.insert(hash, position);
        }
    }

    /// Keeps what `keep` says yes to.
    pub fn retain(&mut self, keep: impl Fn(&V) -> bool) {
        self.entries.retain(|(_, value)| keep(value));
        self.index.clear();
        for ((key, _), position) in self.entries.iter().zip(0..) {
            self.index
                .insert(keyed_hash(self.seed, key.as_ref()), position);
        }
    }

    fn find(&self, hash: u64, key: &[u8]) -> Option<u32> {
        let is_it = |position: u32| match self.entries.get(position as usize) {
            Some((other, _)) => other.as_ref() == key,
            None => false,
        };
        self.index.find(hash, &is_it)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn equals_an_ordered_map(steps in proptest::collection::vec((0_u8..8, 0_u8..20), 0..300)) {
            let mut map = Map::new(7);
            let mut model = BTreeMap::new();
            for (value, (step, key)) in steps.into_iter().enumerate() {
                match step {
                    0..2 => {
                        map.insert([key], value);
                        model.insert([key], value);
                    }
                    2..4 => {
                        map.reserve(value);
                        let place = map.place(&[key]);
                        prop_assert_eq!(map.at(place), model.get(&[key]));
                        map.insert_at(place, [key], value);
                        model.insert([key], value);
                    }
                    4..7 => {
                        map.remove(&[key]);
                        model.remove(&[key]);
                    }
                    _ => {
                        map.retain(|value| value % 3 != 0);
                        model.retain(|_, value| *value % 3 != 0);
                    }
                }
                let entries: BTreeMap<_, _> = map.entries().iter().copied().collect();
                prop_assert_eq!(&entries, &model);
                for key in 0..20 {
                    prop_assert_eq!(map.get(&[key]), model.get(&[key]));
                }
            }
        }
    }
}
