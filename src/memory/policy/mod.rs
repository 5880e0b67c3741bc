//! Eviction policies: who leaves when a budget is exceeded. One file each.

mod climber;
mod custom;
mod deferred;
mod fifo;
mod gdsf;
mod ghosts;
mod lfu;
mod lists;
mod lru;
mod random;
mod ranking;
mod recency;
mod s3_fifo;
mod sieve;
mod sketch;
mod w_tiny_lfu;

use core::fmt;

use crate::catalog::Slot;
use crate::error::{Error, Result};
use crate::hits::Hits;

pub use custom::{Candidate, Custom};
pub use fifo::Fifo;
pub use lru::Lru;

use super::Limits;
use w_tiny_lfu::WTinyLfu;

/// What the tier tells a policy when a body becomes resident.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Admission {
    /// The entry.
    pub slot: Slot,
    /// Bytes it takes.
    pub weight: usize,
    /// Hash of the row key, the same for every slot the row ever has.
    pub key_hash: u64,
    /// What it costs to bring the body back, in any unit that is the same for all entries.
    pub cost: u32,
}

/// Keeps the resident slots in the order of its choice. A slot is inserted once before anything
/// else is said of it, and removed at most once.
pub trait Policy {
    /// A body became resident. A policy that does not want it names it as the next victim.
    fn insert(&mut self, admission: Admission);

    /// A report of hits; those of slots that are not resident are to be ignored.
    fn hits(&mut self, report: &[Hits]);

    /// The body left for another reason than [`Policy::victim`].
    fn remove(&mut self, slot: Slot);

    /// The weight of a resident body changed.
    fn reweigh(&mut self, slot: Slot, weight: usize);

    /// Takes out the slot to evict next; `None` when nothing is resident.
    fn victim(&mut self) -> Option<Slot>;

    /// Number of resident slots.
    fn len(&self) -> usize;

    /// How many newcomers left because the policy preferred what it had.
    fn refusals(&self) -> u64 {
        0
    }

    /// This policy, where the caller ranks for it.
    fn custom(&mut self) -> Option<&mut Custom> {
        None
    }

    /// Whether nothing is resident.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Names no contents: the derived text of every policy would be linked through its table of methods.
impl fmt::Debug for dyn Policy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Policy")
    }
}

/// The names of the policies.
pub const NAMES: [&str; 9] = [
    "lru",
    "lfu",
    "fifo",
    "random",
    "sieve",
    "s3-fifo",
    "w-tiny-lfu",
    "gdsf",
    "custom",
];

/// The policy of that name, for these limits. `seed` is a random number.
pub fn by_name(name: &str, limits: Limits, seed: u64) -> Result<Box<dyn Policy>> {
    Ok(match name {
        "lru" => Box::new(Lru::default()),
        "lfu" => Box::new(lfu::lfu()),
        "fifo" => Box::new(Fifo::default()),
        "random" => Box::new(random::random(seed)),
        "sieve" => Box::new(sieve::sieve()),
        "s3-fifo" => Box::new(s3_fifo::s3_fifo(limits)),
        "w-tiny-lfu" => Box::new(WTinyLfu::new(limits)),
        "gdsf" => Box::new(gdsf::gdsf()),
        "custom" => Box::new(Custom::default()),
        _ => {
            return Err(Box::new(Error::InvalidConfig {
                option: "evictionPolicy",
                value: ["\"", name, "\""].concat(),
                range: "one of lru, lfu, fifo, random, sieve, s3-fifo, w-tiny-lfu, gdsf, custom",
            }));
        }
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::hits::{report, single};
    use proptest::prelude::*;

    pub(crate) fn slot(number: u32) -> Slot {
        Slot::from_number(number).unwrap()
    }

    const NO_LIMITS: Limits = Limits {
        bytes: usize::MAX,
        entries: usize::MAX,
    };

    fn admission(slot: Slot) -> Admission {
        Admission {
            slot,
            weight: 1,
            key_hash: 0,
            cost: 1,
        }
    }

    /// The obvious implementation of a policy that goes by a list and by uses.
    #[derive(Clone, Copy, Debug)]
    struct Resident {
        slot: Slot,
        uses: u32,
        weight: usize,
        /// Of its last use, or of its arrival.
        time: u64,
        rank: f64,
    }

    /// Oldest arrival first; looks through all of it for everything.
    struct Naive {
        name: &'static str,
        residents: Vec<Resident>,
        newcomer: Option<Resident>,
        base: f64,
        clock: u64,
    }

    impl Naive {
        fn new(name: &'static str) -> Self {
            Self {
                name,
                residents: Vec::new(),
                newcomer: None,
                base: 0.0,
                clock: 0,
            }
        }

        fn rank(&self, uses: u32, weight: usize, time: u64) -> f64 {
            match self.name {
                "lfu" => f64::from(uses),
                "gdsf" => {
                    self.base
                        + f64::from(uses) * 1e6 / f64::from(u32::try_from(weight.max(1)).unwrap())
                }
                "lru" => f64::from(u32::try_from(time).unwrap()),
                _ => 0.0,
            }
        }

        fn apply_hits(&mut self) {
            if let Some(mut newcomer) = self.newcomer.take() {
                self.clock += 1;
                newcomer.time = self.clock;
                newcomer.rank = self.rank(1, newcomer.weight, self.clock);
                self.residents.push(newcomer);
            }
        }

        fn insert(&mut self, slot: Slot, weight: usize) {
            self.apply_hits();
            let (uses, time, rank) = (1, 0, 0.0);
            self.newcomer = Some(Resident {
                slot,
                uses,
                weight,
                time,
                rank,
            });
            if self.name == "lru" || self.name == "fifo" {
                self.apply_hits();
            }
        }

        fn change(&mut self, slot: Slot, change: impl Fn(&mut Resident)) {
            self.apply_hits();
            if let Some(at) = self.residents.iter().position(|it| it.slot == slot) {
                self.clock += 1;
                let mut changed = self.residents[at];
                change(&mut changed);
                changed.time = self.clock;
                changed.rank = self.rank(changed.uses, changed.weight, self.clock);
                self.residents[at] = changed;
            }
        }

        fn victim(&mut self) -> Option<Slot> {
            let lowest = |left: &Resident, right: &Resident| {
                let ranks = left.rank.total_cmp(&right.rank);
                let times = if self.name == "fifo" {
                    (0, 0)
                } else {
                    (left.time, right.time)
                };
                ranks.then(times.0.cmp(&times.1))
            };
            let lowest = self.residents.iter().copied().min_by(lowest);
            let Some(victim) = lowest else {
                return self.newcomer.take().map(|newcomer| newcomer.slot);
            };
            self.base = victim.rank;
            self.residents.retain(|it| it.slot != victim.slot);
            Some(victim.slot)
        }
    }

    #[derive(Clone, Debug)]
    enum Step {
        Insert(u32, usize),
        Hits(Vec<u32>),
        Remove(u32),
        Reweigh(u32, usize),
        Victim,
    }

    fn any_step() -> impl Strategy<Value = Step> {
        prop_oneof![
            6 => (1_u32..40, 0_usize..9).prop_map(|(slot, weight)| Step::Insert(slot, weight)),
            6 => proptest::collection::vec(1_u32..45, 0..60).prop_map(Step::Hits),
            2 => (1_u32..40).prop_map(Step::Remove),
            1 => (1_u32..40, 0_usize..9).prop_map(|(slot, weight)| Step::Reweigh(slot, weight)),
            4 => Just(Step::Victim),
        ]
    }

    proptest! {
        #[test]
        fn equals_the_naive_one(steps in proptest::collection::vec(any_step(), 0..300)) {
            for name in ["lru", "fifo", "lfu", "gdsf"] {
                let mut policy = by_name(name, NO_LIMITS, 7).unwrap();
                let mut naive = Naive::new(name);
                for step in &steps {
                    let known = |naive: &Naive, number: u32| {
                        let here = |it: &Resident| it.slot == slot(number);
                        naive.residents.iter().any(here) || naive.newcomer.as_ref().is_some_and(here)
                    };
                    match step {
                        Step::Insert(number, weight) => {
                            if !known(&naive, *number) {
                                policy.insert(Admission { weight: *weight, ..admission(slot(*number)) });
                                naive.insert(slot(*number), *weight);
                            }
                        }
                        Step::Hits(numbers) => {
                            policy.hits(&report(numbers));
                            if !numbers.is_empty() {
                                naive.apply_hits();
                            }
                            for &number in numbers {
                                naive.change(slot(number), |it| it.uses += 1);
                            }
                        }
                        Step::Remove(number) => {
                            policy.remove(slot(*number));
                            naive.apply_hits();
                            naive.residents.retain(|it| it.slot != slot(*number));
                        }
                        Step::Reweigh(number, weight) => {
                            policy.reweigh(slot(*number), *weight);
                            if name == "gdsf" || name == "lfu" {
                                naive.change(slot(*number), |it| it.weight = *weight);
                            }
                        }
                        Step::Victim => {
                            prop_assert_eq!(policy.victim(), naive.victim(), "{}", name);
                        }
                    }
                    let count = naive.residents.len() + usize::from(naive.newcomer.is_some());
                    prop_assert_eq!(policy.len(), count, "{}", name);
                }
            }
        }

        #[test]
        fn keeps_what_it_was_given(
            steps in proptest::collection::vec(any_step(), 0..300),
            bytes in 1_usize..60,
            entries in 1_usize..30,
        ) {
            for name in NAMES {
                let mut policy = by_name(name, Limits { bytes, entries }, 7).unwrap();
                let mut resident = std::collections::BTreeSet::new();
                for step in &steps {
                    match step {
                        Step::Insert(number, weight) => {
                            if resident.insert(slot(*number)) {
                                policy.insert(Admission {
                                    weight: *weight,
                                    key_hash: u64::from(*number) << 32 | u64::from(*number),
                                    ..admission(slot(*number))
                                });
                            }
                        }
                        Step::Hits(numbers) => policy.hits(&report(numbers)),
                        Step::Remove(number) => {
                            policy.remove(slot(*number));
                            resident.remove(&slot(*number));
                        }
                        Step::Reweigh(number, weight) => policy.reweigh(slot(*number), *weight),
                        Step::Victim => {
                            let victim = policy.victim();
                            prop_assert_eq!(victim.is_none(), resident.is_empty(), "{}", name);
                            let known = victim.is_none_or(|slot| resident.remove(&slot));
                            prop_assert!(known, "{} evicted what it did not have", name);
                        }
                    }
                    prop_assert_eq!(policy.len(), resident.len(), "{}", name);
                }
                while let Some(victim) = policy.victim() {
                    prop_assert!(resident.remove(&victim), "{}", name);
                }
                prop_assert!(resident.is_empty(), "{} forgot {:?}", name, resident);
            }
        }

        /// The caller hands hits in many at a time.
        #[test]
        fn buffered_hits_are_as_good(steps in proptest::collection::vec(any_step(), 0..300)) {
            for name in NAMES {
                let limits = Limits { bytes: 40, entries: 20 };
                let [mut buffered, mut eager] = [(); 2].map(|()| by_name(name, limits, 7).unwrap());
                let mut resident = std::collections::BTreeSet::new();
                for step in &steps {
                    match step {
                        Step::Insert(number, weight) if resident.insert(slot(*number)) => {
                            let given = Admission {
                                weight: *weight,
                                key_hash: u64::from(*number) << 32 | u64::from(*number),
                                ..admission(slot(*number))
                            };
                            buffered.insert(given);
                            eager.insert(given);
                        }
                        Step::Hits(numbers) => {
                            buffered.hits(&report(numbers));
                            for number in numbers {
                                eager.hits(&[single(*number)]);
                            }
                        }
                        _ => {
                            let victim = eager.victim();
                            prop_assert_eq!(buffered.victim(), victim, "{}", name);
                            victim.map(|slot| resident.remove(&slot));
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn an_unknown_name_is_a_coded_error() {
        assert_eq!(
            by_name("clock", NO_LIMITS, 7).unwrap_err().code(),
            "INVALID_CONFIG"
        );
    }
}
