//! The log against a map, through random commits, power cuts, snapshots and reopenings.

use std::collections::BTreeMap;

use proptest::prelude::*;

use crate::disk::{Disk, plan};

/// A step of the model: commit a batch, cut the power at a point of the unsynced bytes, reopen.
#[derive(Clone, Debug)]
enum Step {
    Commit(Vec<(u8, Option<u8>)>),
    Crash(Vec<(u8, Option<u8>)>, prop::sample::Index),
    Snapshot,
    Reopen { seal: bool },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let batch = || {
        let batch = prop::collection::btree_map(0..6u8, prop::option::of(0..4u8), 1..4);
        batch.prop_map(|batch| batch.into_iter().collect::<Vec<_>>())
    };
    let step = prop_oneof![
        5 => batch().prop_map(Step::Commit),
        3 => (batch(), any::<prop::sample::Index>()).prop_map(|(batch, at)| Step::Crash(batch, at)),
        1 => Just(Step::Snapshot),
        1 => any::<bool>().prop_map(|seal| Step::Reopen { seal }),
    ];
    prop::collection::vec(step, 1..24)
}

fn text(key: u8, value: u8) -> String {
    // Bodies are shared between some keys, so that one is there already when another needs it.
    if value == 0 {
        "shared".into()
    } else {
        format!("{key} is {value}")
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 400,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn the_log_equals_a_map_through_crashes(steps in steps()) {
        let mut disk = Disk::default();
        let mut writer = 1;
        let mut log = disk.open(writer).unwrap();
        let mut model: BTreeMap<u8, Option<String>> = (0..6).map(|key| (key, None)).collect();
        for step in steps {
            let batch = match &step { Step::Commit(batch) | Step::Crash(batch, _) => batch.clone(), _ => vec![] };
            let texts: Vec<_> = batch.iter()
                .map(|(key, value)| (format!("k{key}"), value.map(|value| text(*key, value))))
                .collect();
            let batch_refs: Vec<_> = texts.iter().map(|(key, text)| (&**key, text.as_deref())).collect();
            match step {
                Step::Commit(batch) => {
                    disk.commit(&mut log, &batch_refs);
                    model.extend(batch.iter().zip(&texts).map(|((key, _), (_, text))| (*key, text.clone())));
                }
                Step::Crash(batch, at) => {
                    let plan = plan(&mut log, &batch_refs);
                    let ticket = plan.0;
                    let name = log.name(log.plan_place(ticket).unwrap().0);
                    let start = usize::try_from(log.plan_place(ticket).unwrap().1).unwrap();
                    disk.write(&mut log, &plan);
                    let file = disk.segments.get_mut(&name).unwrap();
                    let kept = start + at.index(file.len() - start + 1);
                    file.truncate(kept);
                    writer += 1;
                    log = disk.open(writer).unwrap();
                    prop_assert!(log.damage().is_empty(), "{:?}", log.damage());
                    // All of the batch, or nothing of it.
                    let after = |key: u8| disk.get(&log, &format!("k{key}")).unwrap();
                    let mut done = model.clone();
                    done.extend(batch.iter().zip(&texts).map(|((key, _), (_, text))| (*key, text.clone())));
                    let found: BTreeMap<u8, _> = (0..6).map(|key| (key, after(key))).collect();
                    prop_assert!(found == model || found == done, "{found:?}");
                    model = found;
                }
                Step::Snapshot => {
                    disk.snapshot = Some(log.snapshot().unwrap());
                    log.published();
                }
                Step::Reopen { seal } => {
                    if seal {
                        disk.seal(&mut log);
                    }
                    writer += 1;
                    log = disk.open(writer).unwrap();
                }
            }
            for (key, value) in &model {
                prop_assert_eq!(&disk.get(&log, &format!("k{key}")).unwrap(), value);
            }
        }
    }
}
