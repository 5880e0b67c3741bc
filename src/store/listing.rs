//! Listing the entries that meet a filter.

use super::Store;
use crate::catalog::Slot;
use crate::filter::Filter;
use crate::order::sorted;

impl Store {
    /// The entries a filter takes, ordered by URL, version, source and layer.
    pub fn list(&self, filter: &Filter) -> Vec<Slot> {
        let taken = self.catalog.slots().filter_map(|slot| {
            let entry = self.catalog.get(slot)?;
            let key = self.catalog.key(entry);
            let row = (key.url, key.version, key.source, key.layer, slot);
            filter.takes(&key, entry).then_some(row)
        });
        let taken: Vec<_> = taken.collect();
        let order = sorted(taken.len(), &|left, right| {
            taken.get(left).cmp(&taken.get(right))
        });
        let listed = order.into_iter().filter_map(|number| taken.get(number));
        listed.map(|&(.., slot)| slot).collect()
    }
}
