//! What clients ask for.

use std::sync::Arc;

use super::{Answer, ConnectionId, Event, Master, Output, Protocol, Token};
use crate::action::Draft;
use crate::context::TimeMs;
use crate::effect::RequestId;
use crate::error::{Code, Error};
use crate::ids::{ClientId, ClientSeq, Epoch, Rid, RidForm, Seq};
use crate::reducer::Checksums;
use crate::resource::{Claim, Dispatch, Input, Subscription};
use crate::worker::Command;

/// One request.
#[derive(Clone, Debug)]
pub struct Request {
    /// How the transport answers it.
    pub token: Token,
    /// The resource.
    pub rid: Rid,
    /// How it was written.
    pub form: RidForm,
    /// What is asked.
    pub ask: Ask,
}

/// What is asked of a resource.
#[derive(Clone, Debug)]
pub enum Ask {
    /// Make it.
    Create {
        /// Its state as JSON text; without, the reducer's first one.
        state: Option<String>,
    },
    /// Begin to look at it.
    Subscribe,
    /// Begin to look at it, or go on, as v1 does.
    Follow {
        /// Where the viewer is already (G6).
        from: Option<(Epoch, Seq)>,
        /// The session needs no outcome below this.
        floor: ClientSeq,
    },
    /// Show something of oneself to the others who look: JSON text, not in the log.
    Show {
        /// What; `None` for nothing any more.
        value: Option<Arc<str>>,
    },
    /// Look no more.
    Unsubscribe,
    /// Its state and subscribers.
    Resource,
    /// Who looks at it.
    Subscribers,
    /// Decide an action.
    Dispatch {
        /// The action or pair.
        body: Draft,
        /// The log that the author believes in (M22).
        epoch: Option<Epoch>,
        /// The last reveal that the author had seen (M25).
        seen_reveal: Option<Seq>,
        /// Its number in the session, and below which the session needs no outcome (M20); v0 has neither.
        number: Option<(ClientSeq, ClientSeq)>,
    },
}

/// A request under way.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) waiting: Waiting,
    pub(super) rid: Rid,
    pub(super) form: RidForm,
}

/// Who waits, and for what.
#[derive(Debug)]
pub(super) enum Waiting {
    /// A connection.
    Connection { connection: ConnectionId, token: Token, wants: Wants },
    /// Somebody without a connection (HTTP), who sees the public view.
    Public { token: Token },
    /// A client that came back.
    Returned { connection: ConnectionId },
}

/// What becomes of a reply with a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wants {
    /// The state and the subscribers.
    Resource,
    /// The same, and to be among them.
    Subscription,
    /// The subscribers.
    Subscribers,
    /// To be where the master is, and to stay there (v1).
    Following,
    /// The outcome of a dispatch.
    Outcome,
}

impl Master {
    /// A client asks.
    pub fn request(&mut self, now: TimeMs, connection: ConnectionId, request: Request) {
        let Request { token, rid, form, ask } = request;
        let Some(asker) = self.connections.get(&connection) else {
            return;
        };
        let (client, protocol) = (asker.client.clone(), asker.protocol);
        let refused = refuse(self.ending, asker.requests >= self.settings.requests_max)
            .or_else(|| self.refuse_ask(connection, &client, &rid, &ask));
        if let Some(error) = refused {
            self.out.push(Output::Answer { token, answer: Answer::Failed(error) });
            return;
        }
        let wants = match ask {
            Ask::Unsubscribe => {
                self.unsubscribe(connection, &client, &rid);
                self.out.push(Output::Answer { token, answer: Answer::Done });
                return;
            }
            Ask::Show { value } => {
                self.show(&client, &rid, value);
                self.out.push(Output::Answer { token, answer: Answer::Done });
                return;
            }
            Ask::Subscribe => Wants::Subscription,
            Ask::Follow { .. } => Wants::Following,
            Ask::Subscribers => Wants::Subscribers,
            Ask::Dispatch { .. } => Wants::Outcome,
            Ask::Create { .. } | Ask::Resource => Wants::Resource,
        };
        if matches!(ask, Ask::Subscribe | Ask::Follow { .. } | Ask::Dispatch { .. }) {
            self.want_checksums(&rid, protocol);
        }
        let waiting = Waiting::Connection { connection, token, wants };
        let request = self.begin_request(Pending { waiting, rid: rid.clone(), form });
        if let Some(command) = self.command_for(connection, request, form, ask) {
            self.touch(now, &rid);
            self.command(rid, command);
        }
    }

    fn command_for(
        &mut self,
        connection: ConnectionId,
        request: RequestId,
        form: RidForm,
        ask: Ask,
    ) -> Option<Command> {
        let asker = self.connections.get_mut(&connection)?;
        asker.requests += 1;
        let client = asker.client.clone();
        let created = match asker.protocol {
            Protocol::V0 => TimeMs(0),
            Protocol::V1 { session_created } => session_created,
        };
        Some(match ask {
            Ask::Create { state } => Command::Create { request, author: client, state },
            Ask::Subscribe | Ask::Resource => Command::Ask(Input::Read { request, viewer: Some(client) }),
            Ask::Follow { from, floor } => Command::Ask(Input::Subscribe(Subscription {
                request,
                viewer: client,
                session: asker.session.clone(),
                claim: Claim { created, floor },
                from,
            })),
            Ask::Subscribers => Command::Ask(Input::Probe { request }),
            Ask::Dispatch { body, epoch, seen_reveal, number } => {
                asker.client_seq = number.map_or(asker.client_seq.next(), |(number, _)| number);
                Command::Ask(Input::Dispatch(Dispatch {
                    author: client,
                    session: asker.session.clone(),
                    client_seq: asker.client_seq,
                    body,
                    epoch,
                    seen_reveal,
                    form,
                    claim: number.map(|(_, floor)| Claim { created, floor }),
                    origin: Some(request),
                }))
            }
            Ask::Unsubscribe | Ask::Show { .. } => return None,
        })
    }

    /// Tells the resource whose checksums somebody looks at, where that has changed.
    fn want_checksums(&mut self, rid: &Rid, protocol: Protocol) {
        let mut wanted = self.fronts.get(rid).map_or(Checksums { v0: true, v1: false }, |front| front.wanted);
        match protocol {
            Protocol::V0 => wanted.v0 = true,
            Protocol::V1 { .. } => wanted.v1 = true,
        }
        match self.fronts.get_mut(rid) {
            Some(front) if front.wanted == wanted => return,
            Some(front) => front.wanted = wanted,
            // It is being created, and does what is the rule for v0.
            None if !wanted.v1 => return,
            None => {}
        }
        self.command(rid.clone(), Command::Ask(Input::Want(wanted)));
    }

    fn refuse_ask(&self, connection: ConnectionId, client: &ClientId, rid: &Rid, ask: &Ask) -> Option<Error> {
        let refuse = |code, sentence: &'static str| Some(Error::new(code, sentence));
        match ask {
            Ask::Create { .. }
                if self.fronts.len() >= self.settings.resources_max && !self.fronts.contains_key(rid) =>
            {
                refuse(Code::Overloaded, "the server holds too many resources: try again later")
            }
            Ask::Subscribe | Ask::Follow { .. } => {
                let rids = &self.clients.get(client)?.rids;
                let full = rids.len() >= self.settings.subscriptions_max && !rids.contains(rid);
                full.then(|| Error::new(Code::Overloaded, "you look at too many resources: leave some first"))
            }
            Ask::Show { .. } | Ask::Dispatch { number: Some(_), .. } => {
                let looks = self.connections.get(&connection)?.rids.contains(rid);
                (!looks).then(|| Error::new(Code::BadMessage, "subscribe to the resource first"))
            }
            _ => None,
        }
    }

    /// Somebody without a connection asks for a resource's public view.
    pub fn read_public(&mut self, now: TimeMs, token: Token, rid: Rid) {
        self.touch(now, &rid);
        self.look(token, rid);
    }

    /// As [`Master::read_public`], but it is no use of the resource: who lists all keeps none alive.
    pub fn look(&mut self, token: Token, rid: Rid) {
        let waiting = Waiting::Public { token };
        let request = self.begin_request(Pending { waiting, rid: rid.clone(), form: RidForm::Text });
        let viewer = None;
        self.command(rid, Command::Ask(Input::Read { request, viewer }));
    }

    pub(super) fn begin_request(&mut self, pending: Pending) -> RequestId {
        self.last_request += 1;
        let id = RequestId(self.last_request);
        self.pending.insert(id, pending);
        id
    }

    fn touch(&mut self, now: TimeMs, rid: &Rid) {
        if let Some(front) = self.fronts.get_mut(rid) {
            front.used = now;
        }
    }

    pub(super) fn command(&mut self, rid: Rid, command: Command) {
        let worker = worker_of(&rid, self.settings.workers);
        self.out.push(Output::Command { worker, rid, command });
    }

    fn unsubscribe(&mut self, connection: ConnectionId, client: &ClientId, rid: &Rid) {
        if let Some(state) = self.connections.get_mut(&connection) {
            state.rids.remove(rid);
        }
        let Some(looker) = self.fronts.get_mut(rid).and_then(|front| front.looker(client)) else {
            return;
        };
        looker.connections.retain(|other| *other != connection);
        if looker.connections.is_empty() {
            self.remove_looker(client, rid);
        }
    }

    /// A subscriber shows something of themselves.
    fn show(&mut self, client: &ClientId, rid: &Rid, value: Option<Arc<str>>) {
        let Some(looker) = self.fronts.get_mut(rid).and_then(|front| front.looker(client)) else {
            return;
        };
        looker.presence = value.clone();
        let to = self.connections_of(rid, |other| other != client, None);
        if !to.is_empty() {
            let event = Event::Presence { rid: rid.clone(), client: client.clone(), value };
            self.out.push(Output::Send { to, event });
        }
    }
}

fn refuse(ending: bool, too_many: bool) -> Option<Error> {
    if ending {
        return Some(Error::new(Code::ShuttingDown, "the server is ending: try again in a moment"));
    }
    too_many.then(|| {
        Error::new(Code::Overloaded, "too many of your requests are under way: wait for their answers")
    })
}

/// Which worker a resource lives with: FNV-1a over its name, so that it is the same in every process.
pub(super) fn worker_of(rid: &Rid, workers: usize) -> usize {
    let hash = rid.as_str().bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    (hash % workers.max(1) as u64) as usize
}
