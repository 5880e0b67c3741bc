//! The `FORMAT` file, which makes a directory a store: magic `89 'F' 'S' 'D' 0D 0A 1A 0A`, major
//! u16, minor u16, incompatible feature bits u32, store 16 bytes, CRC-32C of all that.

use super::segment::{MAJOR, StoreId, too_new};
use super::wire::Reader;
use super::wire::checksum;
use crate::error::{Error, Result};

const MAGIC: [u8; 8] = *b"\x89FSD\r\n\x1a\n";

/// The file of a new store.
pub fn pack(store: &StoreId) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    bytes.extend_from_slice(&MAJOR.to_le_bytes());
    bytes.extend_from_slice(&[0; 6]);
    bytes.extend_from_slice(store);
    bytes.extend_from_slice(&checksum(&bytes).to_le_bytes());
    bytes
}

/// The store a file names. `CORRUPT` when it is not such a file, `FORMAT_TOO_NEW` when this build
/// cannot read the store.
pub fn unpack(bytes: &[u8]) -> Result<StoreId> {
    let damaged = || Error::corrupt("the FORMAT file", "its checksum does not match");
    let (major, incompatible, store) = fields(bytes).ok_or_else(damaged)?;
    too_new(major, incompatible)?;
    Ok(store)
}

fn fields(bytes: &[u8]) -> Option<(u16, u32, StoreId)> {
    let (checked, crc) = bytes.split_last_chunk()?;
    let mut reader = Reader::new(checked);
    let magic: [u8; 8] = reader.array()?;
    let (major, _minor, incompatible) = (reader.u16()?, reader.u16()?, reader.u32()?);
    let store = reader.array()?;
    let whole = magic == MAGIC && u32::from_le_bytes(*crc) == checksum(checked);
    whole.then_some((major, incompatible, store))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flipped_bit_and_every_prefix_is_refused() {
        let file = pack(&[9; 16]);
        assert_eq!(unpack(&file), Ok([9; 16]));
        for bit in 0..file.len() * 8 {
            let mut bad = file.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(unpack(&bad).unwrap_err().code(), "CORRUPT");
        }
        for length in 0..file.len() {
            assert_eq!(unpack(&file[..length]).unwrap_err().code(), "CORRUPT");
        }
    }
}
