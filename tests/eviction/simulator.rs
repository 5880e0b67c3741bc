//! A cache of nothing but sizes, run over a trace.

use fhir_schema_store::catalog::Slot;
use fhir_schema_store::hits::single;
use fhir_schema_store::map::keyed_hash;
use fhir_schema_store::memory::Limits;
use fhir_schema_store::memory::policy::{Admission, by_name};

use crate::trace::Request;

/// What a run counted.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Outcome {
    pub(super) requests: u64,
    pub(super) misses: u64,
}

impl Outcome {
    /// Hits in per cent of the requests.
    pub(super) fn hit_ratio(&self) -> f64 {
        100.0 - 100.0 * self.misses as f64 / self.requests as f64
    }
}

/// Limits in bytes only.
pub(super) const fn bytes(bytes: usize) -> Limits {
    Limits {
        bytes,
        entries: usize::MAX,
    }
}

/// Limits in entries only.
pub(super) const fn entries(entries: usize) -> Limits {
    Limits {
        bytes: usize::MAX,
        entries,
    }
}

/// Runs a policy over a trace, checking after each request that the limits hold.
pub(super) fn run(policy: &str, limits: Limits, trace: &[Request]) -> Outcome {
    let mut policy = by_name(policy, limits, 7).unwrap();
    let keys = trace.iter().map(|&(key, _)| key).max().unwrap_or(0);
    let mut resident = vec![0_usize; keys as usize + 1];
    let (mut used, mut count) = (0, 0);
    let mut outcome = Outcome::default();
    for &(key, size) in trace {
        outcome.requests += 1;
        if resident[key as usize] > 0 {
            policy.hits(&[single(key)]);
            continue;
        }
        outcome.misses += 1;
        if size > limits.bytes {
            continue;
        }
        resident[key as usize] = size;
        (used, count) = (used + size, count + 1);
        policy.insert(Admission {
            slot: Slot::from_number(key).unwrap(),
            weight: size,
            key_hash: keyed_hash(7, &key.to_le_bytes()),
            cost: 1,
        });
        while used > limits.bytes || count > limits.entries {
            let victim = policy.victim().unwrap().number() as usize;
            assert!(resident[victim] > 0, "an absent slot was evicted");
            used -= core::mem::take(&mut resident[victim]);
            count -= 1;
        }
        assert_eq!(policy.len(), count);
    }
    outcome
}
