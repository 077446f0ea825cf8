//! What clients ask for.

use super::{Answer, ConnectionId, Master, Output, Token};
use crate::action::Draft;
use crate::context::TimeMs;
use crate::effect::RequestId;
use crate::error::{Code, Error};
use crate::ids::{ClientId, Epoch, Rid, RidForm, Seq};
use crate::resource::{Dispatch, Input};
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
    Connection {
        connection: ConnectionId,
        token: Token,
        wants: Wants,
    },
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
    /// The outcome of a dispatch.
    Outcome,
}

impl Master {
    /// A client asks.
    pub fn request(&mut self, now: TimeMs, connection: ConnectionId, request: Request) {
        let Request {
            token,
            rid,
            form,
            ask,
        } = request;
        let Some(asker) = self.connections.get_mut(&connection) else {
            return;
        };
        let client = asker.client.clone();
        if let Some(error) = refuse(self.ending, asker.requests >= self.settings.requests_max) {
            self.out.push(Output::Answer {
                token,
                answer: Answer::Failed(error),
            });
            return;
        }
        if let Ask::Unsubscribe = ask {
            self.unsubscribe(&client, &rid);
            self.out.push(Output::Answer {
                token,
                answer: Answer::Done,
            });
            return;
        }
        if let Some(error) = self.refuse_ask(&client, &rid, &ask) {
            self.out.push(Output::Answer {
                token,
                answer: Answer::Failed(error),
            });
            return;
        }
        let wants = match ask {
            Ask::Subscribe => Wants::Subscription,
            Ask::Subscribers => Wants::Subscribers,
            Ask::Dispatch { .. } => Wants::Outcome,
            Ask::Create { .. } | Ask::Resource | Ask::Unsubscribe => Wants::Resource,
        };
        let waiting = Waiting::Connection {
            connection,
            token,
            wants,
        };
        let request = self.begin_request(Pending {
            waiting,
            rid: rid.clone(),
            form,
        });
        let Some(asker) = self.connections.get_mut(&connection) else {
            return;
        };
        asker.requests += 1;
        let command = match ask {
            Ask::Create { state } => Command::Create {
                request,
                author: client,
                state,
            },
            Ask::Subscribe | Ask::Resource | Ask::Unsubscribe => Command::Ask(Input::Read {
                request,
                viewer: Some(client),
            }),
            Ask::Subscribers => Command::Ask(Input::Probe { request }),
            Ask::Dispatch {
                body,
                epoch,
                seen_reveal,
            } => {
                asker.client_seq = asker.client_seq.next();
                Command::Ask(Input::Dispatch(Dispatch {
                    author: client,
                    session: asker.session.clone(),
                    client_seq: asker.client_seq,
                    body,
                    epoch,
                    seen_reveal,
                    form,
                    claim: None,
                    origin: Some(request),
                }))
            }
        };
        self.command(now, rid, command);
    }

    fn refuse_ask(&self, client: &ClientId, rid: &Rid, ask: &Ask) -> Option<Error> {
        let full = match ask {
            Ask::Create { .. } => {
                self.fronts.len() >= self.settings.resources_max && !self.fronts.contains_key(rid)
            }
            Ask::Subscribe => {
                let rids = &self.clients.get(client)?.rids;
                rids.len() >= self.settings.subscriptions_max && !rids.contains(rid)
            }
            _ => false,
        };
        full.then(|| match ask {
            Ask::Create { .. } => Error::new(
                Code::Overloaded,
                "the server holds too many resources: try again later",
            ),
            _ => Error::new(
                Code::Overloaded,
                "you look at too many resources: leave some first",
            ),
        })
    }

    /// Somebody without a connection asks for a resource's public view.
    pub fn read_public(&mut self, now: TimeMs, token: Token, rid: Rid) {
        self.touch(now, &rid);
        self.look(token, rid);
    }

    /// As [`Master::read_public`], but it is no use of the resource: who lists all keeps none alive.
    pub fn look(&mut self, token: Token, rid: Rid) {
        let waiting = Waiting::Public { token };
        let request = self.begin_request(Pending {
            waiting,
            rid: rid.clone(),
            form: RidForm::Text,
        });
        let viewer = None;
        self.send_command(rid, Command::Ask(Input::Read { request, viewer }));
    }

    pub(super) fn begin_request(&mut self, pending: Pending) -> RequestId {
        self.last_request += 1;
        let id = RequestId(self.last_request);
        self.pending.insert(id, pending);
        id
    }

    pub(super) fn command(&mut self, now: TimeMs, rid: Rid, command: Command) {
        self.touch(now, &rid);
        self.send_command(rid, command);
    }

    fn touch(&mut self, now: TimeMs, rid: &Rid) {
        if let Some(front) = self.fronts.get_mut(rid) {
            front.used = now;
        }
    }

    fn send_command(&mut self, rid: Rid, command: Command) {
        let worker = worker_of(&rid, self.settings.workers);
        self.out.push(Output::Command { worker, rid, command });
    }

    fn unsubscribe(&mut self, client: &ClientId, rid: &Rid) {
        let Some(state) = self.clients.get_mut(client) else {
            return;
        };
        if !state.rids.remove(rid) {
            return;
        }
        if let Some(front) = self.fronts.get_mut(rid) {
            front.subscribers.retain(|subscriber| subscriber != client);
        }
        let to = self.connections_of(rid, |_| true, None);
        let event = super::Event::SubscriberRemoved {
            rid: rid.clone(),
            client: client.clone(),
        };
        self.out.push(Output::Send { to, event });
    }
}

fn refuse(ending: bool, too_many: bool) -> Option<Error> {
    if ending {
        return Some(Error::new(
            Code::ShuttingDown,
            "the server is ending: try again in a moment",
        ));
    }
    too_many.then(|| {
        Error::new(
            Code::Overloaded,
            "too many of your requests are under way: wait for their answers",
        )
    })
}

/// Which worker a resource lives with: FNV-1a over its name, so that it is the same in every process.
pub(super) fn worker_of(rid: &Rid, workers: usize) -> usize {
    let hash = rid
        .as_str()
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
    (hash % workers.max(1) as u64) as usize
}
