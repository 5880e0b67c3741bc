//! What time does to entries, said as plainly as can be.

use fhir_schema_store::hits::report;
use fhir_schema_store::memory::{Cause, Form};
use fhir_schema_store::store::{Effect, Effects};

use super::{Row, World};
use crate::{Id, URLS};

/// A step of the clock counts as no more than this.
const LEAP: u64 = 60_000;
/// What a host has is deleted no sooner after its end was seen.
const CERTAIN: u64 = 120_000;

impl World {
    /// A row as it is when it is learned.
    pub(super) fn born(&self, row: Row) -> Row {
        let over = row.expires.is_some_and(|at| at <= self.now);
        let unknown = !over && row.expires.is_some() && row.updated > self.now + LEAP;
        let leaves = self.leaves(&row).filter(|_| over);
        Row {
            ends: row.expires.map(|at| at.min(self.now + at - row.updated)),
            expired: over || unknown,
            unknown,
            leaves,
            demoted: false,
            ..row
        }
    }

    /// Time passes; the store is told of it, with the hits since.
    pub(super) fn drain(&mut self, passed: u64) -> Effects {
        let warm = self.ids(|row| !row.expired && self.may_leave(row));
        let resident = self.ids(|row| self.may_leave(row));
        self.now += passed;
        self.steady += passed.min(LEAP);
        let hits = core::mem::take(&mut self.hits);
        self.drained += hits.len() as u64;
        for &hit in &hits {
            self.read(hit);
        }
        self.count_uses(&hits);
        let effects = self.store.drain(&report(&hits), self.now);
        self.begin();
        self.end(&effects, &resident);
        self.leave(&effects, &resident);
        for id in warm {
            self.idle_out(id, &effects);
        }
        effects
    }

    /// Notes that somebody read a body.
    pub(super) fn read(&mut self, slot: u32) {
        for row in self.rows.values_mut() {
            if row.slot.number() == slot {
                row.read = self.steady;
            }
        }
    }

    /// Whether the store waits for a time because of a row.
    pub(super) fn is_watched(&self, row: &Row) -> bool {
        let idles = self.idle > 0 && self.may_leave(row);
        if row.expired {
            row.unknown || row.leaves.is_some()
        } else {
            row.expires.is_some() || idles
        }
    }

    /// A hidden body leaves before any other.
    pub(super) fn check_order(&self, effects: &Effects) {
        let evicted = |row: &Row| evicts(effects, row);
        if self.rows.values().any(|row| !row.demoted && evicted(row)) {
            assert!(self.rows.values().all(|row| !row.demoted || evicted(row)));
        }
    }

    /// What a request means among the hidden rows that are kept as stale.
    pub(super) fn check_stale(&self) {
        for (u, url) in URLS.iter().enumerate() {
            let kept = |row: &Row| row.until.is_none_or(|until| until > self.now);
            let stale = self.rows.iter();
            let stale = stale.filter(|(id, row)| id.0 == u && row.expired && kept(row));
            let best = stale.max_by_key(|(id, _)| **id).map(|(_, row)| row.slot);
            assert_eq!(self.store.stale(url).unwrap(), best);
        }
    }

    /// Rows whose time has come are visible.
    fn begin(&mut self) {
        for id in self.ids(|row| row.unknown && row.updated <= self.now) {
            let mut row = self.born(self.rows[&id].clone());
            row.demoted = row.expired && !self.durable;
            row.read = self.steady;
            self.rows.insert(id, row);
        }
    }

    /// Rows whose time is over are hidden, and their end is told.
    fn end(&mut self, effects: &Effects, resident: &[Id]) {
        for id in self.ids(|row| !row.expired && row.ends.is_some_and(|at| at <= self.now)) {
            let row = self.rows[&id].clone();
            assert!(effects.contains(&Effect::Expired(row.slot)));
            self.left[1] += u64::from(self.durable && resident.contains(&id));
            let row = Row {
                expired: true,
                leaves: self.leaves(&row),
                demoted: !self.durable && !self.is_held(row.slot),
                ..row
            };
            self.rows.insert(id, row);
        }
    }

    /// Rows whose grace is over leave, with a host when that says so.
    fn leave(&mut self, effects: &Effects, resident: &[Id]) {
        let due = self.ids(|row| row.leaves.is_some_and(|at| at <= self.steady));
        for (id, row) in &self.rows {
            let told = effects.contains(&Effect::GraceEnded(row.slot));
            assert_eq!(told, self.durable && due.contains(id));
        }
        for id in due {
            if self.durable {
                let again = self.steady + CERTAIN;
                self.rows.get_mut(&id).unwrap().leaves = Some(again);
            } else {
                self.left[1] += u64::from(resident.contains(&id));
                self.rows.remove(&id);
            }
        }
    }

    /// A body that was warm leaves when nobody has read it for the idle time, and not before.
    fn idle_out(&mut self, id: Id, effects: &Effects) {
        let Some(row) = self.rows.get(&id).filter(|row| !row.expired) else {
            return;
        };
        let idle = self.idle > 0 && row.read + self.idle <= self.steady;
        let told = effects.contains(&Effect::Evicted(row.slot, Cause::Expired));
        assert_eq!(told, idle);
        assert_eq!(!self.may_leave(row), idle);
        if idle && !self.durable {
            self.rows.remove(&id);
        }
    }

    fn leaves(&self, row: &Row) -> Option<u64> {
        let grace = row.until.map(|until| until - row.expires.unwrap_or(until));
        if self.durable {
            return Some(self.steady + grace?.max(CERTAIN));
        }
        Some(self.steady + grace.unwrap_or(0))
    }

    /// Whether the body of a row is in memory, and nobody holds it there.
    fn may_leave(&self, row: &Row) -> bool {
        self.store.form(row.slot) != Form::Cold && !self.is_held(row.slot)
    }

    fn ids(&self, which: impl Fn(&Row) -> bool) -> Vec<Id> {
        let chosen = self.rows.iter().filter(|(_, row)| which(row));
        chosen.map(|(&id, _)| id).collect()
    }
}

fn evicts(effects: &Effects, row: &Row) -> bool {
    let evicted = |effect: &Effect| matches!(effect, Effect::Evicted(slot, _) if *slot == row.slot);
    effects.iter().any(evicted)
}
