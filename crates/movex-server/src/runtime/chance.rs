//! The only randomness: names for what is new, and the key of every draw.

use movex_core::context::EntropyKey;
use uuid::Uuid;

/// The system gave no random bytes.
#[derive(Debug, thiserror::Error)]
#[error("the system gives no random bytes: {0}")]
pub struct NoChance(String);

/// A name that nobody had before: a uuid v4.
pub fn fresh_name() -> String {
    Uuid::new_v4().to_string()
}

/// 32 random bytes.
///
/// # Errors
/// When the system's generator fails.
pub fn fresh_key() -> Result<[u8; 32], NoChance> {
    let mut key = [0; 32];
    getrandom::fill(&mut key).map_err(|error| NoChance(error.to_string()))?;
    Ok(key)
}

/// New keys, one for each half (M9).
///
/// # Errors
/// When the system's generator fails.
pub fn entropy_key() -> Result<EntropyKey, NoChance> {
    let draw = || {
        let mut key = [0; 16];
        let filled = getrandom::fill(&mut key).map_err(|error| NoChance(error.to_string()));
        filled.map(|()| key)
    };
    Ok(EntropyKey::new(draw()?, draw()?))
}
