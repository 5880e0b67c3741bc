//! Merges in pieces: two processes commit between the pieces, the power fails, the merge is taken
//! back, and every reader finds every acknowledged write.

use std::collections::BTreeMap;

use fhir_schema_store::format::log::Log;
use proptest::prelude::*;

use crate::disk::{Disk, STORE};

/// A step of the model. Process 0 merges.
#[derive(Clone, Debug)]
enum Step {
    Commit(usize, Vec<(u8, Option<u8>)>),
    /// Closes the own segment, so that it may be merged.
    Roll(usize),
    Look(usize),
    Snapshot(usize),
    Begin,
    /// Moves a body, or about so many bytes of rows.
    Piece(usize),
    /// Ends the merge; of the sources so many are deleted before the process dies, if it does.
    Finish(Option<prop::sample::Index>),
    Undo,
    /// The processes are killed; a power cut also takes a part of what is not synced.
    Kill(Option<prop::sample::Index>),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let batch = prop::collection::btree_map(0..5u8, prop::option::weighted(0.7, 0..4u8), 1..4)
        .prop_map(|batch| batch.into_iter().collect::<Vec<_>>());
    let at = || prop::option::of(any::<prop::sample::Index>());
    let step = prop_oneof![
        8 => (0..2usize, batch).prop_map(|(who, batch)| Step::Commit(who, batch)),
        3 => (0..2usize).prop_map(Step::Roll),
        2 => (0..2usize).prop_map(Step::Look),
        2 => (0..2usize).prop_map(Step::Snapshot),
        3 => Just(Step::Begin),
        6 => (1..300usize).prop_map(Step::Piece),
        3 => at().prop_map(Step::Finish),
        2 => Just(Step::Undo),
        1 => at().prop_map(Step::Kill),
    ];
    prop::collection::vec(step, 1..40)
}

/// Long enough that some dead ones are worth a merge; shared between some keys.
fn text(key: u8, value: u8) -> String {
    let name = if value == 0 { 0 } else { key };
    format!("{name} is {value} {}", "x".repeat(1500))
}

struct Merge {
    target: u32,
    sources: Vec<u32>,
    /// Length of the target's file that is on stable storage.
    synced: usize,
}

#[derive(Default)]
struct World {
    disk: Disk,
    logs: Vec<Log>,
    writers: u64,
    merge: Option<Merge>,
    model: BTreeMap<u8, Option<String>>,
}

impl World {
    fn new() -> Self {
        let mut world = Self {
            model: (0..5).map(|key| (key, None)).collect(),
            ..Self::default()
        };
        world.logs = vec![world.open(), world.open()];
        world
    }

    fn open(&mut self) -> Log {
        self.writers += 1;
        open(&self.disk, self.writers)
    }

    /// Brings a process up to date; one that has lost something reads the directory again.
    fn refresh(&mut self, who: usize) {
        if refresh(&self.disk, &mut self.logs[who]) {
            self.logs[who] = self.open();
            if who == 0 {
                self.merge = None;
            }
        }
    }

    fn commit(&mut self, who: usize, batch: &[(u8, Option<u8>)]) {
        self.refresh(who);
        let texts: Vec<_> = batch
            .iter()
            .map(|(key, value)| (format!("k{key}"), value.map(|value| text(*key, value))))
            .collect();
        let refs: Vec<_> = texts
            .iter()
            .map(|(key, text)| (&**key, text.as_deref()))
            .collect();
        self.disk.commit(&mut self.logs[who], &refs);
        let written = batch.iter().zip(texts);
        self.model
            .extend(written.map(|((key, _), (_, text))| (*key, text)));
    }

    fn begin(&mut self) {
        self.refresh(0);
        let log = &mut self.logs[0];
        let sources: Vec<u32> = (0..log.count())
            .filter(|slot| log.is_sealed(*slot) && log.is_mergeable(*slot))
            .collect();
        if self.merge.is_none() && !sources.is_empty() {
            self.merge = Some(Merge {
                target: log.merge_target(),
                sources,
                synced: 0,
            });
        }
    }

    /// One commit of the merge; false when there is nothing to be moved.
    fn piece(&mut self, bytes: usize) -> bool {
        self.refresh(0);
        let (Some(merge), log) = (&self.merge, &mut self.logs[0]) else {
            return false;
        };
        let Some(source) = merge.sources.iter().find(|slot| log.is_needed(**slot)) else {
            return false;
        };
        let mut bodies = Vec::new();
        let hash = log.movable(*source).first().copied();
        let body = hash.map(|hash| self.disk.body(log, &hash).unwrap().unwrap());
        log.begin_move(merge.target, 0);
        if let Some((hash, body)) = hash.zip(body) {
            log.move_body(hash, body.as_bytes()).unwrap();
            bodies.push(body.into_bytes());
        } else {
            log.move_rows(*source, bytes).unwrap();
        }
        let ticket = log.end().unwrap();
        self.disk.write(log, &(ticket, bodies));
        log.commit_done(ticket, false, true);
        true
    }

    fn finish(&mut self, dies: Option<prop::sample::Index>) {
        while self.piece(1000) {}
        let Some(merge) = self.merge.take() else {
            return;
        };
        let log = &mut self.logs[0];
        if log.scanned(merge.target) > 64 {
            let seal = log.seal(merge.target).unwrap();
            let name = log.name(merge.target);
            self.disk.segments.get_mut(&name).unwrap().extend(seal);
        }
        let all = merge.sources.len();
        let removed = dies.map_or(all, |dies| dies.index(all + 1));
        for slot in &merge.sources[..removed] {
            self.disk.segments.remove(&log.name(*slot));
            log.forget(*slot);
        }
        if dies.is_some() {
            self.kill(None);
        }
    }

    fn undo(&mut self) {
        let Some(merge) = self.merge.take() else {
            return;
        };
        self.disk.segments.remove(&self.logs[0].name(merge.target));
        self.refresh(0);
    }

    fn kill(&mut self, cut: Option<prop::sample::Index>) {
        if let (Some(merge), Some(cut)) = (self.merge.take(), cut) {
            let name = self.logs[0].name(merge.target);
            if let Some(file) = self.disk.segments.get_mut(&name) {
                let kept = merge.synced + cut.index(file.len() - merge.synced + 1);
                file.truncate(kept);
            }
        }
        self.logs = vec![self.open(), self.open()];
    }

    fn snapshot(&mut self, who: usize) {
        self.refresh(who);
        // Whoever makes one syncs what it rests on.
        if let Some(merge) = &mut self.merge {
            let file = self.disk.segments.get(&self.logs[0].name(merge.target));
            merge.synced = file.map_or(0, Vec::len);
        }
        self.disk.snapshot = Some(self.logs[who].snapshot().unwrap());
        self.logs[who].published();
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Commit(who, batch) => self.commit(*who, batch),
            Step::Roll(who) => {
                self.refresh(*who);
                self.disk.seal(&mut self.logs[*who]);
            }
            Step::Look(who) => {
                self.refresh(*who);
                assert_eq!(self.logs[*who].damage(), [""; 0]);
                let mut log = core::mem::replace(&mut self.logs[*who], Log::new(STORE, 0));
                self.check(&mut log);
                self.logs[*who] = log;
            }
            Step::Snapshot(who) => self.snapshot(*who),
            Step::Begin => self.begin(),
            Step::Piece(bytes) => {
                self.piece(*bytes);
            }
            Step::Finish(dies) => self.finish(*dies),
            Step::Undo => self.undo(),
            Step::Kill(cut) => self.kill(*cut),
        }
        let bare = Disk {
            snapshot: None,
            ..self.disk.clone()
        };
        for disk in [&self.disk, &bare] {
            let mut log = open(disk, 1000);
            assert_eq!(log.damage(), [""; 0]);
            self.check(&mut log);
        }
    }

    /// Every key is as it was last written, and what was counted as dead by and by is what a count of all
    /// comes to.
    fn check(&self, log: &mut Log) {
        for (key, value) in &self.model {
            let found = self.disk.get(log, &format!("k{key}"));
            assert_eq!(found.as_ref(), Ok(value), "k{key}");
        }
        assert_eq!(log.is_empty(), self.model.values().all(Option::is_none));
        let mut counted = Log::new(STORE, 1001);
        assert!(counted.load(&log.snapshot().unwrap()).unwrap());
        assert_eq!(wasted(log), wasted(&counted));
    }
}

fn wasted(log: &Log) -> BTreeMap<String, u64> {
    let wasted = log.wasted().into_iter();
    wasted.map(|(slot, dead)| (log.name(slot), dead)).collect()
}

fn open(disk: &Disk, writer: u64) -> Log {
    let mut log = disk.open(writer).unwrap();
    if forget_gone(disk, &mut log) {
        log.rewind();
        disk.refresh(&mut log).unwrap();
    }
    log
}

fn refresh(disk: &Disk, log: &mut Log) -> bool {
    disk.refresh(log).unwrap();
    forget_gone(disk, log)
}

fn forget_gone(disk: &Disk, log: &mut Log) -> bool {
    let mut torn = false;
    for slot in 0..log.count() {
        let unborn = log.is_own(slot) && log.scanned(slot) == 64;
        if !log.is_gone(slot) && !unborn && !disk.segments.contains_key(&log.name(slot)) {
            torn |= log.forget(slot);
        }
    }
    torn
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 800,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn nothing_is_lost_by_a_merge_whatever_happens_between_its_pieces(steps in steps()) {
        let mut world = World::new();
        for step in &steps {
            world.step(step);
        }
    }
}

#[test]
fn a_body_that_died_in_a_merge_which_was_taken_back_is_written_again() {
    use Step::{Begin, Commit, Piece, Roll, Snapshot, Undo};
    let mut world = World::new();
    for step in [
        Commit(1, vec![(0, None), (4, Some(2))]),
        Roll(1),
        Begin,
        Piece(1),
        Piece(1),
        Commit(0, vec![(4, None)]),
        Snapshot(1),
        Undo,
        Commit(0, vec![(0, None)]),
        // Process 1 has forgotten the body with the target, process 0 has read the source again.
        Snapshot(1),
        Commit(0, vec![(4, Some(2))]),
    ] {
        world.step(&step);
    }
}
