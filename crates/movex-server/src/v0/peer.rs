//! One v0 connection that was let in, or asks to be.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use engineioxide::socket::DisconnectReason;
use engineioxide::{Socket, Str};
use movex_core::ids::ClientId;
use movex_core::master::{CloseCause, ConnectionId, Subscriber};
use tokio::sync::mpsc::error::TrySendError;

use super::handler::Session;
use super::outbox::{Outbox, Taken, TooSlow};
use super::{encode, packet};
use crate::runtime::{Hub, Outgoing, Peer, Protocol};

pub(super) struct V0Peer {
    pub(super) id: ConnectionId,
    /// The client's id, once it is known.
    client: Mutex<Option<ClientId>>,
    socket: Weak<Socket<Session>>,
    hub: Weak<Hub>,
    outbox: Mutex<Outbox>,
    /// Nothing is sent any more.
    over: AtomicBool,
}

/// How long a client that is sent away has to close its transport.
const PARTING_MAX: Duration = Duration::from_secs(2);

impl V0Peer {
    pub(super) fn new(
        id: ConnectionId,
        socket: &Arc<Socket<Session>>,
        hub: &Arc<Hub>,
        unread_bytes_max: usize,
    ) -> Self {
        Self {
            id,
            client: Mutex::new(None),
            socket: Arc::downgrade(socket),
            hub: Arc::downgrade(hub),
            outbox: Mutex::new(Outbox::new(unread_bytes_max)),
            over: AtomicBool::new(false),
        }
    }

    /// Sends a Socket.IO frame. A reader that is too slow for it is cut off, never waited for, never robbed (G9).
    pub(super) fn send(&self, frame: String) {
        if self.over.load(Ordering::Acquire) {
            return;
        }
        let Some(socket) = self.socket.upgrade() else {
            return;
        };
        let emit = |frame: Str| match socket.emit(frame) {
            Ok(()) => Taken::Yes,
            Err(TrySendError::Full(_)) => Taken::Full,
            Err(TrySendError::Closed(_)) => Taken::Closed,
        };
        let pushed = self.outbox().push(frame, emit);
        if let Err(why) = pushed {
            self.cut_off(&socket, why);
        }
    }

    fn cut_off(&self, socket: &Arc<Socket<Session>>, why: TooSlow) {
        if self.over.swap(true, Ordering::AcqRel) {
            return;
        }
        let client = self.client().clone();
        let client = client.as_ref().map_or("", ClientId::as_str);
        tracing::warn!(connection = self.id.0, client, %why, "a reader is too slow: it is cut off");
        socket.close(DisconnectReason::TransportError);
        // We are under the master's lock, so it is told by a task. The transport tells it too, but only when it has
        // got rid of what it was about to write.
        if let Some(hub) = self.hub.upgrade() {
            let id = self.id;
            tokio::spawn(async move { hub.disconnected(id) });
        }
    }

    fn outbox(&self) -> MutexGuard<'_, Outbox> {
        self.outbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn client(&self) -> MutexGuard<'_, Option<ClientId>> {
        self.client.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says a last frame, on which the client closes the transport; if it does not, we do. If we did so at once, the
    /// frame could be lost with the transport, and the client would take the end for an accident and come again.
    fn part(&self, frame: String) {
        self.send(frame);
        let over = self.over.swap(true, Ordering::AcqRel);
        let Some(socket) = self.socket.upgrade().filter(|_| !over) else {
            return;
        };
        tokio::spawn(async move {
            if tokio::time::timeout(PARTING_MAX, socket.closed()).await.is_err() {
                socket.close(DisconnectReason::ClosingServer);
            }
        });
    }

    /// Ends the transport, so that the client comes again.
    fn end(&self) {
        self.over.store(true, Ordering::Release);
        if let Some(socket) = self.socket.upgrade() {
            socket.close(DisconnectReason::ClosingServer);
        }
    }
}

impl Peer for V0Peer {
    fn welcome(&self, client: &Subscriber) {
        let Some(socket) = self.socket.upgrade() else {
            return;
        };
        *self.client() = Some(client.id.clone());
        tracing::info!(connection = self.id.0, client = client.id.as_str(), "connected");
        self.send(packet::connect(&socket.id.to_string()));
        self.send(encode::ready(client));
    }

    fn event(&self, outgoing: &mut Outgoing<'_>) {
        if let Some(text) = outgoing.text(Protocol::V0, encode::event) {
            self.send(text.as_ref().to_owned());
        }
    }

    fn close(&self, cause: &CloseCause) {
        let client = self.client().clone();
        let welcomed = client.is_some();
        let client = client.as_ref().map_or("", ClientId::as_str);
        match cause {
            CloseCause::Refused(error) if !welcomed => {
                tracing::info!(connection = self.id.0, code = error.code.as_str(), "refused");
                let data = encode::error(error);
                self.part(packet::connect_error("/", &error.message, Some(&data)));
            }
            CloseCause::Refused(error) => {
                tracing::debug!(connection = self.id.0, client, code = error.code.as_str(), "closed");
                self.end();
            }
            CloseCause::TakenOver => {
                tracing::info!(connection = self.id.0, client, "taken over by a newer connection");
                self.part(packet::DISCONNECT.into());
            }
        }
    }

    fn settle(&self) {
        self.outbox().settle();
    }
}
