//! The only randomness: names that nobody had before, and jitter.

use movex_core::context::EntropyKey;

use crate::error::Error;

fn bytes<const N: usize>() -> Result<[u8; N], Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)
        .map_err(|error| Error::System { what: "random bytes", why: error.to_string() })?;
    Ok(bytes)
}

/// 128 bits, as 32 hex digits.
pub(crate) fn name() -> Result<String, Error> {
    Ok(format!("{:032x}", u128::from_le_bytes(bytes()?)))
}

/// Any number.
pub(crate) fn number() -> Result<u64, Error> {
    Ok(u64::from_le_bytes(bytes()?))
}

/// The keys of every draw of a local master (M9).
pub(crate) fn entropy_key() -> Result<EntropyKey, Error> {
    Ok(EntropyKey::new(bytes()?, bytes()?))
}
