//! Random operations on the store, every policy in turn, against a model of lists and sums.
//!
//! `FSS_FUZZ_OPS` is how many operations, all policies together; `FSS_FUZZ_SEED` where they begin.
//! `npm test` runs ten million of them.

#![cfg(not(target_arch = "wasm32"))]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    reason = "a test may panic, and no body is longer than 2^53"
)]

mod model;
mod naive;

use std::env;
use std::io::{self, Write};
use std::time::Instant;

use fhir_schema_store::memory::policy::NAMES;

use crate::model::{Model, Random};

/// Enough to see that it runs, where nobody asks for more.
const FEW: u64 = 200_000;
/// Operations on one store, before another one is begun.
const PER_STORE: u64 = 20_000;

#[test]
fn random_operations_equal_the_model() {
    let number = |name: &str| {
        let text = env::var(name).ok()?;
        Some(text.parse::<u64>().unwrap())
    };
    let wanted = number("FSS_FUZZ_OPS").unwrap_or(FEW);
    let mut seed = number("FSS_FUZZ_SEED").unwrap_or(1);
    let (start, mut done, mut evictions) = (Instant::now(), 0, 0);
    while done < wanted {
        for policy in NAMES {
            for durable in [false, true] {
                let mut model = Model::new(policy, durable, Random(seed));
                for step in 0..PER_STORE {
                    model.step(&format_args!(
                        "{policy}, durable {durable}, seed {seed}, step {step}"
                    ));
                }
                done += PER_STORE;
                evictions += model.evictions();
            }
        }
        seed += 1;
    }
    let seconds = start.elapsed().as_secs_f64();
    // Not by `println!`, which nobody sees where all is well.
    let told =
        format!("{done} operations, {evictions} evictions in {seconds:.1} s, next seed {seed}\n");
    io::stderr().write_all(told.as_bytes()).unwrap();
    assert!(evictions > done / 20);
}
