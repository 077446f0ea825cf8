//! A connection as the master's shell sees it.

use std::sync::Arc;

use movex_core::master::{CloseCause, Event, Subscriber};

/// One connection of some protocol. Called under the master's lock, so nothing here waits: what can't be taken at once
/// is a reader that is too slow, and is cut off.
pub trait Peer: Send + Sync {
    /// It is let in, as this client.
    fn welcome(&self, client: &Subscriber);
    /// Something happened.
    fn event(&self, outgoing: &mut Outgoing<'_>);
    /// It is closed by the master.
    fn close(&self, cause: &CloseCause);
    /// Lets go of what has left since, once in a while.
    fn settle(&self);
}

/// An event on its way to many: written once for each protocol, not once for each connection.
pub struct Outgoing<'e> {
    event: &'e Event,
    written: Vec<(Protocol, Option<Arc<str>>)>,
}

/// How a connection speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// As npm movex 0.1.6.
    V0,
    /// Our own, as JSON text.
    V1,
}

impl<'e> Outgoing<'e> {
    pub(super) fn new(event: &'e Event) -> Self {
        Self { event, written: Vec::new() }
    }

    /// The event's text in a protocol; `None` when the protocol does not tell of it.
    pub fn text(
        &mut self,
        protocol: Protocol,
        write: impl FnOnce(&Event) -> Option<String>,
    ) -> Option<Arc<str>> {
        if let Some((_, text)) = self.written.iter().find(|(of, _)| *of == protocol) {
            return text.clone();
        }
        let text: Option<Arc<str>> = write(self.event).map(Into::into);
        self.written.push((protocol, text.clone()));
        text
    }
}
