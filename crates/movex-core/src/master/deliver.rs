//! Carrying effects to those who look (M24): held until the store has kept what they depend on (M23).

use super::front::{Front, Gated};
use super::request::{Pending, Waiting, Wants, worker_of};
use super::{Answer, Append, AppendId, ConnectionId, Event, Master, Output, Refresh, Subscriber};
use crate::context::TimeMs;
use crate::effect::{Effect, EntryFrame, OwnHalf, Reply, RequestId, ViewState, Viewers};
use crate::error::{Code, Error};
use crate::ids::{ClientId, Rid};

impl Master {
    /// An effect of a resource. Appends go to the store at once, so that a commit may take many; what follows them
    /// waits.
    pub(super) fn gate(&mut self, now: TimeMs, rid: &Rid, effect: Effect) {
        if let Some(front) = self.fronts.get_mut(rid).filter(|front| front.broken) {
            if effect == Effect::Recovered {
                front.broken = false;
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
        self.out.push(Output::Append {
            id,
            rid: rid.clone(),
            append,
        });
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
                self.fail(effect, error);
            }
        }
        self.out.push(Output::Recover {
            worker: worker_of(rid, self.settings.workers),
            rid: rid.clone(),
        });
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
            Effect::Entry {
                viewers,
                frame,
                own,
                form,
                origin,
            } => {
                let event = Event::Entry {
                    rid: rid.clone(),
                    form,
                    frame: frame.clone(),
                };
                self.entry(rid, &viewers, event, frame, own, origin);
            }
            Effect::PhaseEnd {
                viewers,
                seq,
                time,
                frame,
                checksum,
                form,
                origin,
                checksum_v1: _,
            } => {
                let pending = origin.and_then(|origin| self.take_pending(origin));
                let asker = pending.as_ref().and_then(|pending| pending.waiting.connection());
                let event = Event::PhaseEnd {
                    rid: rid.clone(),
                    form,
                    seq,
                    time,
                    frame: frame.clone(),
                    checksum: checksum.clone(),
                };
                self.send(rid, &viewers, asker, event);
                if let Some(pending) = pending {
                    self.answer(
                        pending.waiting,
                        Answer::PhaseEnded {
                            time,
                            frame,
                            checksum,
                        },
                    );
                }
            }
            Effect::Refresh {
                viewers,
                time,
                checksum,
                why,
            } => {
                let event = Event::Refresh {
                    rid: rid.clone(),
                    time,
                    checksum,
                    why: Refresh::Resource(why),
                };
                self.send(rid, &viewers, None, event);
            }
            Effect::Reply { request, reply } => self.reply(now, request, reply),
            Effect::Report(report) => self.out.push(Output::Report(report)),
            Effect::Truncate { base } => self.out.push(Output::Truncate {
                rid: rid.clone(),
                base,
            }),
            // Barriers never come here, and a resource that is whole has nothing to recover.
            Effect::Append { .. } | Effect::Begin { .. } | Effect::Recovered => {}
        }
    }

    /// An entry: the forwards first, then the acknowledgement.
    fn entry(
        &mut self,
        rid: &Rid,
        viewers: &Viewers,
        event: Event,
        frame: EntryFrame,
        own: Option<OwnHalf>,
        origin: Option<RequestId>,
    ) {
        let asker = origin.and_then(|origin| self.pending.get(&origin)?.waiting.connection());
        self.send(rid, viewers, asker, event);
        // A private dispatch that ends the phase is answered by the end.
        if frame.ends_phase && frame.secret {
            return;
        }
        if let Some(pending) = origin.and_then(|origin| self.take_pending(origin)) {
            self.answer(pending.waiting, Answer::Acknowledged { frame, own });
        }
    }

    fn reply(&mut self, now: TimeMs, request: RequestId, reply: Reply) {
        let Some(Pending { waiting, rid, form }) = self.take_pending(request) else {
            return;
        };
        let state = match reply {
            Reply::Created(state) => {
                return self.answer(
                    waiting,
                    Answer::Resource {
                        rid,
                        state,
                        subscribers: Vec::new(),
                    },
                );
            }
            Reply::Rejected {
                error,
                checksum,
                time,
            } => {
                return self.answer(
                    waiting,
                    Answer::Rejected {
                        rid,
                        form,
                        error,
                        checksum,
                        time,
                    },
                );
            }
            Reply::Failed(error) => return self.answer(waiting, Answer::Failed(error)),
            Reply::Done => {
                let subscribers = self.subscribers(&rid);
                return self.answer(waiting, Answer::Subscribers(subscribers));
            }
            // What v0 connections never ask for.
            Reply::Known(_) | Reply::Undecided(_) | Reply::Subscribed(_) => return,
            Reply::State(state) => state,
        };
        match waiting {
            Waiting::Returned { connection } => self.returned(connection, rid, state),
            Waiting::Connection {
                connection,
                wants: Wants::Subscription,
                ..
            } => {
                let added = self.subscribe(connection, &rid);
                let subscribers = self.subscribers(&rid);
                self.answer(
                    waiting,
                    Answer::Resource {
                        rid: rid.clone(),
                        state,
                        subscribers,
                    },
                );
                if let Some(subscriber) = added {
                    let to = self.connections_of(&rid, |_| true, Some(connection));
                    if !to.is_empty() {
                        let event = Event::SubscriberAdded {
                            rid,
                            form,
                            subscriber,
                            time: now,
                        };
                        self.out.push(Output::Send { to, event });
                    }
                }
            }
            waiting => {
                let subscribers = self.subscribers(&rid);
                self.answer(
                    waiting,
                    Answer::Resource {
                        rid,
                        state,
                        subscribers,
                    },
                );
            }
        }
    }

    fn returned(&mut self, connection: ConnectionId, rid: Rid, state: ViewState) {
        if self.connections.contains_key(&connection) {
            let checksum = Some(state.checksum);
            let event = Event::Refresh {
                rid,
                time: state.time,
                checksum,
                why: Refresh::Returned,
            };
            self.out.push(Output::Send {
                to: vec![connection],
                event,
            });
        }
    }

    /// Adds a subscriber at the very place of the state that they get, so that they miss nothing and get nothing
    /// twice. Tells who was added, if they were not there.
    fn subscribe(&mut self, connection: ConnectionId, rid: &Rid) -> Option<Subscriber> {
        let id = self.connections.get(&connection)?.client.clone();
        let client = self.clients.get_mut(&id)?;
        let front = self.fronts.get_mut(rid)?;
        if !client.rids.insert(rid.clone()) {
            return None;
        }
        front.subscribers.push(id.clone());
        Some(Subscriber {
            id,
            info: client.info.clone(),
        })
    }

    /// Who looks at a resource, in the order in which they came.
    pub(super) fn subscribers(&self, rid: &Rid) -> Vec<Subscriber> {
        let ids = self.fronts.get(rid).map_or(&[][..], |front| &front.subscribers);
        let known = ids.iter().filter_map(|id| Some((id, self.clients.get(id)?)));
        known
            .map(|(id, client)| Subscriber {
                id: id.clone(),
                info: client.info.clone(),
            })
            .collect()
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
        let looking = front.subscribers.iter().filter(|client| of(client));
        let connections = looking.filter_map(|client| self.clients.get(client)?.connection);
        connections
            .filter(|connection| Some(*connection) != but)
            .collect()
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
    Error::new(
        Code::StoreUnavailable,
        format!("the action could not be kept, and has no effect: {said}"),
    )
}
