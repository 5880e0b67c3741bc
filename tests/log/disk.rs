//! A directory of segments in memory, and what a reader finds in it.

use std::collections::BTreeMap;

use fhir_schema_store::format::log::Log;
use fhir_schema_store::format::rows::unpack;
use fhir_schema_store::hash::{Hash, UNREADABLE, sha256};

pub(super) const STORE: [u8; 16] = *b"0123456789abcdef";
const SEGMENT_HEADER: usize = 64;

/// The files of a directory, and what of each would survive a power cut.
#[derive(Clone, Default)]
pub(super) struct Disk {
    pub(super) segments: BTreeMap<String, Vec<u8>>,
    pub(super) snapshot: Option<Vec<u8>>,
}

impl Disk {
    pub(super) fn open(&self, writer: u64) -> Result<Log, &'static str> {
        let mut log = Log::new(STORE, writer);
        if let Some(snapshot) = &self.snapshot {
            log.load(snapshot).map_err(|error| error.code())?;
        }
        self.refresh(&mut log)?;
        Ok(log)
    }

    pub(super) fn refresh(&self, log: &mut Log) -> Result<(), &'static str> {
        for (name, bytes) in &self.segments {
            let slot = log.segment(name).unwrap();
            if log.is_own(slot) || log.is_sealed(slot) {
                continue;
            }
            let scanned = usize::try_from(log.scanned(slot)).unwrap();
            if scanned == SEGMENT_HEADER {
                let header = &bytes[..bytes.len().min(SEGMENT_HEADER)];
                log.check_header(slot, header)
                    .map_err(|error| error.code())?;
            }
            let rest = bytes.get(scanned..).unwrap_or_default();
            log.scan(slot, rest).map_err(|error| error.code())?;
        }
        Ok(())
    }

    pub(super) fn write(&mut self, log: &mut Log, (ticket, bodies): &Plan) {
        let ticket = *ticket;
        let slot = log.plan_place(ticket).unwrap().0;
        let file = self.segments.entry(log.name(slot)).or_default();
        assert_eq!(file.len() as u64, log.plan_place(ticket).unwrap().1);
        let gaps = log.plan_gaps(ticket).to_vec();
        assert_eq!(gaps.len(), bodies.len());
        let bytes = log.plan_bytes(ticket);
        let mut from = 0;
        for (gap, body) in gaps.into_iter().zip(bodies) {
            let to = usize::try_from(gap).unwrap();
            file.extend(&bytes[from..to]);
            file.extend(body);
            from = to;
        }
        file.extend(&bytes[from..]);
    }

    pub(super) fn commit(&mut self, log: &mut Log, batch: &[(&str, Option<&str>)]) {
        if log.is_outranked() {
            self.seal(log);
        }
        let plan = plan(log, batch);
        self.write(log, &plan);
        log.commit_done(plan.0, true, false);
    }

    pub(super) fn seal(&mut self, log: &mut Log) {
        let Some(slot) = log.active() else { return };
        let bytes = log.seal(slot).unwrap();
        self.segments
            .get_mut(&log.name(slot))
            .unwrap()
            .extend(bytes);
    }

    /// What a reader gets for a key: its text, a miss, or the code of an error.
    pub(super) fn get(&self, log: &Log, key: &str) -> Result<Option<String>, &'static str> {
        let Some(row) = log.row(key.as_bytes()) else {
            return Ok(None);
        };
        if row.hash == UNREADABLE {
            return Err("CORRUPT");
        }
        assert_eq!(row.url, url(key), "the url of {key}");
        let text = self.body(log, &row.hash)?;
        if let Some(text) = &text {
            assert_eq!(row.meta, text.as_bytes(), "the metadata goes with the body");
        }
        Ok(text)
    }

    pub(super) fn body(&self, log: &Log, hash: &Hash) -> Result<Option<String>, &'static str> {
        let Some(at) = log.locate(hash) else {
            return Ok(None);
        };
        let base = at.offset.saturating_sub(7);
        let file = self
            .segments
            .get(&log.name(at.slot))
            .map(Vec::as_slice)
            .unwrap_or_default();
        let bytes = file
            .get(usize::try_from(base).unwrap()..)
            .unwrap_or_default();
        let place = log
            .verify(hash, at, base, bytes)
            .map_err(|error| error.code())?;
        let text =
            String::from_utf8(bytes[place].to_vec()).expect("a checked body is what was put");
        Ok(Some(text))
    }
}

fn url(key: &str) -> &str {
    key.split('|').next().unwrap()
}

/// A ticket, and the bodies for the gaps of what it stands for.
pub(super) type Plan = (u32, Vec<Vec<u8>>);

pub(super) fn plan(log: &mut Log, batch: &[(&str, Option<&str>)]) -> Plan {
    log.begin(1_000, false, 100);
    let mut bodies = Vec::new();
    for (key, value) in batch {
        match value {
            Some(text) => {
                let (hash, bytes): (Hash, _) = (sha256(text.as_bytes()), text.as_bytes());
                if log
                    .put(key.as_bytes(), url(key), hash, bytes, bytes)
                    .unwrap()
                {
                    bodies.push(bytes.to_vec());
                }
            }
            None => log.delete(key.as_bytes()).unwrap(),
        }
    }
    (log.end().unwrap(), bodies)
}

/// Twenty entries; three overwritten, one deleted, one put again with the body of another.
pub(super) fn sample(seal: bool) -> (Disk, BTreeMap<String, Option<String>>) {
    let (mut disk, mut log) = (Disk::default(), Log::new(STORE, 7));
    let mut expected = BTreeMap::new();
    let mut step = |batch: &[(&str, Option<&str>)]| {
        disk.commit(&mut log, batch);
        for (key, value) in batch {
            expected.insert((*key).to_string(), value.map(str::to_string));
        }
    };
    let keys: Vec<String> = (0..20).map(|n| format!("u:{n}|{n}")).collect();
    for pair in keys.chunks(4) {
        let texts: Vec<String> = pair.iter().map(|key| format!("first of {key}")).collect();
        let batch: Vec<_> = pair
            .iter()
            .zip(&texts)
            .map(|(key, text)| (&**key, Some(&**text)))
            .collect();
        step(&batch);
    }
    step(&[(&keys[3], Some("second of 3")), (&keys[5], None)]);
    step(&[(&keys[4], Some("first of u:0|0"))]);
    step(&[
        (&keys[3], Some("third of 3")),
        (&keys[19], Some("second of 19")),
    ]);
    if seal {
        disk.seal(&mut log);
    }
    (disk, expected)
}

pub(super) fn only(disk: &mut Disk) -> &mut Vec<u8> {
    disk.segments.values_mut().next().unwrap()
}

/// Every key: its newest value, a miss or an error; how many were right.
pub(super) fn check(disk: &Disk, expected: &BTreeMap<String, Option<String>>, what: &str) -> usize {
    let log = match disk.open(99) {
        Ok(log) => log,
        Err(code) => {
            assert!(
                ["CORRUPT", "FORMAT_TOO_NEW"].contains(&code),
                "{what}: {code}"
            );
            return 0;
        }
    };
    let mut right = 0;
    for (key, value) in expected {
        match disk.get(&log, key) {
            Ok(found) if found == *value => right += 1,
            Ok(None) | Err("CORRUPT") => {}
            wrong => panic!("{what}: {key} is {wrong:?}, not {value:?}"),
        }
    }
    for row in unpack(&log.index()).unwrap() {
        let row = row.unwrap();
        if row.hash == UNREADABLE {
            continue;
        }
        let key = str::from_utf8(row.key).unwrap();
        assert_eq!(
            Some(str::from_utf8(row.meta).unwrap()),
            expected[key].as_deref(),
            "{what}: {key}"
        );
    }
    right
}
