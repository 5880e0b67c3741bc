//! The definitions that are changed.

use std::io::Read as _;
use std::path::Path;
use std::{env, fs};

use flate2::read::GzDecoder;

use crate::json::Json;

/// Above that, a definition takes so long that few are tried.
const LARGEST: usize = 400_000;

/// All there are.
pub(super) fn all() -> Vec<Json> {
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/us_core_311.tgz");
    let mut texts = members(&fixture);
    let folders = env::var("FSS_FUZZ_FOLDERS").unwrap_or_default();
    for folder in folders.split(':').filter(|folder| !folder.is_empty()) {
        let mut paths: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        paths.sort();
        let files = paths
            .iter()
            .filter(|path| path.extension().is_some_and(|end| end == "json"));
        texts.extend(files.map(|path| fs::read_to_string(path).unwrap()));
    }
    texts.retain(|text| text.len() <= LARGEST && text.contains("StructureDefinition"));
    let parsed = texts
        .iter()
        .filter_map(|text| Json::parse(text.trim_start_matches('\u{feff}')).ok());
    let is_definition =
        |json: &Json| json.get("resourceType").and_then(Json::text) == Some("StructureDefinition");
    parsed.filter(is_definition).collect()
}

/// The files of a tar archive that are JSON.
fn members(path: &Path) -> Vec<String> {
    let mut tar = Vec::new();
    let file = fs::File::open(path).unwrap();
    GzDecoder::new(file).read_to_end(&mut tar).unwrap();
    let (mut at, mut texts) = (0, Vec::new());
    while let Some(header) = tar.get(at..at + 512).filter(|header| header[0] != 0) {
        let field = |from: usize, length: usize| {
            let text = std::str::from_utf8(&header[from..from + length]).unwrap();
            text.trim_matches(['\0', ' ']).to_owned()
        };
        let size = usize::from_str_radix(&field(124, 12), 8).unwrap();
        let data = &tar[at + 512..at + 512 + size];
        if Path::new(&field(0, 100))
            .extension()
            .is_some_and(|end| end == "json")
        {
            texts.push(String::from_utf8(data.to_vec()).unwrap());
        }
        at += 512 + size.next_multiple_of(512);
    }
    texts
}
