//! What the eviction policies achieve: on traces made here, and on real ones where there are any.

#![cfg(not(target_arch = "wasm32"))]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    reason = "a test may panic, and no trace is longer than 2^53"
)]

mod simulator;
mod synthetic;
mod table;
mod trace;

use fhir_schema_store::memory::policy::NAMES;

use crate::simulator::{bytes, entries, run};
use crate::trace::{Request, by_count, folder, read};

/// Misses that libCacheSim's own tests count on a sample of its, at 128, 256, ... 1024 MiB.
const ORACLE: [(&str, [u64; 8]); 6] = [
    (
        "lru",
        [93374, 89783, 83572, 81722, 72494, 72104, 71972, 71704],
    ),
    (
        "fifo",
        [93403, 89386, 84387, 84025, 72498, 72228, 72182, 72140],
    ),
    (
        "lfu",
        [91699, 86720, 78578, 76707, 69945, 66221, 64445, 64376],
    ),
    (
        "sieve",
        [91699, 86720, 78578, 76707, 69945, 66221, 64445, 64376],
    ),
    (
        "gdsf",
        [89068, 84750, 74853, 70488, 67919, 64180, 61029, 58721],
    ),
    (
        "s3-fifo",
        [89307, 82387, 77041, 76791, 71300, 70343, 70455, 70355],
    ),
];

#[test]
#[ignore = "needs real traces: FSS_TRACES names no folder of them"]
fn equals_libcachesim_miss_for_miss() {
    let folder = folder();
    let trace = read(&folder, "libcachesim_cloudPhysicsIO_oracle");
    for (policy, expected) in ORACLE {
        let misses: Vec<u64> = (1..=8)
            .map(|step| run(policy, bytes(step * (128 << 20)), &trace).misses)
            .collect();
        assert_eq!(misses, expected, "{policy}");
    }
}

/// Traces and sizes in entries on which the default is compared with LRU.
const GRID: [(&str, &[usize]); 11] = [
    ("lirs_2_pools", &[100, 300]),
    ("lirs_gli", &[500, 1000]),
    ("lirs_loop", &[500]),
    ("lirs_multi1", &[500, 1000]),
    ("lirs_multi2", &[1000, 2000]),
    ("lirs_ps", &[1000]),
    ("lirs_sprite", &[500, 1000]),
    ("lirs_cs", &[500, 1000]),
    ("cache2k_web07", &[300]),
    ("corda_vaultservice", &[256, 512]),
    ("fhir_scan200", &[500, 1000]),
];

#[test]
#[ignore = "needs real traces: FSS_TRACES names no folder of them"]
fn the_default_is_seldom_below_lru_and_never_far() {
    let folder = folder();
    let (mut cells, mut at_least) = (0, 0);
    for (name, sizes) in GRID {
        let trace = by_count(&read(&folder, name));
        for &size in sizes {
            let ratio = |policy| run(policy, entries(size), &trace).hit_ratio();
            let (lru, ours) = (ratio("lru"), ratio("w-tiny-lfu"));
            println!("{name}@{size}: lru {lru:.2}, w-tiny-lfu {ours:.2}");
            assert!(ours > lru - 13.0, "{name}@{size}: {ours:.2}, lru {lru:.2}");
            cells += 1;
            at_least += usize::from(ours >= lru);
        }
    }
    println!("at least lru on {at_least} of {cells}");
    assert!(10 * at_least >= 7 * cells, "{at_least} of {cells}");
}

#[test]
#[ignore = "needs real traces: FSS_TRACES names no folder of them"]
fn the_default_survives_loops_scans_and_bursts() {
    let folder = folder();
    let gates = [
        ("lirs_gli", 1000, 48.0),
        ("lirs_loop", 500, 43.0),
        ("corda_vaultservice", 512, 30.0),
    ];
    for (name, size, gate) in gates {
        let trace = by_count(&read(&folder, name));
        let ratio = run("w-tiny-lfu", entries(size), &trace).hit_ratio();
        println!("{name}@{size}: {ratio:.2}");
        assert!(ratio >= gate, "{name}@{size}: {ratio:.2}, not {gate}");
    }
}

/// What an independent simulator of W-TinyLFU with a climber counts. Its hashes are others.
const W_TINY_LFU: [(&str, usize, f64); 10] = [
    ("lirs_2_pools", 100, 47.1),
    ("lirs_cs", 500, 28.3),
    ("lirs_loop", 500, 48.6),
    ("lirs_multi1", 500, 54.6),
    ("lirs_multi2", 1000, 55.9),
    ("lirs_ps", 1000, 66.2),
    ("lirs_sprite", 500, 77.3),
    ("cache2k_web07", 300, 46.2),
    ("corda_vaultservice", 512, 30.6),
    ("fhir_scan200", 500, 73.2),
];

#[test]
#[ignore = "needs real traces: FSS_TRACES names no folder of them"]
fn the_default_is_within_a_point_of_another_one() {
    let folder = folder();
    for (name, size, expected) in W_TINY_LFU {
        let trace = by_count(&read(&folder, name));
        let ratio = run("w-tiny-lfu", entries(size), &trace).hit_ratio();
        println!("{name}@{size}: {ratio:.2}, the other one {expected}");
        assert!((ratio - expected).abs() <= 1.0, "{name}@{size}: {ratio:.2}");
    }
}

#[test]
#[ignore = "needs real traces: FSS_TRACES names no folder of them"]
fn a_package_scan_leaves_the_small_and_popular() {
    let folder = folder();
    let trace = read(&folder, "fhir_scan200");
    for (policy, gate) in [("lru", 68.2), ("w-tiny-lfu", 73.0), ("gdsf", 84.5)] {
        let ratio = run(policy, bytes(16 << 20), &trace).hit_ratio();
        println!("fhir_scan200@16MiB: {policy} {ratio:.2}");
        assert!(ratio >= gate, "{policy}: {ratio:.2}, not {gate}");
    }
}

/// Per cents by policy.
type Published = [(&'static str, f64); 5];

/// What foyer published of a Zipf workload (10,000 keys, exponents 0.9 and 1.0, room for 1 % and 10 %
/// of the keys): its W-TinyLFU is moka's.
const ZIPF: [(f64, usize, Published); 4] = [
    (
        0.9,
        100,
        [
            ("fifo", 22.5),
            ("lru", 25.7),
            ("lfu", 38.6),
            ("s3-fifo", 39.3),
            ("w-tiny-lfu", 37.9),
        ],
    ),
    (
        0.9,
        1000,
        [
            ("fifo", 51.0),
            ("lru", 55.2),
            ("lfu", 63.8),
            ("s3-fifo", 65.2),
            ("w-tiny-lfu", 64.2),
        ],
    ),
    (
        1.0,
        100,
        [
            ("fifo", 34.3),
            ("lru", 38.6),
            ("lfu", 50.7),
            ("s3-fifo", 51.5),
            ("w-tiny-lfu", 50.6),
        ],
    ),
    (
        1.0,
        1000,
        [
            ("fifo", 63.1),
            ("lru", 67.1),
            ("lfu", 73.9),
            ("s3-fifo", 75.0),
            ("w-tiny-lfu", 74.3),
        ],
    ),
];

#[test]
fn a_popularity_that_does_not_change_gives_the_published_ratios() {
    for (exponent, size, expected) in ZIPF {
        let trace = synthetic::zipf(10_000, exponent, 1_000_000);
        for (policy, published) in expected {
            let ratio = run(policy, entries(size), &trace).hit_ratio();
            println!("zipf {exponent}@{size}: {policy} {ratio:.2}, published {published}");
            assert!(
                (ratio - published).abs() < 2.0,
                "{policy}: {ratio:.2}, not {published}"
            );
        }
    }
}

#[test]
fn loops_and_bursts_do_not_break_the_default() {
    let ratio = |policy, size, trace: &[Request]| run(policy, entries(size), trace).hit_ratio();
    let cycle = synthetic::cycle(1000, 200_000);
    assert!(ratio("lru", 500, &cycle) < 0.01);
    assert!(
        ratio("w-tiny-lfu", 500, &cycle) > 40.0,
        "{:.2}",
        ratio("w-tiny-lfu", 500, &cycle)
    );
    let bursts = synthetic::bursts(50_000, 3);
    for (size, most) in [(128, 30.0), (256, 5.0), (512, 5.0)] {
        let [lru, ours] = ["lru", "w-tiny-lfu"].map(|policy| ratio(policy, size, &bursts));
        println!("bursts@{size}: lru {lru:.2}, w-tiny-lfu {ours:.2}");
        assert!(
            ours > lru - most,
            "@{size}: w-tiny-lfu {ours:.2}, lru {lru:.2}"
        );
    }
}

#[test]
fn scans_of_packages_leave_what_is_small_and_popular() {
    let trace = synthetic::package_scans(40);
    let ratio = |policy| run(policy, bytes(512 << 10), &trace).hit_ratio();
    let [lru, ours, gdsf] = ["lru", "w-tiny-lfu", "gdsf"].map(ratio);
    assert!(ours > lru + 3.0, "w-tiny-lfu {ours:.2}, lru {lru:.2}");
    assert!(gdsf > ours + 3.0, "gdsf {gdsf:.2}, w-tiny-lfu {ours:.2}");
    let least = ratio("fifo").min(ratio("random")) - 1.0;
    for policy in NAMES {
        assert!(ratio(policy) > least, "{policy}: {:.2}", ratio(policy));
    }
}
