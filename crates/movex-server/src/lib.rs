//! The master at run time.
//!
//! All decisions are made in `movex-core`; this crate gives it sockets, time, chance, threads and a store. An [`App`]
//! is whatever gives reducers: native ones, or a script host, which this crate knows nothing of.
//!
//! - [`runtime`]: the lock around the master, the engine threads, the carrying out of what the core says.
//! - `v0`: the wire protocol of npm `movex` 0.1.6.
//! - `v1`: our own protocol over WebSocket.
//! - `http`: what can be read without a socket.
//! - [`Server`]: all of it on one address.
#![forbid(unsafe_code)]

mod http;
mod net;
pub mod runtime;
mod server;
mod settings;
mod v0;
mod v1;

pub use runtime::{App, Audience, LoadError, Loaded};
pub use server::{Server, StartError};
pub use settings::{Listings, Settings};
