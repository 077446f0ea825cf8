//! What a log is made of.

use crate::action::{Action, Body};
use crate::context::{Context, Draw, Entropy, EntropyKey, Stamp, TimeMs};
use crate::error::Error;
use crate::ids::{AppVersion, ClientId, ClientSeq, Epoch, Rid, Seq, SessionId};

/// One accepted dispatch.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Its place.
    pub seq: Seq,
    /// Whose it is: the connection's identity (G7), or the master for a tick.
    pub author: ClientId,
    /// The author's session that dispatched it (M19).
    pub session: SessionId,
    /// The session's own count (M19).
    pub client_seq: ClientSeq,
    /// When the master took it (M26).
    pub time: TimeMs,
    /// Chance for the public half.
    pub entropy: Entropy,
    /// Chance for the private action (M9); in private entries only.
    pub private_entropy: Option<Entropy>,
    /// The action, or the pair.
    pub body: Body,
    /// The code that decided it.
    pub version: AppVersion,
    /// When its session was created (M21); none in v0, which knows no sessions.
    pub session_created: Option<TimeMs>,
}

impl Entry {
    /// The action and context as a view counts it: the private action where `own`, else the public one.
    pub fn half(&self, own: bool) -> (&Action, Context) {
        let stamp = Stamp { time: self.time, author: self.author.clone() };
        match (&self.body, self.private_entropy) {
            (Body::Private { private, .. }, Some(entropy)) if own => (private, Context::new(stamp, entropy)),
            (body, _) => (body.public(), Context::new(stamp, self.entropy)),
        }
    }

    /// The two draws for the entry of that place (M9).
    pub(crate) fn draws(
        key: &EntropyKey,
        rid: &Rid,
        epoch: Epoch,
        seq: Seq,
        body: &Body,
    ) -> (Entropy, Option<Entropy>) {
        let private = body.is_private().then(|| key.draw(rid, epoch, seq, Draw::Private));
        (key.draw(rid, epoch, seq, Draw::Public), private)
    }
}

/// How a secret phase ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PhaseEnd {
    /// All private actions count as such for everybody from here on (M2).
    Reveal,
    /// All count as their public half for everybody, their authors included (M3).
    Forfeit(ForfeitCause),
}

/// Why a secret phase was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForfeitCause {
    /// Its tail reached the limit.
    Full,
    /// No entry came for too long.
    Idle,
    /// An operator said so.
    Operator,
}

/// What stands in a log, each with a seq of its own.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// An accepted dispatch.
    Entry(Entry),
    /// The end of a secret phase, appended atomically with what caused it.
    PhaseEnd {
        /// Its place.
        seq: Seq,
        /// When.
        time: TimeMs,
        /// How.
        end: PhaseEnd,
    },
}

impl Item {
    /// Its place in the log.
    pub fn seq(&self) -> Seq {
        match self {
            Item::Entry(entry) => entry.seq,
            Item::PhaseEnd { seq, .. } => *seq,
        }
    }

    /// When the master appended it.
    pub fn time(&self) -> TimeMs {
        match self {
            Item::Entry(entry) => entry.time,
            Item::PhaseEnd { time, .. } => *time,
        }
    }
}

/// Whose fold a note is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum NoteScope {
    /// The public state.
    Public,
    /// One author's view.
    Fork(ClientId),
    /// The revealed fold of the phase that the entry belongs to.
    Reveal,
}

/// What a note says of its entry and scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NoteKind {
    /// The entry ran into a limit there and has no effect. Decided once: no refold asks again (M4).
    Limit,
    /// The fork is stopped after it; its author sees the public view from there (M11).
    Stopped,
}

/// A verdict that depends on the engine, kept beside the log so that every refold repeats it (M4).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Note {
    /// The entry.
    pub seq: Seq,
    /// The fold.
    pub scope: NoteScope,
    /// The verdict.
    pub kind: NoteKind,
}

/// What a store keeps.
#[derive(Clone, Debug, PartialEq)]
pub enum Record {
    /// An item of the log.
    Item(Item),
    /// A note beside it.
    Note(Note),
}

/// Where a log begins: the states after `seq`, as JSON text; `None` is `undefined`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Base {
    /// The place after which the log begins.
    pub seq: Seq,
    /// The time of the last item before it.
    pub time: TimeMs,
    /// The public state.
    pub public: Option<String>,
    /// One state for each author with outstanding private entries; only types without reveal have them here (M5).
    pub forks: Vec<(ClientId, Option<String>)>,
    /// Authors whose own view is stopped (M11), in types without reveal: with one, the phase's end ends that too.
    pub stopped: Vec<ClientId>,
    /// The code that made the states.
    pub version: AppVersion,
    /// What is known of sessions (M20): also of entries behind the base, so that a log may lose its beginning.
    pub marks: Vec<MarkRecord>,
    /// Sessions that were created before have no mark any more (M21).
    pub horizon: TimeMs,
    /// The last reveal at or before `seq` (M25).
    pub last_reveal: Seq,
}

/// How a dispatch ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is in the log at this place.
    Acknowledged(Seq),
    /// It is not, for this reason.
    Rejected(Error),
}

/// What the master knows of one session in one resource (M20).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MarkRecord {
    /// Whose session.
    pub author: ClientId,
    /// Which.
    pub session: SessionId,
    /// When it was created, by its signed word (M21).
    pub created: TimeMs,
    /// The highest number decided: nothing at or below it is decided again.
    pub high: ClientSeq,
    /// Outcomes since the floor that the session named last.
    pub outcomes: Vec<(ClientSeq, Outcome)>,
}
