//! SHA-256: identity of bodies and of sources; and the hasher of maps keyed by what the core itself
//! made.

use core::fmt;
use core::hash::{BuildHasherDefault, Hasher};

use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};
use sha2::{Digest, Sha256};

/// A SHA-256, never truncated at rest.
pub type Hash = [u8; 32];

/// Stands for the hash in a row whose content cannot be read any more. Nothing has this SHA-256.
pub const UNREADABLE: Hash = [0; 32];

/// The SHA-256 of `bytes` (FIPS 180-4).
pub fn sha256(bytes: &[u8]) -> Hash {
    Sha256::digest(bytes).into()
}

/// Reads a hash at rest. Serde's own way is one piece of code for each of the 32 bytes.
pub(crate) fn unpack<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Hash, D::Error> {
    deserializer.deserialize_tuple(size_of::<Hash>(), HashVisitor)
}

/// The same for one that may be missing.
pub(crate) fn unpack_optional<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Hash>, D::Error> {
    let packed = Option::<Packed>::deserialize(deserializer)?;
    Ok(packed.map(|Packed(hash)| hash))
}

struct Packed(Hash);

impl<'de> Deserialize<'de> for Packed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        unpack(deserializer).map(Self)
    }
}

struct HashVisitor;

impl<'de> Visitor<'de> for HashVisitor {
    type Value = Hash;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("32 bytes")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut bytes: A) -> Result<Hash, A::Error> {
        let mut hash = Hash::default();
        for byte in &mut hash {
            let next = bytes.next_element()?;
            *byte = next.ok_or_else(|| Error::custom("a hash ends early"))?;
        }
        Ok(hash)
    }
}

/// Builds the hasher of maps whose keys nobody outside can choose: slots and SHA-256s.
pub type InnerHash = BuildHasherDefault<InnerHasher>;

/// One multiplication per word. Not for strings from outside: collisions are easy to make.
#[derive(Clone, Copy, Debug, Default)]
pub struct InnerHasher(u64);

impl Hasher for InnerHasher {
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u32(byte.into());
        }
    }

    fn write_u32(&mut self, word: u32) {
        self.0 = (self.0.rotate_left(5) ^ u64::from(word)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    /// The high bits are the well-mixed ones, tables look at the low ones.
    fn finish(&self) -> u64 {
        self.0.rotate_left(26)
    }
}
