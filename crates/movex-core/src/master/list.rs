//! What operators can look at.

use super::{Master, Subscriber};
use crate::ids::{ClientId, Rid};

/// A client that is connected, or away and expected back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectionInfo {
    /// Who.
    pub client: Subscriber,
    /// Whether it is connected now.
    pub connected: bool,
    /// What it looks at.
    pub subscriptions: Vec<Rid>,
}

/// A resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceInfo {
    /// Which.
    pub rid: Rid,
    /// Who looks at it.
    pub subscribers: Vec<Subscriber>,
}

impl Master {
    /// Every client, sorted by id.
    pub fn connections(&self) -> Vec<ConnectionInfo> {
        let mut clients: Vec<(&ClientId, &super::Client)> = self.clients.iter().collect();
        clients.sort_by_key(|(id, _)| *id);
        clients
            .into_iter()
            .map(|(id, client)| ConnectionInfo {
                client: Subscriber { id: id.clone(), info: client.info.clone(), presence: None },
                connected: !client.connections.is_empty(),
                subscriptions: client.rids.iter().cloned().collect(),
            })
            .collect()
    }

    /// The first resources in the order of their names, at most that many.
    pub fn resources(&self, max: usize) -> Vec<ResourceInfo> {
        let mut rids: Vec<&Rid> = self.fronts.keys().collect();
        rids.sort();
        let first = rids.into_iter().take(max);
        first.map(|rid| ResourceInfo { rid: rid.clone(), subscribers: self.subscribers(rid) }).collect()
    }

    /// How many connections and resources there are.
    pub fn counts(&self) -> (usize, usize) {
        (self.connections.len(), self.fronts.len())
    }
}
