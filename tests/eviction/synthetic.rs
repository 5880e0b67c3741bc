//! Traces made here, the same at every run.

use crate::trace::Request;

/// `SplitMix64`.
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn below(&mut self, count: u32) -> u32 {
        u32::try_from((u128::from(self.next()) * u128::from(count)) >> 64).unwrap()
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From 0 to 1.
    fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// Requests for keys whose popularity falls with their number to the power of `exponent`.
pub(super) fn zipf(keys: u32, exponent: f64, requests: usize) -> Vec<Request> {
    let mut sums = Vec::new();
    let mut sum = 0.0;
    for key in 1..=keys {
        sum += f64::from(key).powf(-exponent);
        sums.push(sum);
    }
    let mut random = Random(7);
    let mut draw = || {
        let wanted = random.share() * sum;
        let key = sums.partition_point(|&sum| sum < wanted) + 1;
        (u32::try_from(key).unwrap().min(keys), 1)
    };
    (0..requests).map(|_| draw()).collect()
}

/// The keys from 1, one after the other, again and again.
pub(super) fn cycle(keys: u32, requests: usize) -> Vec<Request> {
    (1..=keys)
        .cycle()
        .take(requests)
        .map(|key| (key, 1))
        .collect()
}

/// Each key used `times` while it is new, and never again.
pub(super) fn bursts(keys: u32, times: u32) -> Vec<Request> {
    let uses = |key: u32| (0..times).map(move |turn| (1 + key.saturating_sub(turn * 7), 1));
    (0..keys).flat_map(uses).collect()
}

/// Sized requests: few small popular bodies, some large ones, and now and then a scan of what is asked
/// for once.
pub(super) fn package_scans(rounds: u32) -> Vec<Request> {
    const POPULAR: u32 = 400;
    let mut random = Random(7);
    // From 500 bytes to 500 KB, most of them small.
    let size =
        |key: u32| 500 + 500_000 / (1 + (key.wrapping_mul(2_654_435_761) >> 16) as usize % 1000);
    let mut trace = Vec::new();
    let mut scanned = POPULAR;
    for _ in 0..rounds {
        for _ in 0..2000 {
            let below = 1 + random.below(POPULAR);
            let key = 1 + random.below(below);
            trace.push((key, size(key)));
        }
        for _ in 0..300 {
            scanned += 1;
            trace.push((scanned, size(scanned)));
        }
    }
    trace
}
