//! Timers by slot, in a hierarchical timing wheel (Varghese and Lauck, 1987).
//!
//! Eleven levels of 64 places cover every `u64`: a place of level 0 is one tick wide, one of each
//! further level as wide as the whole level below. A timer stands at the level of the highest digit
//! (base 64) in which its deadline differs from the present. When the present reaches a place, what
//! is in it moves to lower levels. So adding and cancelling take constant time, a timer moves at most
//! ten times however long it waits, and a leap of years costs no more than one of a tick.

use crate::catalog::Slot;

/// Bits of a digit.
const BITS: u32 = 6;
const PLACES: usize = 1 << BITS;
const LEVELS: usize = 11;
/// Stands for "before" in a timer that is not set.
const UNSET: u32 = u32::MAX;

/// At most one timer per slot. The unit of time is the caller's.
#[derive(Debug)]
pub struct Wheel {
    /// How far the wheel has turned; no deadline lies before it.
    now: u64,
    /// A bit for each place that holds a timer.
    occupied: [u64; LEVELS],
    /// Number of the first slot in each place; 0 for none.
    first: Vec<u32>,
    /// By slot.
    timers: Vec<Timer>,
    len: usize,
}

/// Its neighbours in the list of its place, by number of their slots; 0 for none.
#[derive(Clone, Copy, Debug)]
struct Timer {
    deadline: u64,
    before: u32,
    after: u32,
}

const NO_TIMER: Timer = Timer {
    deadline: 0,
    before: UNSET,
    after: 0,
};

impl Default for Wheel {
    fn default() -> Self {
        Self {
            now: 0,
            occupied: [0; LEVELS],
            first: vec![0; LEVELS * PLACES],
            timers: Vec::new(),
            len: 0,
        }
    }
}

impl Wheel {
    /// Sets the timer of a slot, in place of the one it may have. One whose deadline has passed is
    /// due at the next look.
    pub fn set(&mut self, slot: Slot, deadline: u64) {
        self.cancel(slot);
        if self.timers.len() <= slot.index() {
            self.timers.resize(slot.index() + 1, NO_TIMER);
        }
        self.len += 1;
        self.link(slot.number(), deadline.max(self.now));
    }

    /// Takes the timer of a slot away, if it has one.
    pub fn cancel(&mut self, slot: Slot) {
        if let Some(timer) = self.timers.get_mut(slot.index())
            && timer.before != UNSET
        {
            let Timer {
                deadline,
                before,
                after,
            } = core::mem::replace(timer, NO_TIMER);
            self.len -= 1;
            if after != 0 {
                self.change(after, |timer| timer.before = before);
            }
            if before != 0 {
                self.change(before, |timer| timer.after = after);
                return;
            }
            let (level, digit) = self.place(deadline);
            self.begin(level, digit, after);
        }
    }

    /// Turns the wheel as far as `now`, but not beyond the next timer that is due: takes that one
    /// out. Those due earlier come first. A `now` that lies in the past changes nothing.
    pub fn pop(&mut self, now: u64) -> Option<Slot> {
        while let Some((level, digit, start)) = self.next()
            && start <= now
        {
            self.now = start;
            let mut number = self.first_of(level, digit);
            if level == 0 {
                let slot = Slot::from_number(number)?;
                self.cancel(slot);
                return Some(slot);
            }
            self.begin(level, digit, 0);
            while let Some(&Timer {
                deadline, after, ..
            }) = self.timers.get((number as usize).wrapping_sub(1))
            {
                self.link(number, deadline);
                number = after;
            }
        }
        self.now = self.now.max(now);
        None
    }

    /// Whether no timer is set.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Level, digit and beginning of the first place that holds a timer. What stands at one level
    /// comes before all that stands at higher ones.
    fn next(&self) -> Option<(u32, u32, u64)> {
        let level = self.occupied.iter().position(|&places| places != 0)?;
        let digit = self.occupied.get(level)?.trailing_zeros();
        let level = u32::try_from(level).ok()?;
        let below = u64::MAX.checked_shl(BITS * (level + 1)).unwrap_or(0);
        let start = (self.now & below) | (u64::from(digit) << (BITS * level));
        Some((level, digit, start))
    }

    /// Level and digit of a deadline, as seen from now.
    #[expect(clippy::cast_possible_truncation, reason = "a digit is below 64")]
    fn place(&self, deadline: u64) -> (u32, u32) {
        let differing = (self.now ^ deadline) | 1;
        let level = differing.ilog2() / BITS;
        let digit = (deadline >> (BITS * level)) % PLACES as u64;
        (level, digit as u32)
    }

    fn link(&mut self, number: u32, deadline: u64) {
        let (level, digit) = self.place(deadline);
        let after = self.first_of(level, digit);
        self.change(number, |timer| {
            *timer = Timer {
                deadline,
                before: 0,
                after,
            };
        });
        if after != 0 {
            self.change(after, |timer| timer.before = number);
        }
        self.begin(level, digit, number);
    }

    fn first_of(&self, level: u32, digit: u32) -> u32 {
        let place = level as usize * PLACES + digit as usize;
        self.first.get(place).copied().unwrap_or(0)
    }

    /// Makes a slot the first of a place, or empties the place with 0.
    fn begin(&mut self, level: u32, digit: u32, number: u32) {
        let place = level as usize * PLACES + digit as usize;
        if let Some(first) = self.first.get_mut(place)
            && let Some(places) = self.occupied.get_mut(level as usize)
        {
            *first = number;
            *places = *places & !(1 << digit) | u64::from(number != 0) << digit;
        }
    }

    fn change(&mut self, number: u32, change: impl FnOnce(&mut Timer)) {
        if let Some(timer) = self.timers.get_mut((number as usize).wrapping_sub(1)) {
            change(timer);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::policy::tests::slot;
    use proptest::prelude::*;
    use std::collections::{BTreeMap, BTreeSet};

    #[derive(Clone, Debug)]
    enum Step {
        Set(u32, u64),
        Cancel(u32),
        /// To a point in time, whatever the present is.
        To(u64),
        /// As far as the next timer that is due, and by so much beyond.
        Past(u64),
    }

    /// Near and far, with the ends of the range and of each level.
    fn any_time() -> impl Strategy<Value = u64> {
        prop_oneof![
            4 => 0_u64..200,
            4 => 0_u64..100_000,
            2 => (0_u32..64, -2_i64..3).prop_map(|(bit, by)| (1_u64 << bit).saturating_add_signed(by)),
            1 => any::<u64>(),
            1 => (0_u64..70).prop_map(|back| u64::MAX - back),
        ]
    }

    fn any_step() -> impl Strategy<Value = Step> {
        prop_oneof![
            6 => (1_u32..40, any_time()).prop_map(|(number, at)| Step::Set(number, at)),
            2 => (1_u32..40).prop_map(Step::Cancel),
            2 => any_time().prop_map(Step::To),
            4 => (0_u64..100).prop_map(Step::Past),
        ]
    }

    /// A list of deadlines that is looked through for everything.
    #[derive(Default)]
    struct Naive {
        now: u64,
        deadlines: BTreeMap<u32, u64>,
    }

    impl Naive {
        fn next(&self) -> Option<u64> {
            self.deadlines.values().min().copied()
        }
    }

    /// Every timer is in the list of exactly one place, and every place known by its bit.
    fn check(wheel: &Wheel, naive: &Naive) {
        let mut seen = BTreeSet::new();
        for level in 0..LEVELS {
            for digit in 0..PLACES {
                let mut number = wheel.first[level * PLACES + digit];
                assert_eq!(wheel.occupied[level] >> digit & 1 == 1, number != 0);
                let mut before = 0;
                while number != 0 {
                    let timer = wheel.timers[number as usize - 1];
                    assert_eq!(timer.before, before);
                    assert!(timer.deadline >= wheel.now);
                    assert_eq!(naive.deadlines.get(&number), Some(&timer.deadline));
                    assert!(seen.insert(number), "{number} is in two places");
                    (before, number) = (number, timer.after);
                }
            }
        }
        assert_eq!(seen.len(), naive.deadlines.len());
        assert_eq!(wheel.is_empty(), naive.deadlines.is_empty());
        assert!(wheel.timers.len() < 40, "one place per slot, no more");
    }

    /// Turns both; what is due comes out, all of it and nothing else, the earlier before the later.
    fn turn(wheel: &mut Wheel, naive: &mut Naive, now: u64) {
        while let Some(popped) = wheel.pop(now) {
            let deadline = naive.deadlines.remove(&popped.number());
            let deadline = deadline.expect("only what is set comes out");
            assert!(deadline <= now, "{deadline} came at {now}");
            assert!(naive.next().is_none_or(|next| deadline <= next));
            check(wheel, naive);
        }
        naive.now = naive.now.max(now);
        assert!(naive.next().is_none_or(|next| next > now), "one is late");
        assert_eq!(wheel.now, naive.now);
    }

    proptest! {
        #[test]
        fn equals_the_naive_one(steps in proptest::collection::vec(any_step(), 0..200)) {
            let mut wheel = Wheel::default();
            let mut naive = Naive::default();
            for step in steps {
                match step {
                    Step::Set(number, at) => {
                        wheel.set(slot(number), at);
                        naive.deadlines.insert(number, at.max(naive.now));
                    }
                    Step::Cancel(number) => {
                        wheel.cancel(slot(number));
                        naive.deadlines.remove(&number);
                    }
                    Step::To(now) => turn(&mut wheel, &mut naive, now),
                    Step::Past(by) => {
                        let now = naive.next().unwrap_or(naive.now).saturating_add(by);
                        turn(&mut wheel, &mut naive, now);
                    }
                }
                check(&wheel, &naive);
            }
            turn(&mut wheel, &mut naive, u64::MAX);
            prop_assert!(wheel.is_empty());
        }
    }

    #[test]
    fn a_leap_of_years_moves_each_timer_a_few_times_only() {
        let mut wheel = Wheel::default();
        for number in 1..=10_000 {
            wheel.set(slot(number), u64::from(number) * 86_400_000);
        }
        let start = std::time::Instant::now();
        let mut last = 0;
        while let Some(popped) = wheel.pop(u64::MAX) {
            assert_eq!(popped.number(), last + 1);
            last = popped.number();
        }
        assert_eq!(last, 10_000);
        assert!(
            start.elapsed().as_millis() < 1000,
            "27 years of milliseconds"
        );
    }
}
