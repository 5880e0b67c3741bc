//! The store against a model so plain that it cannot be wrong: a map of rows, and a sort.

#![cfg(not(target_arch = "wasm32"))]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may panic"
)]

mod world;

use std::collections::BTreeSet;

use fhir_schema_store::catalog::RowKey;
use fhir_schema_store::memory::policy::NAMES;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::world::World;

const URLS: [&str; 3] = ["http://x/a", "http://x/b", "urn:c"];
/// Oldest first.
const VERSIONS: [&str; 5] = ["", "1.0.0", "2.0.0-rc.1", "2.0.0", "10.0.0"];
/// The one a reader gets last: a direct put above packages, then by package version, then by name.
const SOURCES: [&str; 4] = ["p#1.0.0", "p#2.0.0", "q#2.0.0", ""];

/// Places in the three tables above; ordered as URLs list and as readers choose.
type Id = (usize, usize, usize);

fn key(id: Id) -> RowKey<'static> {
    RowKey {
        layer: 0,
        url: URLS[id.0],
        version: VERSIONS[id.1],
        source: SOURCES[id.2],
    }
}

/// What a put says of the life of its entry, in milliseconds.
#[derive(Clone, Copy, Debug)]
struct Life {
    /// How far its clock was ahead.
    ahead: u64,
    lives: u64,
    grace: Option<u64>,
}

#[derive(Clone, Debug)]
enum Step {
    Put {
        id: Id,
        size: usize,
        life: Option<Life>,
        tag: bool,
    },
    /// A row comes again as it is, as from the host.
    Again(Id),
    Forget(Id),
    Admit {
        id: Id,
        decoded: bool,
    },
    Hit(Id),
    Hold(Id),
    /// Takes one of the holds away.
    Release {
        which: usize,
        kept: bool,
    },
    Drain(u64),
    Pend(usize),
    Unpend,
    Trim(usize),
    /// A body of that size is to be taken in.
    Reserve(usize),
    /// The host lost all rows but these.
    Sweep(BTreeSet<Id>),
    Reopen,
}

fn any_id() -> impl Strategy<Value = Id> {
    (0..URLS.len(), 0..VERSIONS.len(), 0..SOURCES.len())
}

/// A moment, or what a night is to a machine.
fn any_time() -> impl Strategy<Value = u64> {
    prop_oneof![6 => 0_u64..50, 1 => 0_u64..250_000]
}

fn any_life() -> impl Strategy<Value = Life> {
    let ahead = prop_oneof![8 => Just(0_u64), 1 => 0_u64..150_000];
    let grace = proptest::option::of(any_time());
    (ahead, any_time(), grace).prop_map(|(ahead, lives, grace)| Life {
        ahead,
        lives: lives + 1,
        grace,
    })
}

fn any_step() -> impl Strategy<Value = Step> {
    let put = (
        any_id(),
        prop_oneof![0_usize..900, 0_usize..60],
        proptest::option::of(any_life()),
        any::<bool>(),
    );
    prop_oneof![
        8 => put.prop_map(|(id, size, life, tag)| Step::Put { id, size, life, tag }),
        1 => any_id().prop_map(Step::Again),
        2 => any_id().prop_map(Step::Forget),
        6 => (any_id(), any::<bool>()).prop_map(|(id, decoded)| Step::Admit { id, decoded }),
        4 => any_id().prop_map(Step::Hit),
        8 => any_id().prop_map(Step::Hold),
        2 => (any::<usize>(), any::<bool>()).prop_map(|(which, kept)| Step::Release { which, kept }),
        4 => any_time().prop_map(Step::Drain),
        1 => (0_usize..1500).prop_map(Step::Pend),
        1 => Just(Step::Unpend),
        1 => prop_oneof![0_usize..2000, Just(usize::MAX)].prop_map(Step::Trim),
        1 => (0_usize..900).prop_map(Step::Reserve),
        1 => proptest::collection::btree_set(any_id(), 0..30).prop_map(Step::Sweep),
        1 => Just(Step::Reopen),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_store_equals_its_model(
        steps in vec(any_step(), 0..120),
        durable: bool,
        policy in proptest::sample::select(NAMES.to_vec()),
        idle in prop_oneof![Just(0_u64), any_time()],
    ) {
        let mut world = World::new(durable, policy, idle);
        for step in steps {
            world.run(step);
        }
    }
}
