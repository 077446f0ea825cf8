//! The shell around the core: one lock around the master, one thread for each engine, the clock, chance and the store.
//!
//! All decisions are the core's. What is here carries them out in order, and nothing here waits under the lock.

mod app;
mod chance;
mod clock;
mod engine;
mod hub;
mod outputs;
mod peer;
mod reports;

pub use app::{App, LoadError, Loaded};
pub use chance::{NoChance, entropy_key, fresh_key, fresh_name};
pub use clock::Clock;
pub use engine::{EngineSettings, ResourceTypes};
pub(crate) use hub::Reader;
pub use hub::{Hub, HubSettings, Starting};
pub use peer::{Outgoing, Peer, Protocol};
pub use reports::Audience;
