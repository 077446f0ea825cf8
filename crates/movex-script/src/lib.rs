//! An app's JavaScript and TypeScript in QuickJS.
//!
//! Two halves, with an immutable value between them:
//!
//! - [`Bundle`] reads `movex.config.ts` and everything that it imports, and keeps the result as text. It touches files
//!   and no engine; it is `Send`, `Sync`, cheap to clone, has a content hash, and can be written to one file.
//! - [`ScriptHost`] runs a bundle in one QuickJS engine on the current thread. It touches no file. Its reducers are
//!   [`DynReducer`](movex_core::reducer::DynReducer)s whose states stay in the JavaScript heap.
//!
//! # Why modules stay modules
//! A bundler that joins all files into one turns each use of an import into a property read, and each error into a
//! search. QuickJS runs ES modules itself: imports are variables, cycles and top-level `await` are the
//! specification's, and a stack trace names the developer's file. So the bundle keeps one text per file and a table of
//! who imports what. CommonJS packages are functions in a registry, each behind a small ES module that re-exports the
//! names which its importers ask for.
#![deny(unsafe_code)]

mod bundle;
mod host;
mod source;

pub use bundle::{BuildError, BuildErrorKind, BuildOptions, Bundle, FileError, Imported};
pub use host::{HostOptions, LoadError, ScriptHost};
