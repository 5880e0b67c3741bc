//! What a ROW record says of a row besides its key.

use super::wire::Reader;
use crate::hash::Hash;

/// A row without key and version.
#[derive(Clone, Debug)]
pub(super) struct Value {
    pub(super) url: Box<str>,
    pub(super) hash: Hash,
    pub(super) meta: Box<[u8]>,
}

/// Appends the meta of a ROW record: hash, URL (its length u16; its place in the key u16, or 0xFFFF and the
/// URL itself), metadata.
pub(super) fn pack_row(out: &mut Vec<u8>, key: &[u8], value: &Value) {
    out.extend_from_slice(&value.hash);
    let url = value.url.as_bytes();
    out.extend_from_slice(&u16::try_from(url.len()).unwrap_or(u16::MAX).to_le_bytes());
    if let Some(at) = place_in(key, url) {
        out.extend_from_slice(&at.to_le_bytes());
    } else {
        out.extend_from_slice(&ELSEWHERE.to_le_bytes());
        out.extend_from_slice(url);
    }
    out.extend_from_slice(&value.meta);
}

const ELSEWHERE: u16 = u16::MAX;

/// Where the key holds the URL, as row keys do.
pub(super) fn place_in(key: &[u8], url: &[u8]) -> Option<u16> {
    let at = key
        .windows(url.len().max(1))
        .position(|window| window == url)?;
    u16::try_from(at).ok().filter(|at| *at != ELSEWHERE)
}

/// Reads it back.
pub(super) fn unpack_row(key: &[u8], meta: &[u8]) -> Option<Value> {
    let mut reader = Reader::new(meta);
    let hash = reader.array()?;
    let (length, at) = (reader.u16()?, reader.u16()?);
    let url = if at == ELSEWHERE {
        reader.take(length.into())?
    } else {
        key.get(at.into()..)?.get(..length.into())?
    };
    let url = core::str::from_utf8(url).ok()?;
    Some(Value {
        url: url.into(),
        hash,
        meta: reader.rest().into(),
    })
}
