//! How large the window should be, found by trying.

/// Share of the whole the window begins with.
const START: f64 = 0.03;
/// Bounds of that share.
const LEAST: f64 = 0.01;
const MOST: f64 = 0.8;
/// First step.
const STEP: f64 = 0.0625;
/// What is left of a step after each that changed little.
const DECAY: f64 = 0.98;
/// And after one that made it worse.
const TURN: f64 = 0.5;
/// A loss of less than this is none: where a window of any size is too small, growing must go on.
const NOISE: f64 = 0.005;
/// A change of the hit ratio by so much is a change of the workload: steps are long again.
const RESTART: f64 = 0.05;
/// Least number of requests between two steps, and the number per entry.
const PERIOD: u32 = 10_000;
const PERIOD_PER_ENTRY: u32 = 10;

/// Hill climbing by hit ratio (Einziger, Eytan, Friedman and Manes, 2018). The first step grows the
/// window: what asks for a large one suffers most from a small one.
#[derive(Debug)]
pub(super) struct Climber {
    share: f64,
    step: f64,
    hits: u32,
    requests: u32,
    /// Hit ratio of the period before.
    before: Option<f64>,
    /// The first period, in which the cache fills: its ratio tells nothing.
    cold: bool,
}

impl Default for Climber {
    fn default() -> Self {
        Self {
            share: START,
            step: STEP,
            hits: 0,
            requests: 0,
            before: None,
            cold: true,
        }
    }
}

impl Climber {
    /// Share of the whole that the window should have.
    pub(super) const fn share(&self) -> f64 {
        self.share
    }

    /// Counts requests, and the hits among them, while so many entries are resident.
    pub(super) fn note(&mut self, requests: u32, hits: u32, entries: usize) {
        self.hits = self.hits.saturating_add(hits);
        self.requests = self.requests.saturating_add(requests);
        let entries = u32::try_from(entries).unwrap_or(u32::MAX);
        if self.requests >= PERIOD.max(entries.saturating_mul(PERIOD_PER_ENTRY)) {
            self.climb();
        }
    }

    fn climb(&mut self) {
        let ratio = f64::from(self.hits) / f64::from(self.requests);
        (self.hits, self.requests) = (0, 0);
        if core::mem::take(&mut self.cold) {
            self.share += self.step;
            return;
        }
        let Some(before) = self.before.replace(ratio) else {
            self.share += self.step;
            return;
        };
        let change = ratio - before;
        let better = change >= -NOISE;
        let onward = if better { self.step } else { -self.step };
        self.share = (self.share + onward).clamp(LEAST, MOST);
        self.step = if change.abs() >= RESTART {
            STEP.copysign(onward)
        } else {
            onward * if better { DECAY } else { TURN }
        };
    }
}
