//! What of a directory is unreadable, and how it heals.
//!
//! A write of a row that cannot be read is known by its fingerprint in the COMMIT, and its row has the
//! hash [`UNREADABLE`] until the key is written again. So has a row whose body failed its check: that
//! body counts as absent, and whoever puts it writes it again.

use super::{Entry, Location, Log, Version};
use crate::format::scan::{Damage, Fingerprint, fingerprint};
use crate::format::segment::HEADER;
use crate::hash::Hash;

#[cfg(doc)]
use crate::hash::UNREADABLE;

impl Log {
    /// Damage that no row reports, a sentence each: what could not be named, and snapshots.
    pub fn damage(&mut self) -> Vec<String> {
        self.examine();
        let mut told = self.notes.clone();
        if !self.ailing {
            return told;
        }
        for (segment, slot) in self.segments.iter().zip(0..) {
            let name = self.name(slot);
            if self.is_unknown(segment.unknown) {
                let what = ": a commit is unreadable, and it is not known what it changed";
                told.push([&name, what].concat());
            }
            if segment.headless && segment.position.offset == HEADER {
                told.push([&name, ": neither its header nor any commit is readable"].concat());
            }
        }
        let keys = self.rows.entries().iter().map(|(key, _)| fingerprint(key));
        let named: Vec<Fingerprint> = keys
            .filter(|key| self.lost.iter().any(|(lost, _)| lost == key))
            .collect();
        for (lost, version) in &self.lost {
            if !named.contains(lost) {
                told.push(format!(
                    "an entry of commit {} is damaged, including its name: clear() discards it",
                    version.seq
                ));
            }
        }
        told
    }

    /// The body read at `location` failed its check: from here on it counts as absent.
    pub fn lose_body(&mut self, hash: &Hash, location: Location) {
        if !self.displace(hash, location) {
            return;
        }
        self.ailing = true;
        self.note(location.slot, Damage::Record);
        self.tell(&[*hash]);
    }

    /// Whether a body that is put need not be written, if it is whole where it lies.
    pub fn keeps(&self, hash: &Hash) -> bool {
        self.is_safe(hash)
    }

    /// Whether something in a later segment than the open one is damaged. Whoever does not know of that yet
    /// looks for a body there first: what replaces it belongs into a segment later still.
    pub fn is_outranked(&self) -> bool {
        let open = self.active.and_then(|slot| self.at(slot));
        open.is_some_and(|open| {
            let mut segments = self.segments.iter();
            segments.any(|it| (it.damaged || it.headless) && !it.gone && it.id > open.id)
        })
    }

    pub(super) fn note(&mut self, slot: u32, damage: Damage) {
        let Some(segment) = self.at_mut(slot) else {
            return;
        };
        segment.damaged = true;
        if let Damage::Commit(before) = damage {
            segment.unknown = segment.unknown.max(Some(before));
            self.ailing = true;
        }
    }

    /// Notes writes of that version that cannot be read; `named` are those keys that could be made out.
    pub(super) fn lose(&mut self, lost: &[Fingerprint], named: &[Box<[u8]>], version: Version) {
        self.seq = self.seq.max(version.seq);
        if lost.is_empty() || version.seq < self.given_up() {
            return;
        }
        let token = self.token;
        for key in named {
            if self.rows.get(key).is_none() {
                // As if deleted before all else: what is lost is later, and so is every other write.
                let deleted = Entry {
                    version: Version::default(),
                    slot: u32::MAX,
                    token,
                    value: None,
                };
                self.rows.insert(key.clone(), deleted);
            }
        }
        let mut outdone = Vec::new();
        for (key, entry) in self.rows.iter_mut() {
            let key = fingerprint(key);
            if !lost.contains(&key) {
            } else if entry.version < version {
                entry.token = token;
            } else {
                outdone.push(key);
            }
        }
        for lost in lost.iter().filter(|lost| !outdone.contains(lost)) {
            if !self.lost.contains(&(*lost, version)) {
                self.lost.push((*lost, version));
            }
        }
        self.ailing = true;
    }

    /// A write of that key was read: earlier lost writes of it no longer matter. The deletion
    /// of the empty key, which names no row, gives up all that was lost before it.
    pub(super) fn outdo(&mut self, key: &[u8], version: Version) {
        if self.lost.is_empty() {
            return;
        }
        let written = fingerprint(key);
        let concerns = |lost: Fingerprint| key.is_empty() || lost == written;
        self.lost
            .retain(|(lost, known)| *known > version || !concerns(*lost));
    }

    /// Tells those who ask for changes of the rows whose bodies are there again.
    pub(super) fn tell_healed(&mut self) {
        let healed = core::mem::take(&mut self.healed);
        self.tell(&healed);
    }

    /// Finds out whether anything is damaged still.
    pub(super) fn examine(&mut self) {
        if !self.ailing {
            return;
        }
        let is_blank = |at: &Entry| at.value.as_ref().is_some_and(|it| !self.has(&it.hash));
        self.ailing = !self.lost.is_empty()
            || self.segments.iter().any(|segment| {
                self.is_unknown(segment.unknown)
                    || segment.headless && segment.position.offset == HEADER
            })
            || self.rows.entries().iter().any(|(_, row)| is_blank(row));
    }

    /// Whether a body is where it can be read, as far as is known.
    pub(super) fn has(&self, hash: &Hash) -> bool {
        self.bodies.get(hash).is_some_and(|at| at.length > 0)
    }

    fn is_unknown(&self, before: Option<u64>) -> bool {
        before.is_some_and(|before| before > self.given_up())
    }

    /// What was lost before this commit no longer matters.
    fn given_up(&self) -> u64 {
        self.rows.get(&[]).map_or(0, |entry| entry.version.seq)
    }

    fn tell(&mut self, bodies: &[Hash]) {
        if bodies.is_empty() {
            return;
        }
        self.token += 1;
        let token = self.token;
        for (_, entry) in self.rows.iter_mut() {
            let value = entry.value.as_ref();
            if value.is_some_and(|value| bodies.contains(&value.hash)) {
                entry.token = token;
            }
        }
    }
}
