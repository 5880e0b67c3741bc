//! Doubly linked lists of slots, kept in one table by slot.

use crate::catalog::Slot;

/// `N` lists; a slot is in one of them at most. Adding, removing and moving take constant time.
#[derive(Debug)]
pub(super) struct Lists<const N: usize> {
    nodes: Vec<Node>,
    ends: [Ends; N],
}

#[derive(Clone, Copy, Debug, Default)]
struct Node {
    newer: Option<Slot>,
    older: Option<Slot>,
    list: Option<u8>,
    weight: usize,
}

#[derive(Clone, Copy, Debug, Default)]
struct Ends {
    newest: Option<Slot>,
    oldest: Option<Slot>,
    len: usize,
    weight: usize,
}

impl<const N: usize> Default for Lists<N> {
    fn default() -> Self {
        Self {
            nodes: Vec::new(),
            ends: [Ends::default(); N],
        }
    }
}

impl<const N: usize> Lists<N> {
    /// The list a slot is in.
    pub(super) fn list_of(&self, slot: Slot) -> Option<usize> {
        self.node(slot).list.map(usize::from)
    }

    /// Weight of a slot that is in a list.
    pub(super) fn weight_of(&self, slot: Slot) -> usize {
        self.node(slot).weight
    }

    /// Number of slots in a list.
    pub(super) fn len(&self, list: usize) -> usize {
        self.ends(list).len
    }

    /// Sum of their weights.
    pub(super) fn weight(&self, list: usize) -> usize {
        self.ends(list).weight
    }

    /// Number of slots in all lists.
    pub(super) fn total_len(&self) -> usize {
        self.ends.iter().map(|ends| ends.len).sum()
    }

    /// The slot that came to a list before all others that are in it.
    pub(super) fn oldest(&self, list: usize) -> Option<Slot> {
        self.ends(list).oldest
    }

    /// The slot that came to the same list next after this one.
    pub(super) fn newer(&self, slot: Slot) -> Option<Slot> {
        self.node(slot).newer
    }

    /// Adds a slot that is in no list as the newest.
    pub(super) fn push(&mut self, list: usize, slot: Slot, weight: usize) {
        if self.nodes.len() <= slot.index() {
            self.nodes.resize(slot.index() + 1, Node::default());
        }
        let Some(ends) = self.ends.get_mut(list) else {
            return;
        };
        let older = ends.newest.replace(slot);
        ends.oldest = ends.oldest.or(Some(slot));
        ends.len += 1;
        ends.weight += weight;
        self.set(slot, |node| {
            *node = Node {
                newer: None,
                older,
                list: u8::try_from(list).ok(),
                weight,
            };
        });
        if let Some(older) = older {
            self.set(older, |node| node.newer = Some(slot));
        }
    }

    /// Takes a slot out of its list; false when it is in none.
    pub(super) fn remove(&mut self, slot: Slot) -> bool {
        let node = self.node(slot);
        let Some(ends) = node
            .list
            .and_then(|list| self.ends.get_mut(usize::from(list)))
        else {
            return false;
        };
        ends.len -= 1;
        ends.weight -= node.weight;
        if node.newer.is_none() {
            ends.newest = node.older;
        }
        if node.older.is_none() {
            ends.oldest = node.newer;
        }
        if let Some(newer) = node.newer {
            self.set(newer, |other| other.older = node.older);
        }
        if let Some(older) = node.older {
            self.set(older, |other| other.newer = node.newer);
        }
        self.set(slot, |node| *node = Node::default());
        true
    }

    /// Makes a slot the newest of a list.
    pub(super) fn move_to(&mut self, list: usize, slot: Slot) {
        let weight = self.node(slot).weight;
        if self.remove(slot) {
            self.push(list, slot, weight);
        }
    }

    /// Changes the weight of a slot.
    pub(super) fn reweigh(&mut self, slot: Slot, weight: usize) {
        let node = self.node(slot);
        if let Some(ends) = node
            .list
            .and_then(|list| self.ends.get_mut(usize::from(list)))
        {
            ends.weight = ends.weight - node.weight + weight;
            self.set(slot, |node| node.weight = weight);
        }
    }

    fn ends(&self, list: usize) -> Ends {
        self.ends.get(list).copied().unwrap_or_default()
    }

    fn node(&self, slot: Slot) -> Node {
        self.nodes.get(slot.index()).copied().unwrap_or_default()
    }

    fn set(&mut self, slot: Slot, change: impl FnOnce(&mut Node)) {
        if let Some(node) = self.nodes.get_mut(slot.index()) {
            change(node);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::slot;
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// After every step each slot is in exactly one list, in order, and the sums are right.
        #[test]
        fn equals_vectors(steps in proptest::collection::vec((0_u8..4, 0_usize..3, 1_u32..20, 0_usize..9), 0..200)) {
            let mut lists = Lists::<3>::default();
            let mut model = [(); 3].map(|()| Vec::<(u32, usize)>::new());
            for (kind, list, number, weight) in steps {
                let found = model.iter().enumerate().find_map(|(list, items)| {
                    let at = items.iter().position(|&(slot, _)| slot == number)?;
                    Some((list, at))
                });
                match (kind, found) {
                    (0, None) => {
                        lists.push(list, slot(number), weight);
                        model[list].push((number, weight));
                    }
                    (1, _) => {
                        prop_assert_eq!(lists.remove(slot(number)), found.is_some());
                        found.map(|(list, at)| model[list].remove(at));
                    }
                    (2, _) => {
                        lists.move_to(list, slot(number));
                        if let Some((from, at)) = found {
                            let item = model[from].remove(at);
                            model[list].push(item);
                        }
                    }
                    (3, _) => {
                        lists.reweigh(slot(number), weight);
                        if let Some((list, at)) = found {
                            model[list][at].1 = weight;
                        }
                    }
                    _ => {}
                }
                let total: usize = model.iter().map(Vec::len).sum();
                prop_assert_eq!(lists.total_len(), total);
                for (list, items) in model.iter().enumerate() {
                    prop_assert_eq!(lists.len(list), items.len());
                    prop_assert_eq!(lists.weight(list), items.iter().map(|item| item.1).sum::<usize>());
                    let mut next = lists.oldest(list);
                    for &(number, weight) in items {
                        prop_assert_eq!(next, Some(slot(number)));
                        prop_assert_eq!(lists.list_of(slot(number)), Some(list));
                        prop_assert_eq!(lists.weight_of(slot(number)), weight);
                        next = lists.newer(slot(number));
                    }
                    prop_assert_eq!(next, None);
                }
            }
        }
    }
}
