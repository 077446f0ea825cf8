//! One v1 connection, as the master tells it things.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Weak};

use movex_core::context::TimeMs;
use movex_core::ids::SessionId;
use movex_core::master::{CloseCause, ConnectionId, Subscriber};
use movex_core::v1::{self, ServerFrame, VERSION};
use tokio::sync::mpsc::{Sender, error::TrySendError};

use super::Notary;
use crate::runtime::{Hub, Outgoing, Peer, Protocol};

/// Frames that a connection may leave unread.
pub(super) const FRAMES_MAX: usize = 4_096;

/// What the writing task is to do.
pub(super) enum Write {
    Frame(Arc<str>),
    Close,
}

/// One connection.
pub(super) struct V1Peer {
    pub(super) id: ConnectionId,
    pub(super) session: SessionId,
    pub(super) session_created: TimeMs,
    pub(super) writes: Sender<Write>,
    /// Bytes that wait to be written.
    pub(super) unread: Arc<AtomicUsize>,
    pub(super) unread_max: usize,
    pub(super) over: AtomicBool,
    pub(super) hub: Weak<Hub>,
    pub(super) notary: Notary,
    pub(super) message_bytes_max: usize,
}

impl V1Peer {
    /// Sends a frame. A reader that is too slow for it is cut off, never waited for, never robbed (G9).
    pub(super) fn send(&self, text: Arc<str>) {
        if self.over.load(Ordering::Acquire) {
            return;
        }
        let bytes = text.len();
        let before = self.unread.fetch_add(bytes, Ordering::AcqRel);
        // One frame is always taken, however long: it is the rest that waits.
        let too_many_bytes = before > 0 && before + bytes > self.unread_max;
        let sent = if too_many_bytes {
            Err(true)
        } else {
            self.writes.try_send(Write::Frame(text)).map_err(|error| matches!(error, TrySendError::Full(_)))
        };
        if let Err(too_slow) = sent {
            self.cut_off(too_slow);
        }
    }

    pub(super) fn send_frame(&self, frame: &ServerFrame) {
        self.send(frame.to_json().into());
    }

    /// Ends the connection after what is written already.
    pub(super) fn end(&self) {
        if !self.over.swap(true, Ordering::AcqRel) {
            self.close_writes();
        }
    }

    fn cut_off(&self, too_slow: bool) {
        if self.over.swap(true, Ordering::AcqRel) {
            return;
        }
        if too_slow {
            tracing::warn!(connection = self.id.0, "a reader is too slow: it is cut off");
        }
        self.close_writes();
        // We are under the master's lock, so it is told by a task.
        if let Some(hub) = self.hub.upgrade() {
            let id = self.id;
            tokio::spawn(async move { hub.disconnected(id) });
        }
    }

    fn close_writes(&self) {
        // Where the queue is full the writing task sees that we are over when it comes to its end.
        let _ = self.writes.try_send(Write::Close);
    }
}

impl Peer for V1Peer {
    fn welcome(&self, client: &Subscriber) {
        tracing::info!(connection = self.id.0, client = client.id.as_str(), "connected");
        let time = self.hub.upgrade().map_or(TimeMs(0), |hub| hub.now());
        self.send_frame(&ServerFrame::Welcome {
            version: VERSION,
            client: client.id.clone(),
            token: self.notary.token(&client.id),
            session_proof: self.notary.session_proof(&client.id, &self.session, self.session_created),
            time,
            message_bytes_max: self.message_bytes_max as u64,
        });
    }

    fn event(&self, outgoing: &mut Outgoing<'_>) {
        if let Some(text) = outgoing.text(Protocol::V1, |event| Some(v1::event(event.clone()).to_json())) {
            self.send(text);
        }
    }

    fn close(&self, cause: &CloseCause) {
        if let CloseCause::Refused(error) = cause {
            let error = error.clone();
            self.send_frame(&ServerFrame::Error { request: None, rid: None, error });
        }
        self.end();
    }

    fn settle(&self) {}
}
