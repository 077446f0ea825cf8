//! Engine.IO's read loop: each frame reaches the master before the next is read, so a client's order is kept.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use engineioxide::handler::EngineIoHandler;
use engineioxide::socket::DisconnectReason;
use engineioxide::{Socket, Str};
use movex_core::error::{Code, Error};
use movex_core::ids::ClientId;
use movex_core::json;
use movex_core::master::Answer;

use super::decode::{self, Call, Refused, Wanted};
use super::packet::{Frame, Packet};
use super::peer::V0Peer;
use super::{encode, packet};
use crate::runtime::Hub;

/// What Engine.IO keeps for us with each of its sockets.
#[derive(Default)]
pub(crate) struct Session {
    peer: Mutex<Option<Arc<V0Peer>>>,
}

impl Session {
    fn peer(&self) -> MutexGuard<'_, Option<Arc<V0Peer>>> {
        self.peer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Limits of v0 connections.
#[derive(Clone, Debug)]
pub(crate) struct HandlerSettings {
    /// Transports at a time, let in or not yet.
    pub(crate) transports_max: usize,
    /// Bytes that a connection may leave unread.
    pub(crate) unread_bytes_max: usize,
}

/// The v0 side of the master.
#[derive(Clone)]
pub(crate) struct Handler {
    hub: Arc<Hub>,
    settings: HandlerSettings,
    transports: Arc<AtomicUsize>,
}

/// How long a transport may be open without asking to be let in, as in npm's socket.io.
const CONNECT_WITHIN: Duration = Duration::from_secs(45);

/// Longer names are refused.
const CLIENT_ID_BYTES_MAX: usize = 1024;

impl Handler {
    pub(crate) fn new(hub: Arc<Hub>, settings: HandlerSettings) -> Self {
        Self { hub, settings, transports: Arc::default() }
    }

    fn connect(&self, namespace: &str, socket: &Arc<Socket<Session>>) {
        if namespace != "/" {
            let _ = socket.emit(packet::connect_error(namespace, "Invalid namespace", None));
            return;
        }
        let (named, info) = match who(socket.req_parts.uri.query().unwrap_or_default()) {
            Ok(who) => who,
            Err(error) => {
                let data = encode::error(&error);
                let _ = socket.emit(packet::connect_error("/", &error.message, Some(&data)));
                return;
            }
        };
        let id = self.hub.next_connection();
        let peer = V0Peer::new(id, socket, &self.hub, self.settings.unread_bytes_max);
        let peer = Arc::new(peer);
        {
            let mut joined = socket.data.peer();
            if joined.is_some() {
                return;
            }
            *joined = Some(peer.clone());
        }
        self.hub.connected(id, peer, named, info);
    }

    fn leave(&self, socket: &Socket<Session>) {
        let left = socket.data.peer().take();
        if let Some(peer) = left {
            self.hub.disconnected(peer.id);
        }
    }

    fn event(&self, peer: &Arc<V0Peer>, ack: Option<u64>, json: &str) {
        let call = match decode::call(json) {
            Ok(call) => call,
            Err(error) => return answer(peer, ack, &encode::failed(&encode::error(&error))),
        };
        if call.name == "ping" {
            peer.send(packet::bare_event("pong"));
            return answer(peer, ack, &encode::ok(None));
        }
        match decode::wanted(&call) {
            Ok(wanted) => self.ask(peer, ack, wanted),
            Err(Refused::NoSuchType) => answer(peer, ack, &encode::failed(encode::NO_SUCH_TYPE)),
            Err(Refused::Error(error)) => self.refuse(peer, ack, &call, &error),
        }
    }

    fn refuse(&self, peer: &Arc<V0Peer>, ack: Option<u64>, call: &Call<'_>, error: &Error) {
        tracing::debug!(connection = peer.id.0, event = &*call.name, code = error.code.as_str(), "refused");
        answer(peer, ack, &encode::failed(&encode::error(error)));
    }

    fn ask(&self, peer: &Arc<V0Peer>, ack: Option<u64>, wanted: Wanted) {
        let Wanted { rid, form, ask, asked } = wanted;
        let to = peer.clone();
        let waiter = Box::new(move |said: Answer| {
            if let Answer::Rejected { rid, form, error, .. } = &said {
                to.send(encode::rejected(rid, *form, error));
            }
            answer(&to, ack, &encode::ack(&asked, &said));
        });
        self.hub.request(peer.id, rid, form, ask, waiter);
    }
}

fn answer(peer: &V0Peer, ack: Option<u64>, argument: &str) {
    if let Some(id) = ack {
        peer.send(packet::ack(id, argument));
    }
}

/// Who a connection says that it is. An info that is no JSON object is none.
fn who(query: &str) -> Result<(Option<ClientId>, Arc<str>), Error> {
    let mut id = None;
    let mut info = None;
    for (key, value) in form_urlencoded::parse(query.as_bytes()) {
        match &*key {
            "clientId" => id = Some(value),
            "clientInfo" => info = Some(value),
            _ => {}
        }
    }
    let id = id.filter(|id| !id.is_empty());
    if id.as_ref().is_some_and(|id| id.len() > CLIENT_ID_BYTES_MAX) {
        return Err(Error::new(
            Code::BadMessage,
            "this clientId is too long: choose one of at most 1024 bytes",
        ));
    }
    let info = info.filter(|info| info.trim_start().starts_with('{') && json::check(info).is_ok());
    let info = info.map_or_else(|| "{}".into(), |info| Arc::from(&*info));
    Ok((id.map(|id| ClientId::new(&*id)), info))
}

impl EngineIoHandler for Handler {
    type Data = Session;

    fn on_connect(self: Arc<Self>, socket: Arc<Socket<Session>>) {
        let open = self.transports.fetch_add(1, Ordering::Relaxed) + 1;
        if open > self.settings.transports_max {
            tracing::warn!(open, "too many connections: one more is closed");
            return socket.close(DisconnectReason::ClosingServer);
        }
        let socket = Arc::downgrade(&socket);
        tokio::spawn(async move {
            tokio::time::sleep(CONNECT_WITHIN).await;
            if let Some(socket) = socket.upgrade()
                && socket.data.peer().is_none()
            {
                socket.close(DisconnectReason::TransportClose);
            }
        });
    }

    fn on_disconnect(&self, socket: Arc<Socket<Session>>, reason: DisconnectReason) {
        self.transports.fetch_sub(1, Ordering::Relaxed);
        if let Some(peer) = &*socket.data.peer() {
            tracing::info!(connection = peer.id.0, ?reason, "disconnected");
        }
        self.leave(&socket);
    }

    fn on_message(self: &Arc<Self>, message: Str, socket: Arc<Socket<Session>>) {
        let Some(Frame { namespace, packet }) = packet::parse(&message) else {
            tracing::debug!(sid = %socket.id, "a frame that is none: the connection is closed");
            return socket.close(DisconnectReason::PacketParsingError);
        };
        if packet == Packet::Connect {
            return self.connect(namespace, &socket);
        }
        let peer = socket.data.peer().clone();
        // Before it is let in, and on a namespace that we don't have, a client has nothing to say.
        let Some(peer) = peer.filter(|_| namespace == "/") else {
            return;
        };
        match packet {
            Packet::Event { ack, json } => self.event(&peer, ack, json),
            Packet::Disconnect => self.leave(&socket),
            Packet::Connect | Packet::Ack => {}
        }
    }

    fn on_binary(self: &Arc<Self>, _: Bytes, socket: Arc<Socket<Session>>) {
        tracing::debug!(sid = %socket.id, "v0 has no binary frames: the connection is closed");
        socket.close(DisconnectReason::PacketParsingError);
    }
}

impl std::fmt::Debug for Handler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Handler").finish_non_exhaustive()
    }
}
