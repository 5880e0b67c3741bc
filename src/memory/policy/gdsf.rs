//! `GreedyDual`-Size with Frequency (Cherkasova, 1998).

use super::Policy;
use super::deferred::DeferredInsert;
use super::ranking::Ranking;

/// Keeps the ratio apart from the rounding of large sums.
const SCALE: f64 = 1e6;

/// Evicts the body with the lowest uses times cost per byte, ageing those that stay by the rank of
/// what has left: most hits per byte, at the price of large bodies, which leave first.
pub(super) fn gdsf() -> impl Policy {
    DeferredInsert::new(Ranking::new(|merit| {
        let uses = f64::from(merit.uses) * f64::from(merit.cost);
        merit.base + uses * SCALE / bytes(merit.weight)
    }))
}

#[expect(clippy::cast_precision_loss, reason = "sizes stay below 2^53")]
const fn bytes(weight: usize) -> f64 {
    weight as f64
}
