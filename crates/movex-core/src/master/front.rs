//! A resource as the master sees it: who looks at it, and what waits for the store.

use std::collections::VecDeque;

use std::sync::Arc;

use super::{AppendId, ConnectionId};
use crate::context::TimeMs;
use crate::effect::Effect;
use crate::ids::ClientId;
use crate::reducer::Checksums;

/// What stands in the gate.
pub(super) enum Gated {
    /// Nothing behind this leaves before the store has kept it (M23).
    Barrier(AppendId),
    /// Leaves as soon as no barrier is before it.
    Effect(Effect),
}

/// A subscriber, with those of their connections that look.
pub(super) struct Looker {
    pub(super) client: ClientId,
    /// None while a client that may come back is away.
    pub(super) connections: Vec<ConnectionId>,
    /// What they show of themselves here: JSON text, not in the log.
    pub(super) presence: Option<Arc<str>>,
}

/// One resource in front of its worker.
#[derive(Default)]
pub(super) struct Front {
    /// In the order in which they came.
    pub(super) lookers: Vec<Looker>,
    /// The checksums that its worker was told to compute.
    pub(super) wanted: Checksums,
    pub(super) gate: VecDeque<Gated>,
    pub(super) used: TimeMs,
    /// The store lost an append: until the worker is back at what is kept, nothing that it says counts.
    pub(super) broken: bool,
    /// Who was to be told of an entry that may be kept, when the store lost the note beside it.
    pub(super) missed: Vec<ClientId>,
}

impl Front {
    pub(super) fn looker(&mut self, client: &ClientId) -> Option<&mut Looker> {
        self.lookers.iter_mut().find(|looker| looker.client == *client)
    }

    /// Adds a connection of a subscriber; tells whether the subscriber is new.
    pub(super) fn add(&mut self, client: &ClientId, connection: ConnectionId) -> bool {
        if let Some(looker) = self.looker(client) {
            if !looker.connections.contains(&connection) {
                looker.connections.push(connection);
            }
            return false;
        }
        let (client, connections) = (client.clone(), vec![connection]);
        self.lookers.push(Looker { client, connections, presence: None });
        true
    }

    pub(super) fn remove(&mut self, client: &ClientId) {
        self.lookers.retain(|looker| looker.client != *client);
    }

    /// Whether nothing waits for the store.
    pub(super) fn is_open(&self) -> bool {
        self.gate.is_empty()
    }
}
