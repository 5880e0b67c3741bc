//! Hit ratios of every policy on every trace there is, for `benches/tables/hit-ratio.mjs`.

use std::fs::read_dir;

use fhir_schema_store::memory::policy::NAMES;

use crate::simulator::{bytes, entries, run};
use crate::trace::{by_count, folder, read};

const MIB: usize = 1 << 20;

/// Sizes in entries, and in MiB where the trace has sizes.
const SIZES: [(&str, &[usize], &[usize]); 13] = [
    ("lirs_2_pools", &[100, 300, 1000, 3000], &[]),
    ("lirs_cs", &[250, 500, 750, 1000], &[]),
    ("lirs_gli", &[500, 1000, 1500, 2000], &[]),
    ("lirs_loop", &[250, 500, 750, 1000], &[]),
    ("lirs_multi1", &[500, 1000, 1500, 2000], &[]),
    ("lirs_multi2", &[1000, 2000, 3000, 4000], &[]),
    ("lirs_ps", &[500, 1000, 1500, 2000], &[]),
    ("lirs_sprite", &[250, 500, 1000, 2000], &[]),
    ("cache2k_web07", &[100, 300, 1000, 3000], &[]),
    ("corda_vaultservice", &[128, 256, 512, 1024], &[]),
    (
        "libcachesim_cloudPhysicsIO_oracle",
        &[1000, 4000, 8000, 16000],
        &[128, 256, 512, 1024],
    ),
    ("fhir_noscan", &[250, 500, 1000, 2000], &[4, 8, 16, 32]),
    ("fhir_scan200", &[250, 500, 1000, 2000], &[4, 16, 32, 64]),
];

/// Not a test of anything: a line for each ratio, of trace, unit, size, policy and per cent.
#[test]
#[ignore = "prints what benches/tables/hit-ratio.mjs makes a table of"]
fn hit_ratios() {
    let folder = folder();
    let files = read_dir(&folder)
        .unwrap()
        .map(|file| file.unwrap().file_name());
    let names = files.filter_map(|file| Some(file.to_str()?.strip_suffix(".txt.gz")?.to_owned()));
    let mut names: Vec<String> = names.collect();
    names.sort();
    for name in names {
        let trace = read(&folder, &name);
        let counted = by_count(&trace);
        let known = SIZES.iter().find(|(other, ..)| *other == name);
        let keys = trace.iter().map(|&(key, _)| key as usize).max().unwrap();
        let shares = [100, 20, 10, 5].map(|part| keys / part + 1);
        let (_, counts, mebibytes) = known.copied().unwrap_or((&name, &shares, &[]));
        // Nobody ranks here: `custom` would be `lru`.
        for policy in NAMES.into_iter().filter(|&policy| policy != "custom") {
            for &size in counts {
                let ratio = run(policy, entries(size), &counted).hit_ratio();
                println!("ratio {name} entries {size} {policy} {ratio:.2}");
            }
            for &size in mebibytes {
                let ratio = run(policy, bytes(size * MIB), &trace).hit_ratio();
                println!("ratio {name} MiB {size} {policy} {ratio:.2}");
            }
        }
    }
}
