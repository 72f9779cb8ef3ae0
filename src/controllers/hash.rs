//! Short content hashes. Pure.

use std::fmt::Write;

use sha2::{Digest, Sha256};

/// The first `bytes` bytes of a text's SHA-256, in hexadecimal.
#[must_use]
pub fn hash(text: &str, bytes: usize) -> String {
    Sha256::digest(text).iter().take(bytes).fold(String::new(), |mut hex, byte| {
        // Writing to a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
