//! What the core says: frames for each distinct view, appends for the store, replies.
//!
//! Effects could cross a process boundary: they hold no handle to a state. They come in an order that is itself a
//! rule (M10, M23, M24): whoever carries them holds back all that follows an [`Effect::Append`] until the store has
//! kept it, and passes the rest on in the order in which it came.

use std::sync::Arc;

use crate::action::Action;
use crate::checksum::{ChecksumV0, ChecksumV1};
use crate::context::{Entropy, TimeMs};
use crate::error::Error;
use crate::ids::{AppVersion, ClientId, ClientSeq, Epoch, RidForm, Seq, SessionId};
pub use crate::item::Outcome;
use crate::item::{Base, ForfeitCause, Record};
use crate::reducer::Report;

/// A request's own number: its answer carries it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RequestId(pub u64);

/// Whose view a frame shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Viewers {
    /// Everybody who sees the public view: all but these, who have a view of their own.
    Public {
        /// Sorted.
        except: Arc<[ClientId]>,
    },
    /// One author with a view of their own.
    Author(ClientId),
}

impl Viewers {
    /// Whether that client is among them.
    pub fn include(&self, client: &ClientId) -> bool {
        match self {
            Viewers::Public { except } => except.binary_search(client).is_err(),
            Viewers::Author(author) => author == client,
        }
    }
}

/// What only the author of an entry gets of it.
#[derive(Clone, Debug, PartialEq)]
pub struct OwnHalf {
    /// The session that dispatched it.
    pub session: SessionId,
    /// Its number there.
    pub client_seq: ClientSeq,
    /// The secret half, of a private entry.
    pub private: Option<(Action, Entropy)>,
}

/// One entry as one view may see it (M10): no private half, no session, no client_seq.
#[derive(Clone, Debug, PartialEq)]
pub struct EntryFrame {
    /// Its place.
    pub seq: Seq,
    /// Its author.
    pub author: ClientId,
    /// Its context's time.
    pub time: TimeMs,
    /// Its context's chance.
    pub entropy: Entropy,
    /// The public half.
    pub action: Action,
    /// That it has a secret half is public (M10).
    pub secret: bool,
    /// The checksum of the viewer's state after it, where v0 clients look.
    pub checksum: Option<ChecksumV0>,
    /// The same for v1 clients, of the state before any transformation.
    pub checksum_v1: Option<ChecksumV1>,
    /// It ran into a limit in this very view and has no effect there (M4): clients repeat that and ask no limits.
    pub without_effect: bool,
    /// A phase end stands right behind it, so the viewer's next frame tells the state.
    pub ends_phase: bool,
}

/// One private entry as the reveal tells it (M18).
#[derive(Clone, Debug, PartialEq)]
pub struct Revealed {
    /// The entry.
    pub seq: Seq,
    /// Its author.
    pub author: ClientId,
    /// The secret half.
    pub private: Action,
    /// Its chance.
    pub entropy: Entropy,
}

/// How a phase ended, as one view is told.
#[derive(Clone, Debug, PartialEq)]
pub enum PhaseEndFrame {
    /// The secrets are told.
    Reveal {
        /// All outstanding entries that the receiver did not write, in order.
        secrets: Vec<Revealed>,
        /// Entries of the phase that ran into a limit in the revealed fold and have no effect in it (M4).
        without_effect: Vec<Seq>,
    },
    /// Nothing is told (M3).
    Forfeit {
        /// Why.
        cause: ForfeitCause,
        /// Entries of the phase that ran into a limit in the public fold and have no effect in it (M4).
        without_effect: Vec<Seq>,
    },
}

/// A viewer's state at a place in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ViewState {
    /// Which log.
    pub epoch: Epoch,
    /// After which item.
    pub seq: Seq,
    /// JSON text; `None` is `undefined`. Transformed where that was asked for.
    pub json: Option<Arc<str>>,
    /// The checksum of that text.
    pub checksum: ChecksumV0,
    /// The time at which it was shown.
    pub time: TimeMs,
}

/// Why a dispatch was not decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Undecided {
    /// It names another log than the one that is (M22).
    EpochChanged(Epoch),
    /// The master has forgotten what this session did (M21).
    Forgotten,
}

/// One item as one viewer may see it.
#[derive(Clone, Debug, PartialEq)]
pub enum ItemFrame {
    /// An entry.
    Entry {
        /// What every viewer of the view sees.
        frame: EntryFrame,
        /// For its author alone.
        own: Option<OwnHalf>,
    },
    /// The end of a secret phase.
    PhaseEnd {
        /// Its place.
        seq: Seq,
        /// When.
        time: TimeMs,
        /// What the viewer gets to know.
        frame: PhaseEndFrame,
        /// Of everybody's state after it.
        checksum_v1: Option<ChecksumV1>,
    },
}

impl ItemFrame {
    /// Its place in the log.
    pub fn seq(&self) -> Seq {
        match self {
            ItemFrame::Entry { frame, .. } => frame.seq,
            ItemFrame::PhaseEnd { seq, .. } => *seq,
        }
    }
}

/// What a viewer folds, to be where the master is.
#[derive(Clone, Debug, PartialEq)]
pub struct Subscribed {
    /// Which log.
    pub epoch: Epoch,
    /// The seq of its newest item.
    pub head: Seq,
    /// The code that the resource runs (M29).
    pub version: AppVersion,
    /// The last reveal before what follows (M25).
    pub last_reveal: Seq,
    /// Where to begin; `None` when the viewer goes on from where it was (G6).
    pub base: Option<ViewBase>,
    /// Every item since.
    pub items: Vec<ItemFrame>,
    /// Of the viewer's state after them.
    pub checksum_v1: Option<ChecksumV1>,
    /// What became of the session's dispatches since its floor (M17).
    pub outcomes: Vec<(ClientSeq, Outcome)>,
    /// The session is older than what the master remembers: what is pending in it has no known end (M21).
    pub forgotten: bool,
}

/// A state from which a viewer folds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ViewBase {
    /// After which item.
    pub seq: Seq,
    /// Its JSON text; `None` is `undefined`.
    pub json: Option<Arc<str>>,
    /// It is the checkpoint of a secret phase: what follows is folded again at the reveal (M17).
    pub checkpoint: bool,
    /// The viewer's own view is stopped: they see the public one until the phase ends (M11).
    pub stopped: bool,
}

/// The answer to a request.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// The resource was created; its public state.
    Created(ViewState),
    /// The state that was asked for.
    State(ViewState),
    /// The dispatch was rejected; nothing changed. With it, the author's view as it is.
    Rejected {
        /// Why.
        error: Error,
        /// The checksum of the author's unchanged view (M28), where it could be taken.
        checksum: Option<ChecksumV0>,
        /// When.
        time: TimeMs,
    },
    /// The dispatch was decided before (M20): its outcome.
    Known(Outcome),
    /// The dispatch was neither decided now nor can be said to have been before.
    Undecided(Undecided),
    /// The subscription began, or went on.
    Subscribed(Subscribed),
    /// Anything else went wrong; nothing changed.
    Failed(Error),
    /// What was asked for is done and has no other answer.
    Done,
}

/// One thing to do, in order.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Keep this; nothing that follows may leave before it is kept (M23). Atomic: all of it or none.
    Append {
        /// The log.
        epoch: Epoch,
        /// What to keep.
        records: Vec<Record>,
    },
    /// Begin a log: a new resource, or a new epoch of one. As [`Effect::Append`].
    Begin {
        /// The new log.
        epoch: Epoch,
        /// Where it begins.
        base: Base,
        /// What stands in it already, after a change of version.
        records: Vec<Record>,
    },
    /// An entry, for one distinct view.
    Entry {
        /// For whom.
        viewers: Viewers,
        /// What they see.
        frame: EntryFrame,
        /// For the author's connections alone; there whenever the author is among the viewers.
        own: Option<OwnHalf>,
        /// How its author wrote the rid.
        form: RidForm,
        /// The request that it answers, if any.
        origin: Option<RequestId>,
    },
    /// A secret phase ended, for one distinct view.
    PhaseEnd {
        /// For whom.
        viewers: Viewers,
        /// Its place.
        seq: Seq,
        /// When.
        time: TimeMs,
        /// How.
        frame: PhaseEndFrame,
        /// The checksum of everybody's state after it, for v0 clients.
        checksum: Option<ChecksumV0>,
        /// The same for v1 clients.
        checksum_v1: Option<ChecksumV1>,
        /// How the author of what caused it wrote the rid.
        form: RidForm,
        /// The private dispatch that caused it, if one did: a v0 author gets this as its answer.
        origin: Option<RequestId>,
    },
    /// The viewers' states are not what they were by anything that they were told: a new epoch, a stopped view.
    Refresh {
        /// For whom.
        viewers: Viewers,
        /// When.
        time: TimeMs,
        /// The checksum of the view as it is now.
        checksum: Option<ChecksumV0>,
        /// Why.
        why: RefreshCause,
    },
    /// What stands in the log before this base is needed no more.
    Truncate {
        /// Where it begins from now on.
        base: Base,
    },
    /// The resource is back at what the store has (after [`crate::worker::Command::Recover`]).
    Recovered,
    /// An answer.
    Reply {
        /// To what.
        request: RequestId,
        /// With what.
        reply: Reply,
    },
    /// A line for the app's developer, which may be a secret (M10).
    Report(Report),
}

/// Why viewers must take their state anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefreshCause {
    /// Another version of the app's code (M27).
    NewEpoch,
    /// The fork ran into its budget too often (M11).
    ViewStopped,
}
