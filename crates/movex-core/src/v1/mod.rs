//! Frames of protocol v1, and their JSON text.
//!
//! One type for each direction; every transport carries them unchanged. A frame is an object with one member: the name
//! of the frame, and its fields. Fields and frames that a reader does not know are ignored, so that a client and a server
//! one version apart still talk. Actions and states stand in it as the text that came: nothing writes them out again.
//! The rules are in `docs/protocol.md`.

mod exchange;
mod read;
mod write;

use std::sync::Arc;

use crate::action::Body;
use crate::checksum::ChecksumV1;
use crate::context::TimeMs;
use crate::effect::{ItemFrame, Outcome, Subscribed, Undecided};
use crate::error::Error;
use crate::ids::{ClientId, ClientSeq, Epoch, Rid, Seq, SessionId};
use crate::master::Subscriber;

pub use exchange::{Asked, Question, Say, answer, event};
pub use read::Unreadable;

/// The version that is spoken here.
pub const VERSION: u32 = 1;

/// What a client says.
#[derive(Clone, Debug, PartialEq)]
pub enum ClientFrame {
    /// The first frame of a connection.
    Hello {
        /// The versions that the client speaks, from and to.
        versions: (u32, u32),
        /// Its session's id: random, kept with the queue of pending actions (M19).
        session: SessionId,
        /// The server's word of when the session was created, once it has given it (M21).
        session_proof: Option<String>,
        /// What proves who the client is, once the server has given it.
        token: Option<String>,
        /// What the client says of itself: JSON text of an object.
        info: Option<Arc<str>>,
    },
    /// Make a resource.
    Create {
        /// Given back in the answer.
        request: u64,
        /// Its name; an id that the app did not give is made by the client.
        rid: Rid,
        /// Its state as JSON text; without, the reducer's first one.
        state: Option<Arc<str>>,
    },
    /// Bring me to where the master is, and keep me there.
    Subscribe {
        /// Which resource.
        rid: Rid,
        /// Where I am.
        from: Option<(Epoch, Seq)>,
        /// I need no outcome below this.
        floor: ClientSeq,
    },
    /// Look no more.
    Unsubscribe {
        /// At which resource.
        rid: Rid,
    },
    /// Decide an action.
    Dispatch {
        /// In which resource.
        rid: Rid,
        /// The log that I believe in (M22).
        epoch: Epoch,
        /// Its number in my session (M19).
        number: ClientSeq,
        /// I need no outcome below this.
        floor: ClientSeq,
        /// The last reveal that I had seen (M25).
        seen_reveal: Option<Seq>,
        /// The action or pair.
        body: Body,
    },
    /// Show something of me to the others who look.
    Show {
        /// At which resource.
        rid: Rid,
        /// What: JSON text; without, nothing any more.
        value: Option<Arc<str>>,
    },
    /// Are you there?
    Ping {
        /// Given back in the answer.
        stamp: u64,
    },
}

/// What a server says.
#[derive(Clone, Debug, PartialEq)]
pub enum ServerFrame {
    /// The answer to [`ClientFrame::Hello`].
    Welcome {
        /// The version that is spoken from here on.
        version: u32,
        /// Who the client is.
        client: ClientId,
        /// What proves it at the next hello. A secret of the client's.
        token: String,
        /// When the session was created, by the server's signed word.
        session_proof: String,
        /// The master's time.
        time: TimeMs,
        /// Larger messages end the connection.
        message_bytes_max: u64,
    },
    /// The resource is there, and kept.
    Created {
        /// Which request this answers.
        request: u64,
        /// The resource.
        rid: Rid,
    },
    /// The answer to [`ClientFrame::Subscribe`].
    Subscribed {
        /// Which resource.
        rid: Rid,
        /// What to fold.
        subscribed: Subscribed,
        /// Who looks at it.
        subscribers: Vec<Subscriber>,
    },
    /// The next item of the log.
    Item {
        /// Of which resource.
        rid: Rid,
        /// The item as this client may see it.
        item: ItemFrame,
    },
    /// What became of a dispatch that has no item of its own.
    Outcome {
        /// In which resource.
        rid: Rid,
        /// Which dispatch of the session.
        number: ClientSeq,
        /// What.
        outcome: Outcome,
    },
    /// A dispatch was not decided.
    Undecided {
        /// In which resource.
        rid: Rid,
        /// Which dispatch of the session.
        number: ClientSeq,
        /// Why.
        why: Undecided,
    },
    /// Take the state anew.
    Refresh {
        /// Of which resource.
        rid: Rid,
    },
    /// Somebody began to look.
    Joined {
        /// At which resource.
        rid: Rid,
        /// Who.
        subscriber: Subscriber,
    },
    /// Somebody looks no more.
    Left {
        /// At which resource.
        rid: Rid,
        /// Who.
        client: ClientId,
    },
    /// A subscriber shows something else of themselves.
    Shows {
        /// At which resource.
        rid: Rid,
        /// Who.
        client: ClientId,
        /// What: JSON text.
        value: Option<Arc<str>>,
    },
    /// Something could not be done.
    Error {
        /// The request that this answers.
        request: Option<u64>,
        /// The resource that it is about.
        rid: Option<Rid>,
        /// Why.
        error: Error,
    },
    /// I am.
    Pong {
        /// As it came.
        stamp: u64,
    },
}

impl ServerFrame {
    /// The checksum that a frame of an item carries.
    pub fn checksum(&self) -> Option<ChecksumV1> {
        match self {
            ServerFrame::Item { item: ItemFrame::Entry { frame, .. }, .. } => frame.checksum_v1,
            ServerFrame::Item { item: ItemFrame::PhaseEnd { checksum_v1, .. }, .. } => *checksum_v1,
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
