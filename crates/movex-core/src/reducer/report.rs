//! What app code has to tell its developer: printed lines, warnings, errors.

use std::rc::Rc;

use super::host::Location;
use crate::ids::ClientId;

/// What kind of line it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReportKind {
    /// `console.log` and `console.debug`.
    Log,
    /// `console.info`.
    Info,
    /// `console.warn`, and the host's own warnings (impure, mutated its input).
    Warn,
    /// `console.error`, and failures of hooks.
    Error,
}

/// One line for the app's developer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Its kind.
    pub kind: ReportKind,
    /// The resource type whose reducer ran; empty while the app is loaded.
    pub resource_type: String,
    /// The text.
    pub text: String,
    /// Where in the app's source, when that is known.
    pub location: Option<Location>,
    /// The author in whose private view this was said; `None` when it is public. Where it is set the line is as
    /// secret as that view (M10): it goes to `dev`'s own terminal, marked, or nowhere.
    pub private_to: Option<ClientId>,
}

/// Where reports go. Called on the host's thread, during the call.
pub type ReportSink = Rc<dyn Fn(Report)>;
