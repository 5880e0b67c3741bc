//! The keys of rows whose records are unreadable.

use super::record::{self, DELETE, HEADER, ROW, Seed};
use super::scan::{Fingerprint, fingerprint};

/// Keys up to this length are looked for bit by bit.
const MAX: usize = 512;

/// The key in the record at the start of `bytes`, if it is one of the lost ones: their fingerprints tell.
/// It stands there as it was where the damage is elsewhere in the record; or it differs in one bit.
pub(super) fn name(
    seed: &Seed,
    offset: u64,
    bytes: &[u8],
    lost: &[Fingerprint],
) -> Option<Box<[u8]>> {
    let is_lost = |key: &&[u8]| lost.contains(&fingerprint(key));
    let behind = bytes.get(HEADER..)?;
    let Some((kind, length)) = record::outline(seed, offset, bytes) else {
        let prefixes = (1..=behind.len().min(MAX)).filter_map(|length| behind.get(..length));
        return prefixes.into_iter().find(is_lost).map(Into::into);
    };
    let key = behind.get(..length)?;
    if !matches!(kind, ROW | DELETE) {
        return None;
    }
    if is_lost(&key) {
        return Some(key.into());
    }
    let mut key: Box<[u8]> = key
        .get(..length.min(MAX))
        .filter(|key| key.len() == length)?
        .into();
    for at in 0..length {
        for bit in 0..8 {
            *key.get_mut(at)? ^= 1 << bit;
            if is_lost(&&*key) {
                return Some(key);
            }
            *key.get_mut(at)? ^= 1 << bit;
        }
    }
    None
}
