//! Shared state for games and apps, in Rust.
//!
//! You write one pure reducer for each resource type, as for a single player. It runs here at once, and on the master,
//! which has the last word: what travels is the action, and everybody who looks at a resource folds the same actions in
//! the same order.
//!
//! - [`Resource`]: what you write. [`App`]: all of yours, for a master.
//! - [`Movex`]: a client, of a server ([`Movex::connect`]) or of a master in this process ([`Movex::local`]).
//! - [`Resources`]: create and bind. [`Bound`]: dispatch, watch, show presence.
//! - [`Dispatched`]: a dispatch, which ends once: acknowledged, rejected, or unknown.
//! - [`LocalMaster`]: several clients in one process, with or without a network.
//! - [`io`]: the transports. [`session`]: the protocol's client as a state machine without I/O.
//!
//! # Threads
//!
//! Folding is done on a thread of the client's own, for states stay with the one who folds; handles get them behind an
//! `Arc`. Handles are `Send` and `Sync`, cheap to clone, need no particular async runtime, and their futures may be
//! dropped at any time. [`Bound::dispatch`] waits for that thread for as long as the reducer takes, so that the state
//! has changed when it returns.
//!
//! # What is not here
//!
//! There is no way to set a state: a state changes by actions alone. There is no timer in a reducer: a type that waits
//! for a time says so by its `deadline`, and the master ticks.
#![forbid(unsafe_code)]

mod app;
mod bound;
mod callback;
mod chance;
mod client;
#[cfg(test)]
mod counter;
mod dispatched;
mod driver;
mod error;
pub mod io;
mod local;
pub mod session;
mod share;
mod status;
mod view;

pub use app::{App, Resource};
pub use bound::{Bound, Notices, Options};
pub use callback::Callback;
pub use client::{Builder, Movex, Resources};
pub use dispatched::Dispatched;
pub use driver::{Backoff, Notice};
pub use error::{Code, DispatchError, Error, MasterError, UnknownCause};
pub use local::LocalMaster;
pub use movex_core::client::Divergence;
pub use movex_core::context::{Context, Entropy, Stamp, TimeMs};
pub use movex_core::ids::{ClientId, ClientSeq, Epoch, Rid, Seq};
pub use movex_core::reducer::{CanReconcile, Deadline, Reducer, Rejection, Transform};
pub use session::Identity;
pub use status::{Status, StatusWatch};
pub use view::{Subscriber, View};

/// What an app that has a reducer and a client needs.
pub mod prelude {
    pub use crate::{App, Bound, Context, Movex, Reducer, Rejection, Resource, Rid, Stamp, View};
}

/// The page for app developers: the reducer that it begins with is compiled.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/rust-sdk.md")]
mod guide {}
