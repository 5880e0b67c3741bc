//! Request traces: real ones from the folder that `FSS_TRACES` names.

use std::collections::HashMap;
use std::env;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::sync::Once;

use flate2::read::GzDecoder;

/// What is asked for: a key, numbered from 1 in order of first appearance, and its size.
pub(super) type Request = (u32, usize);

static TOLD: Once = Once::new();

/// The folder of the traces; without it the reason why a test does nothing is printed.
pub(super) fn folder() -> Option<PathBuf> {
    let folder = env::var_os("FSS_TRACES").map(PathBuf::from);
    if folder.is_none() {
        // Not by `eprintln!`, which nobody sees where all is well.
        let reason = b"real traces are left out: FSS_TRACES names no folder of them\n";
        TOLD.call_once(|| io::stderr().write_all(reason).unwrap());
    }
    folder
}

/// Reads `name.txt.gz`: a key a line, or a key and a size; one without a size counts as 1.
pub(super) fn read(folder: &Path, name: &str) -> Vec<Request> {
    let file = File::open(folder.join(format!("{name}.txt.gz"))).unwrap();
    let mut numbers = HashMap::new();
    let lines = BufReader::new(GzDecoder::new(file)).lines();
    lines
        .map(|line| {
            let line = line.unwrap();
            let (key, size) = line.split_once(',').unwrap_or((&line, "1"));
            let next = u32::try_from(numbers.len()).unwrap() + 1;
            let number = *numbers.entry(key.to_string()).or_insert(next);
            (number, size.parse().unwrap())
        })
        .collect()
}

/// Every size 1.
pub(super) fn by_count(trace: &[Request]) -> Vec<Request> {
    trace.iter().map(|&(key, _)| (key, 1)).collect()
}
