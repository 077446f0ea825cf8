//! Carrying effects to those who look (M24): held until the store has kept what they depend on (M23).

use super::front::{Front, Gated, Looker};
use super::request::{Pending, Waiting, Wants, worker_of};
use super::{
    Answer, Append, AppendId, Client, ConnectionId, Event, Master, Output, Protocol, Refresh, Subscriber,
};
use crate::context::TimeMs;
use crate::effect::{Effect, EntryFrame, OwnHalf, Reply, RequestId, Subscribed, ViewState, Viewers};
use crate::error::{Code, Error};
use crate::ids::{ClientId, Rid, RidForm};
use crate::reducer::Checksums;

impl Master {
    /// An effect of a resource. Appends go to the store at once, so that a commit may take many; what follows them
    /// waits.
    pub(super) fn gate(&mut self, now: TimeMs, rid: &Rid, effect: Effect) {
        if let Some(front) = self.fronts.get_mut(rid).filter(|front| front.broken) {
            if effect == Effect::Recovered {
                front.broken = false;
                let missed = std::mem::take(&mut front.missed);
                self.refresh_missed(now, rid, &missed);
            } else {
                self.fail(effect, &store_error("the log is being read again"));
            }
            return;
        }
        let append = match effect {
            Effect::Append { epoch, records } => Append::Records { epoch, records },
            Effect::Begin { epoch, base, records } => {
                self.fronts.entry(rid.clone()).or_insert_with(|| Front {
                    used: now,
                    wanted: Checksums { v0: true, v1: false },
                    ..Front::default()
                });
                Append::Begin { epoch, base, records }
            }
            effect => {
                match self.fronts.get_mut(rid) {
                    Some(front) if !front.is_open() => front.gate.push_back(Gated::Effect(effect)),
                    _ => self.deliver(now, rid, effect),
                }
                return;
            }
        };
        self.last_append += 1;
        let id = AppendId(self.last_append);
        if let Some(front) = self.fronts.get_mut(rid) {
            front.gate.push_back(Gated::Barrier(id));
        }
        self.out.push(Output::Append { id, rid: rid.clone(), append });
    }

    /// The store has kept an append, or can't. Appends of one resource are told in their order.
    pub fn kept(&mut self, now: TimeMs, rid: &Rid, id: AppendId, outcome: Result<(), Error>) {
        let Some(front) = self.fronts.get_mut(rid) else {
            return;
        };
        match front.gate.front() {
            Some(Gated::Barrier(first)) if *first == id => {
                front.gate.pop_front();
            }
            _ => return,
        }
        if let Err(error) = outcome {
            return self.lost(rid, &error);
        }
        while let Some(front) = self.fronts.get_mut(rid)
            && let Some(Gated::Effect(_)) = front.gate.front()
            && let Some(Gated::Effect(effect)) = front.gate.pop_front()
        {
            self.deliver(now, rid, effect);
        }
    }

    /// The store lost an append, so the worker is ahead of the log: what it said since has no effect, and it goes
    /// back to what is kept.
    fn lost(&mut self, rid: &Rid, error: &Error) {
        let Some(front) = self.fronts.get_mut(rid) else {
            return;
        };
        front.broken = true;
        for gated in std::mem::take(&mut front.gate) {
            if let Gated::Effect(effect) = gated {
                // A fork's frame waits for its own note (M4), and the entry was kept before: it comes never again.
                if let Effect::Entry { viewers: Viewers::Author(viewer), .. } = &effect
                    && let Some(front) = self.fronts.get_mut(rid)
                {
                    front.missed.push(viewer.clone());
                }
                self.fail(effect, error);
            }
        }
        self.out.push(Output::Recover { worker: worker_of(rid, self.settings.workers), rid: rid.clone() });
    }

    /// These may have missed an entry, and no later one may come by which they would notice: they take their view anew.
    fn refresh_missed(&mut self, now: TimeMs, rid: &Rid, missed: &[ClientId]) {
        let to = self.connections_of(rid, |client| missed.contains(client), None);
        if !to.is_empty() {
            let event =
                Event::Refresh { rid: rid.clone(), time: now, checksum: None, why: Refresh::Returned };
            self.out.push(Output::Send { to, event });
        }
    }

    /// A worker failed in the middle of something, by a fault of our own: what it holds of the resource is not to be
    /// trusted, and it goes back to what is kept.
    pub fn recover(&mut self, rid: &Rid) {
        self.lost(rid, &store_error("the server failed on it"));
    }

    /// Nothing that depends on what was lost is told; who waits for it is.
    fn fail(&mut self, effect: Effect, error: &Error) {
        let request = match effect {
            Effect::Entry { origin, .. } | Effect::PhaseEnd { origin, .. } => origin,
            Effect::Reply { request, .. } => Some(request),
            _ => None,
        };
        if let Some(pending) = request.and_then(|request| self.take_pending(request)) {
            self.answer(pending.waiting, Answer::Failed(error.clone()));
        }
    }

    fn deliver(&mut self, now: TimeMs, rid: &Rid, effect: Effect) {
        match effect {
            Effect::Entry { viewers, frame, own, form, origin } => {
                self.entry(rid, &viewers, form, frame, own, origin);
            }
            Effect::PhaseEnd { viewers, seq, time, frame, checksum, checksum_v1, form, origin } => {
                let pending = origin.and_then(|origin| self.take_pending(origin));
                let asker = pending.as_ref().and_then(|pending| self.answered_apart(pending));
                let event = Event::PhaseEnd {
                    rid: rid.clone(),
                    form,
                    seq,
                    time,
                    frame: frame.clone(),
                    checksum: checksum.clone(),
                    checksum_v1,
                };
                self.send(rid, &viewers, asker, event);
                if let Some(pending) = pending {
                    self.answer(pending.waiting, Answer::PhaseEnded { time, frame, checksum });
                }
            }
            Effect::Refresh { viewers, time, checksum, why } => {
                let event = Event::Refresh { rid: rid.clone(), time, checksum, why: Refresh::Resource(why) };
                self.send(rid, &viewers, None, event);
            }
            Effect::Reply { request, reply } => self.reply(now, request, reply),
            Effect::Report(report) => self.out.push(Output::Report(report)),
            Effect::Truncate { base } => self.out.push(Output::Truncate { rid: rid.clone(), base }),
            // Barriers never come here, and a resource that is whole has nothing to recover.
            Effect::Append { .. } | Effect::Begin { .. } | Effect::Recovered => {}
        }
    }

    /// An entry: the forwards first, then the acknowledgement. A v1 author's own frame is the acknowledgement, and all
    /// of the author's connections get the own half (M19).
    fn entry(
        &mut self,
        rid: &Rid,
        viewers: &Viewers,
        form: RidForm,
        frame: EntryFrame,
        own: Option<OwnHalf>,
        origin: Option<RequestId>,
    ) {
        let event = |own| Event::Entry { rid: rid.clone(), form, frame: frame.clone(), own };
        let asker = origin
            .and_then(|origin| self.pending.get(&origin))
            .and_then(|pending| self.answered_apart(pending));
        let others =
            self.connections_of(rid, |client| viewers.include(client) && *client != frame.author, None);
        if !others.is_empty() {
            self.out.push(Output::Send { to: others, event: event(None) });
        }
        let mine =
            self.connections_of(rid, |client| viewers.include(client) && *client == frame.author, asker);
        if !mine.is_empty() {
            self.out.push(Output::Send { to: mine, event: event(own.clone()) });
        }
        // A private dispatch that ends the phase is answered by the end.
        if frame.ends_phase && frame.secret {
            return;
        }
        if let Some(pending) = origin.and_then(|origin| self.take_pending(origin)) {
            self.answer(pending.waiting, Answer::Acknowledged { frame, own });
        }
    }

    /// The connection that gets an answer in place of the event: v0 does, v1 gets the event like everybody.
    fn answered_apart(&self, pending: &Pending) -> Option<ConnectionId> {
        let connection = pending.waiting.connection()?;
        let asker = self.connections.get(&connection)?;
        (asker.protocol == Protocol::V0).then_some(connection)
    }

    fn reply(&mut self, now: TimeMs, request: RequestId, reply: Reply) {
        let Some(Pending { waiting, rid, form }) = self.take_pending(request) else {
            return;
        };
        let state = match reply {
            Reply::Created(state) => {
                return self.answer(waiting, Answer::Resource { rid, state, subscribers: Vec::new() });
            }
            Reply::Rejected { error, checksum, time } => {
                return self.answer(waiting, Answer::Rejected { rid, form, error, checksum, time });
            }
            Reply::Failed(error) => return self.answer(waiting, Answer::Failed(error)),
            Reply::Done => {
                let subscribers = self.subscribers(&rid);
                return self.answer(waiting, Answer::Subscribers(subscribers));
            }
            Reply::Known(outcome) => return self.answer(waiting, Answer::Known(outcome)),
            Reply::Undecided(why) => return self.answer(waiting, Answer::Undecided(why)),
            Reply::Subscribed(subscribed) => return self.following(now, waiting, rid, subscribed),
            Reply::State(state) => state,
        };
        match waiting {
            Waiting::Returned { connection } => self.returned(connection, rid, state),
            Waiting::Connection { connection, wants: Wants::Subscription, .. } => {
                let added = self.subscribe(connection, &rid);
                let subscribers = self.subscribers(&rid);
                self.answer(waiting, Answer::Resource { rid: rid.clone(), state, subscribers });
                self.tell_added(now, connection, rid, form, added);
            }
            waiting => {
                let subscribers = self.subscribers(&rid);
                self.answer(waiting, Answer::Resource { rid, state, subscribers });
            }
        }
    }

    /// A v1 viewer is where the master is, and gets every item from here on.
    fn following(&mut self, now: TimeMs, waiting: Waiting, rid: Rid, subscribed: Subscribed) {
        let Some(connection) = waiting.connection() else {
            return;
        };
        let added = self.subscribe(connection, &rid);
        let subscribers = self.subscribers(&rid);
        self.answer(waiting, Answer::Subscribed { rid: rid.clone(), subscribed, subscribers });
        self.tell_added(now, connection, rid, RidForm::Text, added);
    }

    fn tell_added(
        &mut self,
        now: TimeMs,
        connection: ConnectionId,
        rid: Rid,
        form: RidForm,
        added: Option<Subscriber>,
    ) {
        let Some(subscriber) = added else { return };
        let to = self.connections_of(&rid, |_| true, Some(connection));
        if !to.is_empty() {
            let event = Event::SubscriberAdded { rid, form, subscriber, time: now };
            self.out.push(Output::Send { to, event });
        }
    }

    fn returned(&mut self, connection: ConnectionId, rid: Rid, state: ViewState) {
        if self.connections.contains_key(&connection) {
            let checksum = Some(state.checksum);
            let event = Event::Refresh { rid, time: state.time, checksum, why: Refresh::Returned };
            self.out.push(Output::Send { to: vec![connection], event });
        }
    }

    /// Adds a subscriber at the very place of the state that they get, so that they miss nothing and get nothing
    /// twice. Tells who was added, if they were not there.
    fn subscribe(&mut self, connection: ConnectionId, rid: &Rid) -> Option<Subscriber> {
        let asker = self.connections.get_mut(&connection)?;
        let front = self.fronts.get_mut(rid)?;
        asker.rids.insert(rid.clone());
        let id = asker.client.clone();
        let client = self.clients.get_mut(&id)?;
        client.rids.insert(rid.clone());
        let info = client.info.clone();
        front.add(&id, connection).then_some(Subscriber { id, info, presence: None })
    }

    /// Who looks at a resource, in the order in which they came.
    pub(super) fn subscribers(&self, rid: &Rid) -> Vec<Subscriber> {
        let lookers = self.fronts.get(rid).map_or(&[][..], |front| &front.lookers);
        let known = lookers.iter().filter_map(|looker| Some((looker, self.clients.get(&looker.client)?)));
        let subscriber = |(looker, client): (&Looker, &Client)| Subscriber {
            id: looker.client.clone(),
            info: client.info.clone(),
            presence: looker.presence.clone(),
        };
        known.map(subscriber).collect()
    }

    fn send(&mut self, rid: &Rid, viewers: &Viewers, but: Option<ConnectionId>, event: Event) {
        let to = self.connections_of(rid, |client| viewers.include(client), but);
        if !to.is_empty() {
            self.out.push(Output::Send { to, event });
        }
    }

    /// The connections of those subscribers, but one.
    pub(super) fn connections_of(
        &self,
        rid: &Rid,
        of: impl Fn(&ClientId) -> bool,
        but: Option<ConnectionId>,
    ) -> Vec<ConnectionId> {
        let Some(front) = self.fronts.get(rid) else {
            return Vec::new();
        };
        let looking = front.lookers.iter().filter(|looker| of(&looker.client));
        let connections = looking.flat_map(|looker| looker.connections.iter().copied());
        connections.filter(|connection| Some(*connection) != but).collect()
    }

    /// Ends a request's time under way.
    fn take_pending(&mut self, request: RequestId) -> Option<Pending> {
        let pending = self.pending.remove(&request)?;
        if let Waiting::Connection { connection, .. } = &pending.waiting
            && let Some(asker) = self.connections.get_mut(connection)
        {
            asker.requests -= 1;
        }
        Some(pending)
    }

    fn answer(&mut self, waiting: Waiting, answer: Answer) {
        match waiting {
            // Also to a connection that is gone: the transport forgets its token then.
            Waiting::Connection { token, .. } | Waiting::Public { token } => {
                self.out.push(Output::Answer { token, answer });
            }
            Waiting::Returned { .. } => {}
        }
    }
}

impl Waiting {
    fn connection(&self) -> Option<ConnectionId> {
        match self {
            Waiting::Connection { connection, .. } | Waiting::Returned { connection } => Some(*connection),
            Waiting::Public { .. } => None,
        }
    }
}

/// The error of a store that can't keep any more.
pub fn store_error(said: &str) -> Error {
    Error::new(Code::StoreUnavailable, format!("the action could not be kept, and has no effect: {said}"))
}
