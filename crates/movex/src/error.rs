//! What can go wrong, as values with stable codes.

use movex_core::client::Ended;
use movex_core::ids::Seq;

use crate::io::IoError;

/// An error of the master's: a stable code, and a sentence that says what to do.
pub use movex_core::error::{Code, Error as MasterError};

/// Why something could not be done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no connection.
    #[error(transparent)]
    Io(#[from] IoError),
    /// The master said no.
    #[error(transparent)]
    Master(#[from] MasterError),
    /// This client was closed.
    #[error("the client is closed")]
    Closed,
    /// The rid names another resource type than the one that is asked for.
    #[error("{rid} is no {expected}: ask for it by its own type")]
    WrongType {
        /// What was asked for.
        rid: String,
        /// The type's name.
        expected: &'static str,
    },
    /// A state or presence has no JSON form.
    #[error("it has no JSON form: {0}")]
    Json(String),
    /// The system gave no thread or no random bytes.
    #[error("the system gives no {what}: {why}")]
    System {
        /// What was asked for.
        what: &'static str,
        /// What it said.
        why: String,
    },
}

impl Error {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Error::Io(_) => "not_connected",
            Error::Master(error) => error.code.as_str(),
            Error::Closed => "closed",
            Error::WrongType { .. } => "wrong_type",
            Error::Json(_) => "bad_json",
            Error::System { .. } => "system",
        }
    }
}

/// How a dispatch ended that is not in the log, as far as anybody knows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DispatchError {
    /// It is not and never will be.
    #[error(transparent)]
    Rejected(#[from] MasterError),
    /// Nobody knows whether it had an effect.
    #[error("nobody knows whether it had an effect: {0}")]
    Unknown(UnknownCause),
}

impl DispatchError {
    /// The stable code: the master's of a rejection, or `unknown`.
    pub fn code(&self) -> &'static str {
        match self {
            DispatchError::Rejected(error) => error.code.as_str(),
            DispatchError::Unknown(_) => "unknown",
        }
    }
}

/// Why nobody knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnknownCause {
    /// The client is somebody else now (M15).
    #[error("the client is somebody else now")]
    IdentityChanged,
    /// The master has forgotten the session (M21).
    #[error("the master has forgotten the session")]
    SessionForgotten,
    /// The log in which it was to be decided is gone (M22).
    #[error("the log in which it was to be decided is gone")]
    EpochChanged,
    /// The client was closed before the master's word came.
    #[error("the client was closed before the master's word came")]
    Closed,
}

/// The outcome as the app awaits it.
pub(crate) fn outcome(end: Ended) -> Result<Seq, DispatchError> {
    use movex_core::client::UnknownCause as Cause;
    match end {
        Ended::Acknowledged(seq) => Ok(seq),
        Ended::Rejected(error) => Err(DispatchError::Rejected(error)),
        Ended::Unknown(cause) => Err(DispatchError::Unknown(match cause {
            Cause::IdentityChanged => UnknownCause::IdentityChanged,
            Cause::SessionForgotten => UnknownCause::SessionForgotten,
            Cause::EpochChanged => UnknownCause::EpochChanged,
        })),
    }
}
