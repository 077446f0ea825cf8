//! The client resource: one resource as one session of a client sees it.
//!
//! It keeps `confirmed`, which nothing but the master's frames changes; `pending`, the own dispatches that have no
//! outcome yet; and shows `optimistic`, pending folded over confirmed (M12). It is a state machine without I/O, over the
//! same [`DynReducer`] as the master: a terminal game, a browser and a simulator drive the same one.
//!
//! The order of things: [`ClientResource::connected`] asks to subscribe; the answer brings it to where the master is and
//! tells what became of dispatches that were under way; only then is anything sent (M22).

mod confirmed;
mod pending;

use std::rc::Rc;

use crate::action::Body;
use crate::checksum::ChecksumV1;
use crate::context::TimeMs;
use crate::effect::{ItemFrame, Outcome, Subscribed, Undecided};
use crate::error::Error;
use crate::ids::{AppVersion, ClientId, ClientSeq, Epoch, Seq, SessionId};
use crate::reducer::{DynReducer, State};

use confirmed::Confirmed;
use pending::Queue;

/// What the master says to one subscriber of a resource, in its order (M24).
#[derive(Clone, Debug, PartialEq)]
pub enum FromMaster {
    /// The answer to [`ToMaster::Subscribe`].
    Subscribed(Subscribed),
    /// The next item.
    Item(ItemFrame),
    /// What became of a dispatch that has no item: it was rejected, or decided before.
    Outcome {
        /// Which.
        client_seq: ClientSeq,
        /// What.
        outcome: Outcome,
    },
    /// A dispatch was not decided.
    Undecided {
        /// Which.
        client_seq: ClientSeq,
        /// Why.
        why: Undecided,
    },
    /// The view is not what it was by anything that was told (M11, M27).
    Refresh,
}

/// What the client says to the master.
#[derive(Clone, Debug, PartialEq)]
pub enum ToMaster {
    /// Bring me to where you are.
    Subscribe {
        /// Where I am; `None` asks for a snapshot.
        from: Option<(Epoch, Seq)>,
        /// I need no outcome below this.
        floor: ClientSeq,
    },
    /// Decide this.
    Dispatch {
        /// The log that I believe in (M22).
        epoch: Epoch,
        /// Its number in my session.
        client_seq: ClientSeq,
        /// I need no outcome below this.
        floor: ClientSeq,
        /// The last reveal that I had seen when I dispatched it (M25).
        seen_reveal: Option<Seq>,
        /// The action or pair.
        body: Body,
    },
}

/// How a dispatch ended for the app; each ends once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It is in the log at this place.
    Acknowledged(Seq),
    /// It is not and never will be.
    Rejected(Error),
    /// Nobody knows whether it had an effect.
    Unknown(UnknownCause),
}

/// Why nobody knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnknownCause {
    /// The client is somebody else now (M15).
    IdentityChanged,
    /// The master has forgotten the session (M21).
    SessionForgotten,
    /// The log in which it was to be decided is gone (M22).
    EpochChanged,
}

/// What is to be done, in order.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Tell the master.
    Send(ToMaster),
    /// A dispatch has ended.
    Ended {
        /// Which.
        client_seq: ClientSeq,
        /// How.
        end: Ended,
    },
    /// An acknowledged private action turned out to be void when all was revealed (M4).
    Voided {
        /// Which.
        client_seq: ClientSeq,
    },
    /// The state that is shown, or what is doubtful in it, has changed.
    Changed,
    /// A checksum did not match, or a gap could not be filled: a snapshot was asked for (M16). In a correct app this
    /// never happens.
    Diverged(Divergence),
    /// The master runs other code than this client (M29).
    Outdated {
        /// The master's.
        version: AppVersion,
    },
}

/// What went apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Divergence {
    /// The states differ after this item.
    Checksum {
        /// The item.
        seq: Seq,
        /// The master's.
        theirs: ChecksumV1,
        /// Ours; none when ours can't be hashed.
        ours: Option<ChecksumV1>,
    },
    /// An item came that is not the next one, and asking for what lies between did not help.
    Gap {
        /// The item that should have come.
        expected: Seq,
        /// The one that did.
        found: Seq,
    },
    /// A phase ended of which this client has no checkpoint.
    NoCheckpoint {
        /// Its place.
        seq: Seq,
    },
    /// The state that a snapshot begins with is none of this reducer's.
    Base {
        /// In which way.
        message: String,
    },
}

/// How a dispatch is to be treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DispatchOptions {
    /// Show it at once; otherwise the state changes with the master's word.
    pub optimistic: bool,
    /// Reject it if a reveal came that this client had not seen (M25).
    pub refuse_stale_phase: bool,
}

impl DispatchOptions {
    /// Shown at once; secrets are refused in another phase than the one that they were meant for (M25).
    pub fn of(body: &Body) -> Self {
        Self { optimistic: true, refuse_stale_phase: body.is_private() }
    }
}

/// How far the client is with its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Link {
    /// There is none.
    Down,
    /// The subscription was asked for; items that come before its answer are in it.
    Asked { after_gap: bool },
    /// Items come.
    Live,
}

/// One resource at one session of a client.
pub struct ClientResource {
    me: ClientId,
    session: SessionId,
    reducer: Rc<dyn DynReducer>,
    /// The code that `reducer` is of (M29); `None` skips the comparison.
    version: Option<AppVersion>,
    link: Link,
    confirmed: Option<Confirmed>,
    queue: Queue,
    optimistic: Option<State>,
    /// The master's time as this client guesses it.
    now: TimeMs,
}

impl ClientResource {
    /// A resource of which nothing is known yet.
    pub fn new(
        me: ClientId,
        session: SessionId,
        reducer: Rc<dyn DynReducer>,
        version: Option<AppVersion>,
    ) -> Self {
        Self {
            me,
            session,
            reducer,
            version,
            link: Link::Down,
            confirmed: None,
            queue: Queue::default(),
            optimistic: None,
            now: TimeMs(0),
        }
    }

    /// Numbers its dispatches after this one: a session that binds a resource again must not use a number twice (M20).
    #[must_use]
    pub fn numbered_after(mut self, last: ClientSeq) -> Self {
        self.queue.number_after(last);
        self
    }

    /// The highest number that was given to a dispatch.
    pub fn last_number(&self) -> ClientSeq {
        self.queue.last()
    }

    /// The state to show: what is pending folded over what is confirmed. `None` before the first snapshot.
    pub fn state(&self) -> Option<&State> {
        self.optimistic.as_ref()
    }

    /// The view that the master confirmed.
    pub fn confirmed(&self) -> Option<&State> {
        self.confirmed.as_ref().map(Confirmed::state)
    }

    /// Where the client is in which log.
    pub fn position(&self) -> Option<(Epoch, Seq)> {
        self.confirmed.as_ref().map(Confirmed::position)
    }

    /// Own dispatches without an outcome, oldest first, and whether each is doubtful: the state that is shown rejects
    /// it now (M14).
    pub fn pending(&self) -> impl Iterator<Item = (ClientSeq, bool)> {
        self.queue.iter().map(|pending| (pending.client_seq, pending.doubtful))
    }

    /// Whether items come.
    pub fn is_live(&self) -> bool {
        self.link == Link::Live
    }

    /// There is a connection.
    pub fn connected(&mut self, now: TimeMs, out: &mut dyn FnMut(Effect)) {
        self.now = now;
        self.ask(self.position(), false, out);
    }

    /// There is none any more. What is pending stays.
    pub fn disconnected(&mut self) {
        self.link = Link::Down;
    }

    /// The client is somebody else now: everything of the one before is dropped (M15).
    pub fn identity_changed(&mut self, me: ClientId, session: SessionId, out: &mut dyn FnMut(Effect)) {
        self.me = me;
        self.session = session;
        for pending in self.queue.drain() {
            let end = Ended::Unknown(UnknownCause::IdentityChanged);
            out(Effect::Ended { client_seq: pending.client_seq, end });
        }
        // Numbers go on: the client may become who it was, and the master remembers what that one used.
        self.confirmed = None;
        self.optimistic = None;
        out(Effect::Changed);
        if self.link != Link::Down {
            self.ask(None, false, out);
        }
    }

    fn ask(&mut self, from: Option<(Epoch, Seq)>, after_gap: bool, out: &mut dyn FnMut(Effect)) {
        self.link = Link::Asked { after_gap };
        out(Effect::Send(ToMaster::Subscribe { from, floor: self.queue.floor() }));
    }

    /// The app dispatches: the state that is shown changes at once, and the number under which its end will be told
    /// comes back.
    pub fn dispatch(
        &mut self,
        now: TimeMs,
        body: Body,
        options: DispatchOptions,
        out: &mut dyn FnMut(Effect),
    ) -> ClientSeq {
        self.now = now;
        let last_reveal = self.confirmed.as_ref().map_or(Seq(0), Confirmed::last_reveal);
        let seen_reveal = options.refuse_stale_phase.then_some(last_reveal);
        let client_seq = self.queue.push(body, options.optimistic, seen_reveal);
        if self.link == Link::Live {
            self.send_unsent(out);
        }
        self.show_newest(out);
        client_seq
    }

    /// A frame of the master's.
    pub fn receive(&mut self, now: TimeMs, frame: FromMaster, out: &mut dyn FnMut(Effect)) {
        self.now = now;
        match frame {
            FromMaster::Subscribed(subscribed) => self.subscribed(subscribed, out),
            FromMaster::Item(item) if self.link == Link::Live => self.item(item, out),
            // What comes before the answer is in it.
            FromMaster::Item(_) => {}
            FromMaster::Outcome { client_seq, outcome } => {
                self.end(client_seq, outcome.into(), out);
                self.show(out);
            }
            FromMaster::Undecided { client_seq, why } => self.undecided(client_seq, why, out),
            FromMaster::Refresh => self.ask(None, false, out),
        }
    }

    fn undecided(&mut self, client_seq: ClientSeq, why: Undecided, out: &mut dyn FnMut(Effect)) {
        match why {
            Undecided::Forgotten => {
                self.end(client_seq, Ended::Unknown(UnknownCause::SessionForgotten), out);
                self.show(out);
            }
            // No outcome: the answer to a fresh subscription ends what was sent (M22).
            Undecided::EpochChanged(_) if self.link == Link::Live => self.ask(self.position(), false, out),
            Undecided::EpochChanged(_) => {}
        }
    }

    fn subscribed(&mut self, subscribed: Subscribed, out: &mut dyn FnMut(Effect)) {
        let Link::Asked { after_gap } = self.link else {
            return;
        };
        let Subscribed { epoch, version, last_reveal, base, items, checksum_v1, outcomes, forgotten, .. } =
            subscribed;
        let changed_epoch = self.position().is_some_and(|(before, _)| before != epoch);
        if let Some(base) = base {
            match Confirmed::begin(&*self.reducer, epoch, last_reveal, &base) {
                Ok(confirmed) => self.confirmed = Some(confirmed),
                Err(failure) => {
                    self.link = Link::Down;
                    return out(Effect::Diverged(Divergence::Base { message: failure.message }));
                }
            }
        }
        self.link = Link::Live;
        if changed_epoch {
            // Nobody can say what became of it in the log that is gone; what was not sent goes to the new one.
            for client_seq in self.queue.take_sent() {
                out(Effect::Ended { client_seq, end: Ended::Unknown(UnknownCause::EpochChanged) });
            }
        }
        for item in items {
            if !self.fold_item(item, after_gap, out) {
                return;
            }
        }
        for (client_seq, outcome) in outcomes {
            self.end(client_seq, outcome.into(), out);
        }
        if forgotten {
            for client_seq in self.queue.take_sent() {
                out(Effect::Ended { client_seq, end: Ended::Unknown(UnknownCause::SessionForgotten) });
            }
        }
        if self.version.as_ref().is_some_and(|ours| *ours != version) {
            out(Effect::Outdated { version });
        }
        if !self.verify(checksum_v1, out) {
            return;
        }
        self.queue.nothing_is_under_way();
        self.send_unsent(out);
        self.show(out);
    }

    /// A live item.
    fn item(&mut self, item: ItemFrame, out: &mut dyn FnMut(Effect)) {
        let checksum = match &item {
            ItemFrame::Entry { frame, .. } => frame.checksum_v1,
            ItemFrame::PhaseEnd { checksum_v1, .. } => *checksum_v1,
        };
        if self.fold_item(item, false, out) && self.verify(checksum, out) {
            self.show(out);
        }
    }

    /// Folds one item into what is confirmed; false when it could not be, and the client has asked again.
    fn fold_item(&mut self, item: ItemFrame, after_gap: bool, out: &mut dyn FnMut(Effect)) -> bool {
        let Some(confirmed) = &mut self.confirmed else {
            return false;
        };
        let (epoch, seq) = confirmed.position();
        if item.seq() <= seq {
            // It is there already: a frame that was sent again.
            return true;
        }
        if item.seq() != seq.next() {
            let (expected, found) = (seq.next(), item.seq());
            if after_gap {
                // Asked once for what lies between; it did not come.
                out(Effect::Diverged(Divergence::Gap { expected, found }));
                self.ask(None, false, out);
            } else {
                self.ask(Some((epoch, seq)), true, out);
            }
            return false;
        }
        let acknowledged = match &item {
            ItemFrame::Entry { own: Some(own), .. } if own.session == self.session => Some(own.client_seq),
            _ => None,
        };
        let place = item.seq();
        match confirmed.fold(&*self.reducer, &self.session, item) {
            Ok(voided) => {
                for client_seq in voided {
                    out(Effect::Voided { client_seq });
                }
            }
            Err(divergence) => {
                out(Effect::Diverged(divergence));
                self.ask(None, false, out);
                return false;
            }
        }
        if let Some(client_seq) = acknowledged {
            self.end(client_seq, Ended::Acknowledged(place), out);
        }
        true
    }

    /// Compares with the master; false when the states differ, and the client has asked for a snapshot (M16).
    fn verify(&mut self, theirs: Option<ChecksumV1>, out: &mut dyn FnMut(Effect)) -> bool {
        let (Some(theirs), Some(confirmed)) = (theirs, &self.confirmed) else {
            return true;
        };
        let ours = self.reducer.checksum_v1(confirmed.state()).ok();
        if ours == Some(theirs) {
            return true;
        }
        let (_, seq) = confirmed.position();
        out(Effect::Diverged(Divergence::Checksum { seq, theirs, ours }));
        self.ask(None, false, out);
        false
    }

    fn end(&mut self, client_seq: ClientSeq, end: Ended, out: &mut dyn FnMut(Effect)) {
        if self.queue.remove(client_seq) {
            out(Effect::Ended { client_seq, end });
        }
    }

    fn send_unsent(&mut self, out: &mut dyn FnMut(Effect)) {
        let Some((epoch, _)) = self.position() else { return };
        let floor = self.queue.floor();
        self.queue.send_unsent(|pending| {
            out(Effect::Send(ToMaster::Dispatch {
                epoch,
                client_seq: pending.client_seq,
                floor,
                seen_reveal: pending.seen_reveal,
                body: pending.body.clone(),
            }));
        });
    }

    /// Folds all that is pending over what is confirmed (the rebase of M12).
    fn show(&mut self, out: &mut dyn FnMut(Effect)) {
        let Some(confirmed) = &self.confirmed else { return };
        let shown =
            self.queue.fold(&*self.reducer, confirmed.state(), &self.me, self.now.max(confirmed.time()));
        self.optimistic = Some(shown);
        out(Effect::Changed);
    }

    /// Folds the newest alone: nothing before it has changed.
    fn show_newest(&mut self, out: &mut dyn FnMut(Effect)) {
        let (Some(confirmed), Some(shown)) = (&self.confirmed, &self.optimistic) else {
            return;
        };
        let time = self.now.max(confirmed.time());
        let next = self.queue.fold_newest(&*self.reducer, shown, &self.me, time);
        self.optimistic = Some(next);
        out(Effect::Changed);
    }
}

impl From<Outcome> for Ended {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Acknowledged(seq) => Ended::Acknowledged(seq),
            Outcome::Rejected(error) => Ended::Rejected(error),
        }
    }
}
