//! One seed, one history: the real master, worker and client resources of Movex on one thread, over a network, a clock
//! and a store that misbehave as a seed says, with checkers for what must always hold.
//!
//! `docs/simulator.md` tells what is simulated and how a failing seed is read.
//!
//! ```
//! let played = movex_sim::play_seed(7, None);
//! assert!(played.violations.is_empty(), "{:?}", played.violations);
//! ```

mod chance;
mod check;
mod plan;
mod plant;
mod play;
mod shrink;
mod workload;
mod world;

pub use chance::Chance;
pub use plan::{Guest, Keeping, Kind, Plan, Step, Twin};
pub use plant::Plant;
pub use play::{Played, play, play_seed};
pub use shrink::shrink;
pub use workload::Workload;
pub use world::Violation;
