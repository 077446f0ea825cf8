//! Coming, taking over, leaving, coming back.

use std::sync::Arc;

use super::request::{Pending, Waiting};
use super::{
    Client, CloseCause, Connection, ConnectionId, Event, Master, Output, Protocol, Subscriber, Takeover,
};
use crate::context::TimeMs;
use crate::error::{Code, Error};
use crate::ids::{ClientId, ClientSeq, Rid, SessionId};
use crate::resource::Input;
use crate::worker::Command;

/// A connection that asks to be let in.
#[derive(Clone, Debug)]
pub struct Hello {
    /// Its number.
    pub connection: ConnectionId,
    /// What it speaks.
    pub protocol: Protocol,
    /// The id that it names, if any. v0: whoever names an id is that client (M28). v1: the transport has seen what
    /// proves it.
    pub named: Option<ClientId>,
    /// A fresh id for one that names none; in v1 one of [`ClientId::is_identity`].
    pub fresh: ClientId,
    /// What it says of itself: JSON text of an object.
    pub info: Arc<str>,
    /// Its session; in v0 a fresh one.
    pub session: SessionId,
}

impl Master {
    /// A connection came. It is welcomed, or refused and closed.
    pub fn connected(&mut self, hello: Hello) {
        let Hello { connection, protocol, named, fresh, info, session } = hello;
        if let Some(error) = self.reason_to_refuse(protocol, named.as_ref()) {
            let cause = CloseCause::Refused(error);
            self.out.push(Output::Close { connection, cause });
            return;
        }
        let id = named.clone().unwrap_or(fresh);
        self.close_older(protocol, &id, &session);
        if protocol == Protocol::V0 {
            self.away.retain(|(_, away)| *away != id);
        }
        let client = self.clients.entry(id.clone()).or_insert_with(|| Client {
            info: info.clone(),
            named: named.is_some() || protocol != Protocol::V0,
            connections: Vec::new(),
            rids: Default::default(),
        });
        client.info = info.clone();
        client.connections.push(connection);
        let looked_at: Vec<Rid> = client.rids.iter().cloned().collect();
        let state = Connection {
            client: id.clone(),
            session,
            client_seq: ClientSeq(0),
            requests: 0,
            protocol,
            rids: Default::default(),
        };
        self.connections.insert(connection, state);
        let client = Subscriber { id: id.clone(), info, presence: None };
        self.out.push(Output::Welcome { to: connection, client });
        // A v1 client asks for what it wants by itself.
        if protocol == Protocol::V0 {
            self.give_back(connection, &id, looked_at);
        }
    }

    /// A v0 client has its subscriptions back. It may have missed anything: it gets the checksum of its view, and takes
    /// the state anew.
    fn give_back(&mut self, connection: ConnectionId, id: &ClientId, rids: Vec<Rid>) {
        for rid in rids {
            if let Some(front) = self.fronts.get_mut(&rid) {
                front.add(id, connection);
            }
            if let Some(state) = self.connections.get_mut(&connection) {
                state.rids.insert(rid.clone());
            }
            let waiting = Waiting::Returned { connection };
            let form = Default::default();
            let request = self.begin_request(Pending { waiting, rid: rid.clone(), form });
            let viewer = Some(id.clone());
            self.command(rid, Command::Ask(Input::Read { request, viewer }));
        }
    }

    /// v0: one connection for each id. v1: one connection for each session, which is one queue (M19).
    fn close_older(&mut self, protocol: Protocol, id: &ClientId, session: &SessionId) {
        let Some(client) = self.clients.get(id) else {
            return;
        };
        let is_older = |connection: &&ConnectionId| {
            protocol == Protocol::V0
                || self.connections.get(connection).is_some_and(|state| state.session == *session)
        };
        let older: Vec<ConnectionId> = client.connections.iter().filter(is_older).copied().collect();
        for connection in older {
            self.detach(connection);
            let cause = CloseCause::TakenOver;
            self.out.push(Output::Close { connection, cause });
        }
    }

    fn reason_to_refuse(&self, protocol: Protocol, named: Option<&ClientId>) -> Option<Error> {
        let refuse = |code, sentence: &'static str| Some(Error::new(code, sentence));
        if self.ending {
            return refuse(Code::ShuttingDown, "the server is ending: try again in a moment");
        }
        if self.connections.len() >= self.settings.connections_max {
            return refuse(Code::Overloaded, "the server has too many connections: try again later");
        }
        let named = named?;
        // An id is of one protocol for ever: v0 proves nothing, so it can never have an identity of v1 (G7).
        if named.is_identity() != (protocol != Protocol::V0) {
            return refuse(Code::Rejected, "this id can't be named here: choose another");
        }
        if protocol != Protocol::V0 {
            return None;
        }
        let holder = self.clients.get(named)?;
        if !holder.named || (!holder.connections.is_empty() && self.settings.takeover == Takeover::Deny) {
            return refuse(Code::Rejected, "somebody else is connected under this id: choose another");
        }
        None
    }

    /// A connection is gone. A client that can come back keeps its subscriptions for a while.
    pub fn disconnected(&mut self, now: TimeMs, connection: ConnectionId) {
        let Some(gone) = self.connections.get(&connection) else {
            return;
        };
        let (id, protocol) = (gone.client.clone(), gone.protocol);
        self.detach(connection);
        let keeps_ms = match protocol {
            Protocol::V0 => self.settings.retention_ms,
            Protocol::V1 { .. } => self.settings.presence_grace_ms,
        };
        let Some(client) = self.clients.get_mut(&id) else {
            return;
        };
        if client.named && keeps_ms > 0 && !client.rids.is_empty() {
            // Also while other connections of the client live: what only this one looked at is to end too.
            self.away.insert((TimeMs(now.0 + keeps_ms), id));
        } else if client.connections.is_empty() {
            self.forget_client(&id);
        }
    }

    /// A connection looks at nothing any more; its client stays where it was.
    fn detach(&mut self, connection: ConnectionId) {
        let Some(gone) = self.connections.remove(&connection) else {
            return;
        };
        for rid in &gone.rids {
            if let Some(looker) = self.fronts.get_mut(rid).and_then(|front| front.looker(&gone.client)) {
                looker.connections.retain(|other| *other != connection);
            }
        }
        if let Some(client) = self.clients.get_mut(&gone.client) {
            client.connections.retain(|other| *other != connection);
        }
    }

    /// The time is over in which a client could come back: it is gone from all that none of its connections looks at.
    pub(super) fn forget_client(&mut self, id: &ClientId) {
        let Some(client) = self.clients.get_mut(id) else {
            return;
        };
        let rids: Vec<Rid> = client.rids.iter().cloned().collect();
        for rid in rids {
            let looks = |front: &mut super::Front| {
                front.looker(id).is_some_and(|looker| !looker.connections.is_empty())
            };
            if !self.fronts.get_mut(&rid).is_some_and(looks) {
                self.remove_looker(id, &rid);
            }
        }
        if self.clients.get(id).is_some_and(|client| client.connections.is_empty()) {
            self.clients.remove(id);
        }
    }

    /// A client does not look at a resource any more: its peers are told.
    pub(super) fn remove_looker(&mut self, id: &ClientId, rid: &Rid) {
        if let Some(client) = self.clients.get_mut(id) {
            client.rids.remove(rid);
        }
        let Some(front) = self.fronts.get_mut(rid) else {
            return;
        };
        front.remove(id);
        let to = self.connections_of(rid, |_| true, None);
        if !to.is_empty() {
            let event = Event::SubscriberRemoved { rid: rid.clone(), client: id.clone() };
            self.out.push(Output::Send { to, event });
        }
    }
}
