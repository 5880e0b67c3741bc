//! Eviction policies: who leaves when a budget is exceeded. One file each.

mod fifo;
mod lru;

use core::fmt;

use crate::catalog::Slot;
use crate::error::{Error, Result};

pub use fifo::Fifo;
pub use lru::Lru;

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
    pub cost: f32,
}

/// Keeps the resident slots in the order of its choice. A slot is inserted once before anything
/// else is said of it, and removed at most once.
pub trait Policy {
    /// A body became resident. A policy that does not want it names it as the next victim.
    fn insert(&mut self, admission: Admission);

    /// Hits, oldest first, by number of the slot as the host logs them; those of slots that are not
    /// resident, and numbers that name none, are to be ignored.
    fn hits(&mut self, slots: &[u32]);

    /// The body left for another reason than [`Policy::victim`].
    fn remove(&mut self, slot: Slot);

    /// The weight of a resident body changed.
    fn reweigh(&mut self, slot: Slot, weight: usize);

    /// Takes out the slot to evict next; `None` when nothing is resident.
    fn victim(&mut self) -> Option<Slot>;

    /// Number of resident slots.
    fn len(&self) -> usize;

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

/// The policy of that name.
pub fn by_name(name: &str) -> Result<Box<dyn Policy>> {
    match name {
        "lru" => Ok(Box::new(Lru::default())),
        "fifo" => Ok(Box::new(Fifo::default())),
        _ => Err(Error::InvalidConfig {
            option: "evictionPolicy",
            value: format!("\"{name}\""),
            range: "one of lru, fifo",
        }),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    pub(crate) fn slot(number: u32) -> Slot {
        Slot::from_number(number).unwrap()
    }

    fn admission(slot: Slot) -> Admission {
        Admission {
            slot,
            weight: 1,
            key_hash: 0,
            cost: 1.0,
        }
    }

    /// The obvious implementation: a list, the next victim first.
    #[derive(Default)]
    struct Naive(Vec<Slot>);

    impl Naive {
        fn hit(&mut self, slot: Slot, moves: bool) {
            if moves && let Some(place) = self.0.iter().position(|&other| other == slot) {
                self.0.remove(place);
                self.0.push(slot);
            }
        }
    }

    #[derive(Clone, Debug)]
    enum Step {
        Insert(u32),
        Hits(Vec<u32>),
        Remove(u32),
        Victim,
    }

    fn any_step() -> impl Strategy<Value = Step> {
        prop_oneof![
            3 => (1_u32..40).prop_map(Step::Insert),
            3 => proptest::collection::vec(1_u32..40, 0..60).prop_map(Step::Hits),
            1 => (1_u32..40).prop_map(Step::Remove),
            2 => Just(Step::Victim),
        ]
    }

    proptest! {
        #[test]
        fn equals_the_naive_list(steps in proptest::collection::vec(any_step(), 0..300)) {
            for (name, moves) in [("lru", true), ("fifo", false)] {
                let mut policy = by_name(name).unwrap();
                let mut naive = Naive::default();
                for step in &steps {
                    match step {
                        Step::Insert(number) => {
                            if !naive.0.contains(&slot(*number)) {
                                policy.insert(admission(slot(*number)));
                                naive.0.push(slot(*number));
                            }
                        }
                        Step::Hits(numbers) => {
                            policy.hits(numbers);
                            for &number in numbers {
                                naive.hit(slot(number), moves);
                            }
                        }
                        Step::Remove(number) => {
                            policy.remove(slot(*number));
                            naive.0.retain(|&other| other != slot(*number));
                        }
                        Step::Victim => {
                            let expected = (!naive.0.is_empty()).then(|| naive.0.remove(0));
                            prop_assert_eq!(policy.victim(), expected, "{}", name);
                        }
                    }
                    prop_assert_eq!(policy.len(), naive.0.len());
                }
            }
        }
    }

    #[test]
    fn an_unknown_name_is_a_coded_error() {
        assert_eq!(by_name("clock").unwrap_err().code(), "INVALID_CONFIG");
    }
}
