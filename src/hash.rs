//! SHA-256: identity of bodies and of sources.

use sha2::{Digest, Sha256};

/// A SHA-256, never truncated at rest.
pub type Hash = [u8; 32];

/// The SHA-256 of `bytes` (FIPS 180-4).
pub fn sha256(bytes: &[u8]) -> Hash {
    Sha256::digest(bytes).into()
}
