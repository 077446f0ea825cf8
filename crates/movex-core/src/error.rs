//! Errors at the wire: a stable code, and a sentence that says what to do.

use std::borrow::Cow;

/// What stable codes there are. The text form is part of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Code {
    /// The app has no such resource type.
    UnknownResourceType,
    /// There is no such resource.
    UnknownResource,
    /// There is one already under that id.
    ResourceExists,
    /// The rid is malformed.
    BadRid,
    /// The message is malformed.
    BadMessage,
    /// The action is malformed.
    BadAction,
    /// The state is malformed, or does not fit its type.
    BadState,
    /// JavaScript and Rust could read the text differently (M6).
    AmbiguousJson,
    /// The reducer said no.
    Rejected,
    /// The reducer failed on it.
    ReducerFailed,
    /// It ran into a limit of time, memory, stack or size.
    LimitExceeded,
    /// The secret phase has no room for this author's entry (M3).
    PhaseFull,
    /// A reveal came since that the author had not seen (M25).
    StalePhase,
    /// A later dispatch of the session was decided, and this one's outcome is not known any more (M20).
    Superseded,
    /// It names another log than the one that is (M22).
    EpochChanged,
    /// Too much is under way.
    Overloaded,
    /// The store could not keep it.
    StoreUnavailable,
    /// The server is ending.
    ShuttingDown,
}

/// Every code, for readers of the wire.
const ALL: [Code; 18] = [
    Code::UnknownResourceType,
    Code::UnknownResource,
    Code::ResourceExists,
    Code::BadRid,
    Code::BadMessage,
    Code::BadAction,
    Code::BadState,
    Code::AmbiguousJson,
    Code::Rejected,
    Code::ReducerFailed,
    Code::LimitExceeded,
    Code::PhaseFull,
    Code::StalePhase,
    Code::Superseded,
    Code::EpochChanged,
    Code::Overloaded,
    Code::StoreUnavailable,
    Code::ShuttingDown,
];

impl Code {
    /// The code of that name, if it is known here.
    pub fn parse(name: &str) -> Option<Self> {
        ALL.into_iter().find(|code| code.as_str() == name)
    }

    /// The code as it stands at the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Code::UnknownResourceType => "unknown_resource_type",
            Code::UnknownResource => "unknown_resource",
            Code::ResourceExists => "resource_exists",
            Code::BadRid => "bad_rid",
            Code::BadMessage => "bad_message",
            Code::BadAction => "bad_action",
            Code::BadState => "bad_state",
            Code::AmbiguousJson => "ambiguous_json",
            Code::Rejected => "rejected",
            Code::ReducerFailed => "reducer_failed",
            Code::LimitExceeded => "limit_exceeded",
            Code::PhaseFull => "phase_full",
            Code::StalePhase => "stale_phase",
            Code::Superseded => "superseded",
            Code::EpochChanged => "epoch_changed",
            Code::Overloaded => "overloaded",
            Code::StoreUnavailable => "store_unavailable",
            Code::ShuttingDown => "shutting_down",
        }
    }
}

/// An error as a client gets it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {message}", code.as_str())]
pub struct Error {
    /// The stable code.
    pub code: Code,
    /// A sentence for people, that says what to do.
    pub message: Cow<'static, str>,
}

impl Error {
    /// An error of that code.
    pub fn new(code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        Self { code, message: message.into() }
    }

    /// The action is malformed.
    pub fn bad_action(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::BadAction, message)
    }

    /// The text can be read in two ways (M6).
    pub fn ambiguous(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::AmbiguousJson, message)
    }
}
