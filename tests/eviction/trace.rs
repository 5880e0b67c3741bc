//! Request traces: real ones from the folder that `FSS_TRACES` names.

use std::collections::HashMap;
use std::env;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;

/// What is asked for: a key, numbered from 1 in order of first appearance, and its size.
pub(super) type Request = (u32, usize);

/// The folder of the traces.
pub(super) fn folder() -> PathBuf {
    let folder = env::var_os("FSS_TRACES").unwrap_or_default();
    assert!(!folder.is_empty(), "FSS_TRACES names no folder of traces");
    PathBuf::from(folder)
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
