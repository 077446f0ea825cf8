//! MovexMaster: who is connected, who looks at what, who waits for which answer.
//!
//! It sits between the transports, the workers with the resources and the store, and holds no state of any resource.
//! Transports give it requests and carry out its [`Output`]s in order; what a protocol's bytes look like is theirs.
//! All outputs of one call must be carried out before the next call's.

mod connect;
mod deliver;
mod front;
mod list;
mod request;
mod timers;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use crate::context::TimeMs;
use crate::effect::{
    Effect, EntryFrame, Outcome, OwnHalf, PhaseEndFrame, RefreshCause, RequestId, Subscribed, Undecided,
    ViewState,
};
use crate::error::Error;
use crate::ids::{AppId, ClientId, ClientSeq, Epoch, Rid, Seq, SessionId};
use crate::item::{Base, Record};
use crate::reducer::{Checksums, Report};
use crate::worker::Command;

use front::Front;
use request::Pending;

pub use crate::ids::RidForm;
pub use connect::Hello;
pub use deliver::store_error;
pub use list::{ConnectionInfo, ResourceInfo};
pub use request::{Ask, Request};

/// One connection, numbered by the transport's shell; never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConnectionId(pub u64);

/// What a transport needs to answer one request; its own number, given back as it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Token(pub u64);

/// One append under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AppendId(pub u64);

/// What a connection speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// npm movex: one connection for each id, and no sessions.
    V0,
    /// Ours: a client has as many connections as it likes, each with a session (M19).
    V1 {
        /// When the session was created, by its signed word (M21).
        session_created: TimeMs,
    },
}

/// Whether a v0 connection may take an id over whose connection still lives (M28).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Takeover {
    /// As npm does: the older one is closed.
    #[default]
    Allow,
    /// The newer one is refused.
    Deny,
}

/// How the master behaves, and what it may hold (G9).
#[derive(Clone, Debug)]
pub struct Settings {
    /// For v0 connections that name an id.
    pub takeover: Takeover,
    /// Milliseconds for which the subscriptions of a v0 client that named its id outlive its connection.
    pub retention_ms: u64,
    /// Milliseconds for which a v1 client that lost its connection still counts as present.
    pub presence_grace_ms: u64,
    /// Connections at a time.
    pub connections_max: usize,
    /// Resources that one client may be subscribed to.
    pub subscriptions_max: usize,
    /// Requests of one connection under way.
    pub requests_max: usize,
    /// Resources at a time.
    pub resources_max: usize,
    /// Milliseconds after its last use by anybody after which a resource without subscribers is deleted.
    pub resource_idle_ms_max: u64,
    /// Among how many workers the resources are spread.
    pub workers: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            takeover: Takeover::Allow,
            retention_ms: 60_000,
            presence_grace_ms: 5_000,
            connections_max: 10_000,
            subscriptions_max: 1_000,
            requests_max: 10_000,
            resources_max: 100_000,
            resource_idle_ms_max: 24 * 60 * 60 * 1000,
            workers: 1,
        }
    }
}

/// Somebody who looks at a resource, as others may know them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscriber {
    /// Who.
    pub id: ClientId,
    /// What they say of themselves: JSON text of an object.
    pub info: Arc<str>,
    /// What they show of themselves at this resource: JSON text, not in the log.
    pub presence: Option<Arc<str>>,
}

/// What happened, for connections that did not ask for it.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// An entry.
    Entry {
        /// Of this resource.
        rid: Rid,
        /// As its author named it.
        form: RidForm,
        /// As these connections may see it.
        frame: EntryFrame,
        /// The author's own half; there on the author's own connections alone (M19).
        own: Option<OwnHalf>,
    },
    /// A secret phase ended.
    PhaseEnd {
        /// Of this resource.
        rid: Rid,
        /// As the one who caused it named it.
        form: RidForm,
        /// Its place.
        seq: Seq,
        /// When.
        time: TimeMs,
        /// As these connections may see it.
        frame: PhaseEndFrame,
        /// Of everybody's state after it, for v0.
        checksum: Option<crate::checksum::ChecksumV0>,
        /// The same for v1.
        checksum_v1: Option<crate::checksum::ChecksumV1>,
    },
    /// A subscriber shows something else of themselves.
    Presence {
        /// At this resource.
        rid: Rid,
        /// Who.
        client: ClientId,
        /// What: JSON text; `None` when nothing any more.
        value: Option<Arc<str>>,
    },
    /// The state is to be taken anew.
    Refresh {
        /// Of this resource.
        rid: Rid,
        /// When.
        time: TimeMs,
        /// Of the view as it is now.
        checksum: Option<crate::checksum::ChecksumV0>,
        /// Why.
        why: Refresh,
    },
    /// Somebody began to look.
    SubscriberAdded {
        /// At this resource.
        rid: Rid,
        /// As they named it.
        form: RidForm,
        /// Who.
        subscriber: Subscriber,
        /// When.
        time: TimeMs,
    },
    /// Somebody looks no more.
    SubscriberRemoved {
        /// At this resource.
        rid: Rid,
        /// Who.
        client: ClientId,
    },
}

/// Why a state is to be taken anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refresh {
    /// As the resource says.
    Resource(RefreshCause),
    /// The client was away.
    Returned,
}

/// The answer to one request.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// The dispatch is in the log.
    Acknowledged {
        /// The entry as the author's view has it, its checksum that of the author's view.
        frame: EntryFrame,
        /// The author's own half.
        own: Option<OwnHalf>,
    },
    /// The private dispatch is in the log and ended the phase.
    PhaseEnded {
        /// When.
        time: TimeMs,
        /// What the author gets to know.
        frame: PhaseEndFrame,
        /// Of everybody's state after it.
        checksum: Option<crate::checksum::ChecksumV0>,
    },
    /// The dispatch was rejected and changed nothing.
    Rejected {
        /// The resource.
        rid: Rid,
        /// As it was named.
        form: RidForm,
        /// Why.
        error: Error,
        /// Of the author's view.
        checksum: Option<crate::checksum::ChecksumV0>,
        /// When.
        time: TimeMs,
    },
    /// A resource as the asker sees it.
    Resource {
        /// Which.
        rid: Rid,
        /// Its state.
        state: ViewState,
        /// Who looks at it.
        subscribers: Vec<Subscriber>,
    },
    /// A v1 viewer is where the master is.
    Subscribed {
        /// Of which resource.
        rid: Rid,
        /// What to fold.
        subscribed: Subscribed,
        /// Who looks at it.
        subscribers: Vec<Subscriber>,
    },
    /// A v1 dispatch was decided before (M20).
    Known(Outcome),
    /// A v1 dispatch was not decided (M21, M22).
    Undecided(Undecided),
    /// Who looks at a resource.
    Subscribers(Vec<Subscriber>),
    /// Done.
    Done,
    /// It could not be done, and nothing changed.
    Failed(Error),
}

/// Why a connection is closed by us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CloseCause {
    /// Another connection came with its id.
    TakenOver,
    /// It was not let in.
    Refused(Error),
}

/// What is to be done, in order.
#[derive(Debug)]
pub enum Output {
    /// Tell these connections; the same bytes for all that speak the same protocol.
    Send {
        /// To whom.
        to: Vec<ConnectionId>,
        /// What.
        event: Event,
    },
    /// The connection is let in, as this client.
    Welcome {
        /// The connection.
        to: ConnectionId,
        /// Who it is.
        client: Subscriber,
    },
    /// Answer a request.
    Answer {
        /// Which.
        token: Token,
        /// With what.
        answer: Answer,
    },
    /// Close a connection. No `disconnected` is needed for it.
    Close {
        /// Which.
        connection: ConnectionId,
        /// Why.
        cause: CloseCause,
    },
    /// Tell a worker.
    Command {
        /// Which, counted from 0.
        worker: usize,
        /// About this resource.
        rid: Rid,
        /// What.
        command: Command,
    },
    /// Keep this, then call [`Master::kept`].
    Append {
        /// Which.
        id: AppendId,
        /// The resource.
        rid: Rid,
        /// What.
        append: Append,
    },
    /// Forget what stands in a log before this base. Nothing waits for it.
    Truncate {
        /// The resource.
        rid: Rid,
        /// Where its log begins from now on.
        base: Base,
    },
    /// The store lost an append: read the log that it has and tell the worker with [`Command::Recover`].
    Recover {
        /// Which worker, counted from 0.
        worker: usize,
        /// The resource.
        rid: Rid,
    },
    /// Delete a resource's log.
    Forget {
        /// Which.
        rid: Rid,
    },
    /// A line for the app's developer.
    Report(Report),
}

/// What a store is to keep.
#[derive(Clone, Debug)]
pub enum Append {
    /// Behind what is there.
    Records {
        /// The log.
        epoch: Epoch,
        /// In order, atomically.
        records: Vec<Record>,
    },
    /// A new log.
    Begin {
        /// The log.
        epoch: Epoch,
        /// Where it begins.
        base: Base,
        /// What is in it already.
        records: Vec<Record>,
    },
}

struct Connection {
    client: ClientId,
    session: SessionId,
    client_seq: ClientSeq,
    requests: usize,
    protocol: Protocol,
    /// What this very connection looks at.
    rids: BTreeSet<Rid>,
}

struct Client {
    info: Arc<str>,
    /// The client named its id itself, so it can come back.
    named: bool,
    connections: Vec<ConnectionId>,
    /// What any of its connections looks at, or looked at before it went away.
    rids: BTreeSet<Rid>,
}

/// The master of one app.
pub struct Master {
    app: AppId,
    settings: Settings,
    connections: HashMap<ConnectionId, Connection>,
    clients: HashMap<ClientId, Client>,
    fronts: HashMap<Rid, Front>,
    pending: HashMap<RequestId, Pending>,
    last_request: u64,
    last_append: u64,
    /// Clients that are gone and may come back, by the time until which they may.
    away: BTreeSet<(TimeMs, ClientId)>,
    next_sweep: TimeMs,
    ending: bool,
    out: Vec<Output>,
}

impl Master {
    /// A master without connections.
    pub fn new(app: AppId, settings: Settings) -> Self {
        Self {
            app,
            settings,
            connections: HashMap::new(),
            clients: HashMap::new(),
            fronts: HashMap::new(),
            pending: HashMap::new(),
            last_request: 0,
            last_append: 0,
            away: BTreeSet::new(),
            next_sweep: TimeMs(0),
            ending: false,
            out: Vec::new(),
        }
    }

    /// The app whose master it is.
    pub fn app(&self) -> &AppId {
        &self.app
    }

    /// What is to be done since the last call, in order.
    pub fn take_outputs(&mut self) -> Vec<Output> {
        std::mem::take(&mut self.out)
    }

    /// A worker said something about one of its resources.
    pub fn effect(&mut self, now: TimeMs, rid: &Rid, effect: Effect) {
        self.gate(now, rid, effect);
    }

    /// A resource is there from before the master was: its log is read, and the worker is told by
    /// [`Command::Recover`]. Those who look at it come back by themselves.
    pub fn restored(&mut self, now: TimeMs, rid: Rid) {
        let front = Front { used: now, wanted: Checksums { v0: true, v1: false }, ..Front::default() };
        self.fronts.entry(rid).or_insert(front);
    }

    /// From now on new requests are refused; what is under way goes on.
    pub fn begin_ending(&mut self) {
        self.ending = true;
    }

    /// Whether nothing is under way.
    pub fn is_idle(&self) -> bool {
        self.pending.is_empty() && self.fronts.values().all(Front::is_open)
    }
}
