//! The codecs of stored bytes: what a codec byte stands for.
//!
//! Packing is done here and not by the caller, so that every engine makes the same bytes.

mod deflate;
mod inflate;

use self::deflate::deflate;
use self::inflate::inflate;
use crate::error::{Error, Result};

/// The bytes as they are.
pub const NONE: u8 = 0;
/// DEFLATE (RFC 1951) without a wrapper.
pub const DEFLATE: u8 = 1;

/// How much of what went before is of use as a history.
pub const HISTORY_BYTES: usize = 32 * 1024;

/// Packs `raw` with the codec that makes it shortest, and names it. What repeats bytes of `history`
/// takes no space; the same history is needed to unpack it.
pub fn pack(history: &[u8], raw: &[u8]) -> (u8, Vec<u8>) {
    let packed = deflate(history, raw);
    if packed.len() < raw.len() {
        (DEFLATE, packed)
    } else {
        (NONE, raw.to_vec())
    }
}

/// Unpacks what must be exactly `length` bytes, which the caller has checked against its limits.
///
/// `CORRUPT` when it is not, `FORMAT_TOO_NEW` for a codec not known here.
pub fn unpack(history: &[u8], codec: u8, packed: &[u8], length: usize) -> Result<Vec<u8>> {
    let raw = match codec {
        NONE => Some(packed.to_vec()),
        DEFLATE => inflate(history, packed, length),
        _ => {
            return Err(Error::format_too_new(codec.into(), DEFLATE.into()));
        }
    };
    let whole = raw.filter(|raw| raw.len() == length);
    whole.ok_or_else(|| Error::corrupt("packed data", "it does not decompress to its length"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn packs_and_unpacks(history in vec(0_u8..9, 0..3000), raw in vec(0_u8..9, 0..3000)) {
            let (codec, packed) = pack(&history, &raw);
            prop_assert!(packed.len() <= raw.len());
            prop_assert_eq!(unpack(&history, codec, &packed, raw.len()).unwrap(), raw);
        }

        #[test]
        fn any_bytes_give_the_length_or_an_error(packed in vec(any::<u8>(), 0..300), length in 0_usize..999) {
            match unpack(b"", DEFLATE, &packed, length) {
                Ok(raw) => prop_assert_eq!(raw.len(), length),
                Err(error) => prop_assert_eq!(error.code(), "CORRUPT"),
            }
        }
    }

    #[test]
    fn a_history_takes_no_space() {
        let history: Vec<u8> = (0_u64..4096)
            .flat_map(|seed| crate::hash::sha256(&seed.to_le_bytes())[..8].to_vec())
            .collect();
        assert_eq!(history.len(), HISTORY_BYTES);
        let (codec, packed) = pack(&history, &history[..9000]);
        assert!(packed.len() < 300);
        assert_eq!(
            unpack(&history, codec, &packed, 9000).unwrap(),
            history[..9000]
        );
        assert!(unpack(&history[1..], codec, &packed, 9000).is_err());
    }

    #[test]
    fn noise_stays_as_it_is() {
        let noise = crate::hash::sha256(b"noise");
        assert_eq!(pack(b"", &noise), (NONE, noise.to_vec()));
    }

    #[test]
    fn a_wrong_length_is_refused() {
        let raw = vec![7; 100_000];
        let (codec, packed) = pack(b"", &raw);
        assert_eq!(codec, DEFLATE);
        for length in [0, 99_999, 100_001] {
            assert_eq!(
                unpack(b"", codec, &packed, length).unwrap_err().code(),
                "CORRUPT"
            );
        }
        let longer = [&packed[..], b"!"].concat();
        assert_eq!(
            unpack(b"", codec, &longer, raw.len()).unwrap_err().code(),
            "CORRUPT"
        );
        assert_eq!(unpack(b"", NONE, b"ab", 3).unwrap_err().code(), "CORRUPT");
    }

    #[test]
    fn an_unknown_codec_is_too_new() {
        assert_eq!(unpack(b"", 2, b"", 0).unwrap_err().code(), "FORMAT_TOO_NEW");
    }
}
