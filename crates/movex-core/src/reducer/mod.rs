//! What an app developer writes, and the form in which the master calls it.
//!
//! [`Reducer`] is the trait for Rust. [`DynReducer`] is its object-safe form, which a script host implements too: its
//! states are handles to values that stay where they live, so a reducer call copies and serialises nothing.

mod guard;
mod host;
mod native;
mod report;
mod typed;

pub use host::{
    Applied, Checksums, DynReducer, Failure, FailureKind, Features, Fold, Location, Rejection, State,
};
pub use native::Native;
pub use report::{Report, ReportKind, ReportSink};
pub use typed::{CanReconcile, Deadline, Reducer, Transform};
