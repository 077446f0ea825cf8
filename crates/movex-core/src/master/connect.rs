//! Coming, taking over, leaving, coming back.

use std::sync::Arc;

use super::{Client, CloseCause, Connection, ConnectionId, Event, Master, Output, Subscriber, Takeover};
use crate::context::TimeMs;
use crate::error::{Code, Error};
use crate::ids::{ClientId, ClientSeq, SessionId};
use crate::master::request::{Pending, Waiting};
use crate::resource::Input;
use crate::worker::Command;

/// A connection that asks to be let in.
#[derive(Clone, Debug)]
pub struct Hello {
    /// Its number.
    pub connection: ConnectionId,
    /// The id that it names, if any (v0: whoever names an id is that client, M28).
    pub named: Option<ClientId>,
    /// A fresh id for one that names none.
    pub fresh: ClientId,
    /// What it says of itself: JSON text of an object.
    pub info: Arc<str>,
    /// A fresh session id.
    pub session: SessionId,
}

impl Master {
    /// A connection came. It is welcomed, or refused and closed.
    pub fn connected(&mut self, now: TimeMs, hello: Hello) {
        let Hello {
            connection,
            named,
            fresh,
            info,
            session,
        } = hello;
        if let Some(error) = self.reason_to_refuse(named.as_ref()) {
            self.out.push(Output::Close {
                connection,
                cause: CloseCause::Refused(error),
            });
            return;
        }
        let id = named.clone().unwrap_or(fresh);
        if let Some(older) = self.clients.get(&id).and_then(|client| client.connection) {
            self.connections.remove(&older);
            self.out.push(Output::Close {
                connection: older,
                cause: CloseCause::TakenOver,
            });
        }
        self.away.retain(|(_, away)| *away != id);
        let client = self.clients.entry(id.clone()).or_insert_with(|| Client {
            info: info.clone(),
            named: named.is_some(),
            connection: None,
            rids: Default::default(),
        });
        client.info = info.clone();
        client.connection = Some(connection);
        let rids: Vec<_> = client.rids.iter().cloned().collect();
        let state = Connection {
            client: id.clone(),
            session,
            client_seq: ClientSeq(0),
            requests: 0,
        };
        self.connections.insert(connection, state);
        self.out.push(Output::Welcome {
            to: connection,
            client: Subscriber { id: id.clone(), info },
        });
        for rid in rids {
            // It may have missed anything: it gets the checksum of its view, and takes the state anew.
            let waiting = Waiting::Returned { connection };
            let request = self.begin_request(Pending {
                waiting,
                rid: rid.clone(),
                form: Default::default(),
            });
            let viewer = Some(id.clone());
            self.command(now, rid, Command::Ask(Input::Read { request, viewer }));
        }
    }

    fn reason_to_refuse(&self, named: Option<&ClientId>) -> Option<Error> {
        if self.ending {
            return Some(Error::new(
                Code::ShuttingDown,
                "the server is ending: try again in a moment",
            ));
        }
        if self.connections.len() >= self.settings.connections_max {
            return Some(Error::new(
                Code::Overloaded,
                "the server has too many connections: try again later",
            ));
        }
        let holder = self.clients.get(named?)?;
        if !holder.named || (holder.connection.is_some() && self.settings.takeover == Takeover::Deny) {
            return Some(Error::new(
                Code::Rejected,
                "somebody else is connected under this id: choose another",
            ));
        }
        None
    }

    /// A connection is gone. A client that named its id may come back to its subscriptions for a while.
    pub fn disconnected(&mut self, now: TimeMs, connection: ConnectionId) {
        let Some(gone) = self.connections.remove(&connection) else {
            return;
        };
        let Some(client) = self.clients.get_mut(&gone.client) else {
            return;
        };
        client.connection = None;
        if client.named && self.settings.retention_ms > 0 && !client.rids.is_empty() {
            self.away
                .insert((TimeMs(now.0 + self.settings.retention_ms), gone.client));
        } else {
            self.forget_client(&gone.client);
        }
    }

    /// A client is gone for good: its peers are told.
    pub(super) fn forget_client(&mut self, id: &ClientId) {
        let Some(client) = self.clients.remove(id) else {
            return;
        };
        for rid in client.rids {
            let Some(front) = self.fronts.get_mut(&rid) else {
                continue;
            };
            front.subscribers.retain(|subscriber| subscriber != id);
            let to = self.connections_of(&rid, |_| true, None);
            if !to.is_empty() {
                let event = Event::SubscriberRemoved {
                    rid,
                    client: id.clone(),
                };
                self.out.push(Output::Send { to, event });
            }
        }
    }
}
