//! Least frequently used.

use super::Policy;
use super::deferred::DeferredInsert;
use super::ranking::Ranking;

/// Evicts the body with the fewest uses since it became resident; of equal ones the one that was not
/// used for the longest time. Counts never age: what was popular once stays for long.
pub(super) fn lfu() -> impl Policy {
    DeferredInsert::new(Ranking::new(|merit| f64::from(merit.uses)))
}
