//! What the caller's clock says, made fit to let entries end by.

/// A step of more than this, in milliseconds, need not be time that passed: the machine slept, or
/// somebody set the clock.
pub(super) const LEAP: u64 = 60_000;

/// Two times made from the readings of a clock that may be set. Both never go back, and neither
/// stands still for longer than [`LEAP`]. Milliseconds.
#[derive(Debug, Default)]
pub struct Clock {
    /// The last reading, milliseconds since 1970.
    wall: u64,
    /// By how much `time` is ahead of the readings since the clock was put back.
    ahead: u64,
    /// Follows the clock forwards; entries are hidden by it.
    time: u64,
    /// Advances by what has certainly passed; what cannot be undone goes by it.
    steady: u64,
}

impl Clock {
    /// Takes a reading.
    pub fn read(&mut self, wall: u64) {
        // Before the first reading nobody knows what has passed.
        if self.wall > 0 {
            self.steady += wall.saturating_sub(self.wall).min(LEAP);
        }
        self.wall = wall;
        let reached = self.here(wall);
        // A little behind: wait for it. Far behind: count on from here.
        if reached.saturating_add(LEAP) < self.time {
            self.ahead = self.time - wall;
        }
        self.time = self.time.max(reached);
    }

    /// The last reading.
    pub fn wall(&self) -> u64 {
        self.wall
    }

    /// The time that entries are hidden by.
    pub fn time(&self) -> u64 {
        self.time
    }

    /// The time that has certainly passed.
    pub fn steady(&self) -> u64 {
        self.steady
    }

    /// When [`Clock::time`] will reach what the caller's clock calls `wall`.
    pub fn here(&self, wall: u64) -> u64 {
        wall.saturating_add(self.ahead)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Of the true time, and of what the clock says of it, the two times keep what they promise.
        #[test]
        fn never_goes_back_nor_stands_still(
            start in 1_u64 << 42..1 << 43,
            steps in proptest::collection::vec((0_u64..90_000, prop_oneof![
                6 => Just(0_i64),
                2 => -70_000_i64..70_000,
                1 => -(1_i64 << 35)..1 << 35,
            ]), 1..100),
        ) {
            let mut clock = Clock::default();
            let (mut passed, mut set, mut calm) = (0, 0_i64, 0);
            clock.read(start);
            let first = (clock.time(), clock.steady());
            for (step, by) in steps {
                let before = (clock.time(), clock.steady());
                passed += step;
                set += by;
                clock.read((start + passed).saturating_add_signed(set));
                prop_assert!(clock.time() >= before.0 && clock.steady() >= before.1);
                prop_assert!(clock.time() >= clock.wall());
                prop_assert!(clock.steady() <= before.1 + LEAP);
                calm = if by == 0 { calm + step } else { 0 };
                if by == 0 {
                    prop_assert!(clock.steady() == before.1 + step.min(LEAP));
                    prop_assert!(calm <= LEAP || clock.time() > before.0 || step == 0);
                }
                if set == 0 && clock.ahead == 0 {
                    prop_assert!(clock.time() >= first.0 + passed);
                }
            }
        }
    }

    #[test]
    fn a_clock_that_nobody_sets_is_followed_exactly() {
        let mut clock = Clock::default();
        for wall in [1000, 1000, 1500, 90_000, 10_000_000] {
            clock.read(wall);
            assert_eq!((clock.time(), clock.here(7)), (wall, 7));
        }
        assert_eq!(clock.steady(), 500 + 60_000 + 60_000);
    }

    #[test]
    fn put_back_a_little_it_waits_put_back_far_it_goes_on() {
        let mut clock = Clock::default();
        clock.read(1_000_000);
        clock.read(999_000);
        assert_eq!((clock.time(), clock.here(5)), (1_000_000, 5));
        clock.read(1_000_500);
        assert_eq!(clock.time(), 1_000_500);
        clock.read(10);
        assert_eq!((clock.time(), clock.here(10)), (1_000_500, 1_000_500));
        clock.read(20);
        assert_eq!(clock.time(), 1_000_510);
        clock.read(u64::MAX);
        clock.read(30);
        clock.read(u64::MAX);
        assert_eq!(clock.time(), u64::MAX);
    }
}
