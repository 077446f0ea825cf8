//! What a session begins with, and what it says.

use std::sync::Arc;

use movex_core::client::{Divergence, Ended};
use movex_core::error::Error;
use movex_core::ids::{AppVersion, ClientId, ClientSeq, Rid, SessionId};
use movex_core::v1::ClientFrame;

/// Who a client is, and what proves it. The token is a secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Identity {
    /// Who, as everybody may know.
    pub client: ClientId,
    /// What proves it at the next hello: whoever has it is this client.
    pub token: String,
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Identity({:?})", self.client)
    }
}

/// What a session begins with.
#[derive(Clone, Debug)]
pub struct Start {
    /// Random, and nobody else's (M19).
    pub session: SessionId,
    /// Who the client was before, if it kept that: it is asked to be the same again.
    pub token: Option<String>,
    /// What it says of itself to the others: JSON text of an object.
    pub info: Option<Arc<str>>,
}

/// What is to be done, in order.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// Tell the master.
    Send(ClientFrame),
    /// The connection is of no use: close it, and tell [`super::Session::disconnected`].
    Hangup(Hangup),
    /// Tell the app.
    Event(Event),
}

/// Why a connection is of no use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hangup {
    /// Nothing was heard for too long.
    Silent,
    /// The master does not let this client in; `retry` where that may pass.
    Refused {
        /// Why.
        error: Error,
        /// It may pass.
        retry: bool,
    },
}

/// What the app is told.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// The master knows who this is. `changed` when it is somebody else than before (M15).
    Welcomed {
        /// Who.
        identity: Identity,
        /// Not who it was.
        changed: bool,
    },
    /// A [`super::Session::create`] ended.
    Created {
        /// Which.
        request: u64,
        /// How.
        result: Result<Rid, Error>,
    },
    /// A resource has a state to show.
    Bound {
        /// Which.
        rid: Rid,
    },
    /// A resource can't be looked at (any more); its pending dispatches have ended.
    Lost {
        /// Which.
        rid: Rid,
        /// Why.
        error: Error,
    },
    /// What is shown of a resource has changed: its state, or who looks at it.
    Changed {
        /// Which.
        rid: Rid,
    },
    /// A dispatch has ended.
    Ended {
        /// In which resource.
        rid: Rid,
        /// Which.
        number: ClientSeq,
        /// How.
        end: Ended,
    },
    /// An acknowledged private action was void when all was revealed (M4).
    Voided {
        /// In which resource.
        rid: Rid,
        /// Which.
        number: ClientSeq,
    },
    /// This client's state was not the master's, and is repaired (M16).
    Diverged {
        /// Of which resource.
        rid: Rid,
        /// In which way.
        divergence: Divergence,
    },
    /// The master could not read something, which is a fault of this client's.
    Complained {
        /// Its words.
        error: Error,
    },
    /// The master runs other code than this client (M29).
    Outdated {
        /// For which resource.
        rid: Rid,
        /// The master's.
        version: AppVersion,
    },
}
