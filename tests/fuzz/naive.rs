//! The policies once more, so plain that they cannot be wrong: lists that are searched from end to end.

use fhir_schema_store::memory::Limits;

/// An entry in memory, by number of its slot.
#[derive(Clone, Copy, Debug)]
struct Item {
    slot: u32,
    /// The same for every slot of a row.
    key: usize,
    weight: usize,
    uses: u32,
    /// When it was last used.
    time: u64,
    rank: f64,
}

/// A policy by its name, over lists. Of those without a rule here any victim is right.
#[derive(Debug)]
pub(super) struct Naive {
    name: &'static str,
    limits: Limits,
    /// In order of arrival; the main queue of `s3-fifo`.
    items: Vec<Item>,
    /// The queue of newcomers of `s3-fifo`.
    small: Vec<Item>,
    /// What left that queue, oldest first: key and weight.
    ghosts: Vec<(usize, usize)>,
    /// Not yet among the others, so that it need not compete; and whether it was a ghost.
    newcomer: Option<(Item, bool)>,
    /// The slot `sieve` looks at next.
    hand: Option<u32>,
    base: f64,
    clock: u64,
}

impl Naive {
    pub(super) fn new(name: &'static str, limits: Limits) -> Self {
        Self {
            name,
            limits,
            items: Vec::new(),
            small: Vec::new(),
            ghosts: Vec::new(),
            newcomer: None,
            hand: None,
            base: 0.0,
            clock: 0,
        }
    }

    pub(super) fn insert(&mut self, slot: u32, key: usize, weight: usize) {
        self.apply_hits();
        self.clock += 1;
        let (uses, time, rank) = (1, self.clock, 0.0);
        let returns = self.ghosts.iter().any(|&(ghost, _)| ghost == key);
        self.ghosts.retain(|&(ghost, _)| ghost != key);
        let item = Item {
            slot,
            key,
            weight,
            uses,
            time,
            rank,
        };
        self.newcomer = Some((item, returns));
        if ["lru", "fifo", "custom"].contains(&self.name) {
            self.apply_hits();
        }
    }

    pub(super) fn hit(&mut self, slot: u32) {
        self.change(slot, |item| item.uses += 1);
    }

    pub(super) fn reweigh(&mut self, slot: u32, weight: usize) {
        match self.name {
            // A change of weight gives a new place among equal ones.
            "lfu" | "gdsf" => self.change(slot, |item| item.weight = weight),
            _ => {
                self.apply_hits();
                for item in self.items.iter_mut().chain(&mut self.small) {
                    if item.slot == slot {
                        item.weight = weight;
                    }
                }
            }
        }
    }

    pub(super) fn remove(&mut self, slot: u32) {
        self.apply_hits();
        if self.hand == Some(slot) {
            self.hand = self.after(slot);
        }
        self.items.retain(|item| item.slot != slot);
        self.small.retain(|item| item.slot != slot);
    }

    /// The slots by recency, oldest first.
    pub(super) fn by_recency(&self) -> Vec<u32> {
        let mut items = self.items.clone();
        items.sort_by_key(|item| item.time);
        items.iter().map(|item| item.slot).collect()
    }

    /// Who must leave; `None` where any may.
    pub(super) fn victim(&mut self) -> Option<u32> {
        if ["random", "w-tiny-lfu", "custom"].contains(&self.name) {
            return None;
        }
        let victim = match self.name {
            "sieve" => self.sieve(),
            "s3-fifo" => self.s3_fifo(),
            "fifo" => self.items.first().copied(),
            _ => self.lowest(),
        };
        let Some(victim) = victim else {
            return self.newcomer.take().map(|(item, _)| item.slot);
        };
        self.items.retain(|item| item.slot != victim.slot);
        self.small.retain(|item| item.slot != victim.slot);
        Some(victim.slot)
    }

    /// Notes a victim that was not foretold.
    pub(super) fn left(&mut self, slot: u32) {
        if self.newcomer.is_some_and(|(item, _)| item.slot == slot) {
            self.newcomer = None;
        }
        self.items.retain(|item| item.slot != slot);
    }

    fn apply_hits(&mut self) {
        let Some((mut item, returns)) = self.newcomer.take() else {
            return;
        };
        self.clock += 1;
        item.time = self.clock;
        item.rank = self.rank(&item);
        if self.name == "s3-fifo" {
            item.uses = 0;
            if !returns {
                self.small.push(item);
                return;
            }
        }
        if self.name == "sieve" {
            item.uses = 0;
        }
        self.items.push(item);
    }

    fn change(&mut self, slot: u32, change: impl Fn(&mut Item)) {
        self.apply_hits();
        self.clock += 1;
        let (clock, mut changed) = (self.clock, None);
        for item in self.items.iter_mut().chain(&mut self.small) {
            if item.slot == slot {
                change(item);
                item.time = clock;
                changed = Some(*item);
            }
        }
        let rank = changed.map_or(0.0, |item| self.rank(&item));
        for item in &mut self.items {
            if item.slot == slot {
                item.rank = rank;
            }
        }
    }

    fn rank(&self, item: &Item) -> f64 {
        let uses = f64::from(item.uses);
        match self.name {
            "lfu" => uses,
            "gdsf" => self.base + uses * 1e6 / item.weight.max(1) as f64,
            _ => 0.0,
        }
    }

    /// The lowest rank; of equal ones the one not used for the longest time.
    fn lowest(&mut self) -> Option<Item> {
        let order = |left: &&Item, right: &&Item| {
            let ranks = left.rank.total_cmp(&right.rank);
            ranks.then(left.time.cmp(&right.time))
        };
        let lowest = *self.items.iter().min_by(order)?;
        self.base = lowest.rank;
        Some(lowest)
    }

    fn after(&self, slot: u32) -> Option<u32> {
        let at = self.items.iter().position(|item| item.slot == slot)?;
        self.items.get(at + 1).map(|item| item.slot)
    }

    fn sieve(&mut self) -> Option<Item> {
        let mut slot = self.hand.or(self.items.first().map(|item| item.slot))?;
        loop {
            let at = self.items.iter().position(|item| item.slot == slot)?;
            if self.items[at].uses == 0 {
                self.hand = self.after(slot);
                return Some(self.items[at]);
            }
            self.items[at].uses = 0;
            slot = self.after(slot).unwrap_or(self.items[0].slot);
        }
    }

    fn s3_fifo(&mut self) -> Option<Item> {
        let tenths = |limit: usize, tenths: usize| limit / 10 * tenths + limit % 10 * tenths / 10;
        let Limits { bytes, entries } = self.limits;
        let weight = |items: &[Item]| items.iter().map(|item| item.weight).sum::<usize>();
        while !(self.items.is_empty() && self.small.is_empty()) {
            let is_over = weight(&self.items) > bytes - tenths(bytes, 1)
                || self.items.len() > entries - tenths(entries, 1);
            if is_over || self.small.is_empty() {
                while !self.items.is_empty() {
                    let mut item = self.items.remove(0);
                    if item.uses == 0 {
                        return Some(item);
                    }
                    item.uses = item.uses.min(3) - 1;
                    self.items.push(item);
                }
            } else {
                while !self.small.is_empty() {
                    let mut item = self.small.remove(0);
                    if item.uses < 2 {
                        self.haunt(item, tenths(bytes, 9), tenths(entries, 9));
                        return Some(item);
                    }
                    item.uses = 0;
                    self.items.push(item);
                }
            }
        }
        None
    }

    fn haunt(&mut self, item: Item, bytes: usize, entries: usize) {
        self.ghosts.retain(|&(key, _)| key != item.key);
        self.ghosts.push((item.key, item.weight));
        let over = |ghosts: &[(usize, usize)]| {
            ghosts.iter().map(|&(_, weight)| weight).sum::<usize>() > bytes
                || ghosts.len() > entries
        };
        while over(&self.ghosts) {
            self.ghosts.remove(0);
        }
    }
}
