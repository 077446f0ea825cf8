//! An app's JavaScript and TypeScript in QuickJS.
//!
//! Two halves, with an immutable value between them:
//!
//! - [`Bundle`] reads `movex.config.ts` and everything that it imports, and keeps the result as text. It touches files
//!   and no engine; it is `Send`, `Sync`, cheap to clone, has a content hash, and can be written to one file.
//! - [`ScriptHost`] runs a bundle in one QuickJS engine on the current thread. It touches no file. Its reducers are
//!   [`DynReducer`](movex_core::reducer::DynReducer)s whose states stay in the JavaScript heap.
//!
//! ```no_run
//! use std::path::Path;
//! use std::rc::Rc;
//!
//! use movex_script::{BuildOptions, Bundle, HostOptions, ScriptHost};
//!
//! let bundle = Bundle::build(Path::new("."), BuildOptions::default())?;
//! let said = Rc::new(|report: movex_core::reducer::Report| println!("{}", report.text));
//! let host = ScriptHost::new(&bundle, HostOptions::default(), said)?;
//! let counter = host.reducer("counter");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Why modules stay modules
//! A bundler that joins all files into one turns each use of an import into a property read, and each error into a
//! search. QuickJS runs ES modules itself: imports are variables, cycles and top-level `await` are the
//! specification's, and a stack trace names the developer's file. So the bundle keeps one text per file and a table of
//! who imports what. CommonJS packages are functions in a registry, each behind a small ES module that re-exports the
//! names which its importers ask for.
//!
//! # Why a mirror
//! Forks share what they have in common with the public state, so a reducer must not be able to change what it is
//! given, and npm clients want the checksum of the whole state with every action. Both would cost a walk over the state.
//! Instead Rust keeps a node for each array and object of a living state, with its JSON text, and looks only at what is
//! new: what a reducer left alone is recognised by its address. A checksum or snapshot is then put together from texts
//! and asks the engine nothing.
//!
//! A reducer that changes its argument meets frozen values. ES modules and CommonJS are both evaluated in strict mode,
//! so the write throws; the call is run again on a copy, and the developer is told once. A reducer that catches that
//! error itself is not noticed, and neither is a write in code made by `new Function`.
//!
//! # Why limits are counted
//! Steps are counted by the interpreter and memory by the allocator, each from where the call begins. So the verdict
//! does not depend on the machine, and not on what other calls did in secret (M8). What can't be stopped is a loop of
//! the engine's own over nothing: `indexOf` over an array of a billion holes takes its half a minute. Nothing that is
//! kept can be such an array, but a call can make one. And when all states together fill the engine, calls fail for
//! lack of memory, whoever's states they are.
//!
//! # Why time and chance are given
//! The same reducer runs on every replica, so it may know only what all of them know: the entry's time and entropy.
//! `Date` and `Math.random` draw on those, the zone is UTC, and what runs when the collector likes is not there.
#![deny(unsafe_code)]

mod bundle;
mod host;
mod source;

pub use bundle::{BuildError, BuildErrorKind, BuildOptions, Bundle, FileError, Imported};
pub use host::{HostOptions, LoadError, ScriptHost};
