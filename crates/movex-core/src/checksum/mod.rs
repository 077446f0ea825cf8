//! Checksums over states, by which replicas prove that they agree.

mod v0;
pub mod v1;

pub use v0::{ChecksumV0, canonical_v0, checksum_v0, checksum_v0_of_text};
pub use v1::{ChecksumV1, checksum_v1};
