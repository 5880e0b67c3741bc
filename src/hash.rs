//! SHA-256: identity of bodies and of sources; and the hasher of maps keyed by what the core itself
//! made.

use core::hash::{BuildHasherDefault, Hasher};

use sha2::{Digest, Sha256};

/// A SHA-256, never truncated at rest.
pub type Hash = [u8; 32];

/// The SHA-256 of `bytes` (FIPS 180-4).
pub fn sha256(bytes: &[u8]) -> Hash {
    Sha256::digest(bytes).into()
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
