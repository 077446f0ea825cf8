//! Where logs are kept.
//!
//! A [`Store`] keeps, for each resource of each app, one log: an epoch, a base and the records since. It is told what
//! to append, and says when that is kept; nothing that depends on it leaves the master before (M23). The engine in
//! memory is here; every engine passes the suite in `contract`.
#![forbid(unsafe_code)]

mod memory;

#[cfg(feature = "contract")]
pub mod contract;

use movex_core::ids::{AppId, ResourceKey, Rid};
use movex_core::item::Base;
pub use movex_core::master::{Append, AppendId};
pub use movex_core::worker::Log;

pub use memory::MemoryStore;

/// Why a store did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Records were appended to a log that is not there, or has another epoch.
    #[error("the store has no such log of {rid}")]
    NoSuchLog {
        /// The resource.
        rid: String,
    },
    /// The engine could not write or read.
    #[error("the store can't be used: {0}")]
    Unavailable(String),
}

/// What became of an append.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Appended {
    /// It is kept.
    Kept,
    /// It is not, and never will be.
    Failed(StoreError),
    /// The engine says later, through the [`Completion`] that it was made with.
    Later,
}

/// Where an engine says what became of an append that it answered with [`Appended::Later`]. Called from a thread of
/// the engine's own, for one resource in the order of its appends.
pub type Completion = Box<dyn Fn(&ResourceKey, AppendId, Result<(), StoreError>) + Send + Sync>;

/// Where logs are kept.
///
/// Appends of one resource are kept in the order in which they come, each as a whole or not at all: after a crash a log
/// has a prefix of them.
pub trait Store: Send + Sync {
    /// Keeps an append behind what is there, or begins a log in place of the one that was.
    fn append(&self, key: &ResourceKey, id: AppendId, append: Append) -> Appended;

    /// A resource's log as it is kept; appends that are still under way are not in it.
    ///
    /// # Errors
    /// When the engine can't read it.
    fn read(&self, key: &ResourceKey) -> Result<Option<Log>, StoreError>;

    /// Lets go of what stands before the base's seq, which replaces the old one. The log stays the same log.
    ///
    /// # Errors
    /// When there is no such log or the engine can't write.
    fn truncate(&self, key: &ResourceKey, base: Base) -> Result<(), StoreError>;

    /// The resources of an app that have a log, sorted.
    ///
    /// # Errors
    /// When the engine can't read.
    fn list(&self, app: &AppId) -> Result<Vec<Rid>, StoreError>;

    /// Deletes a log. One that is not there is deleted already.
    ///
    /// # Errors
    /// When the engine can't write.
    fn delete(&self, key: &ResourceKey) -> Result<(), StoreError>;
}
