//! What is to be drawn of a resource.

use std::sync::Arc;

use movex_core::context::TimeMs;
use movex_core::ids::{ClientId, Seq};
use serde::de::DeserializeOwned;

use crate::app::Resource;

/// A resource as it is shown: what is pending folded over what the master confirmed (M12). A clone shares the state.
pub struct View<R: Resource> {
    /// The state.
    pub state: Arc<R::State>,
    /// Who looks at it, in the order in which they came; this client too.
    pub subscribers: Arc<[Subscriber]>,
    /// The newest item of the log that is in it.
    pub seq: Seq,
    /// Own dispatches without an outcome.
    pub pending: usize,
    /// How many of them the state that is shown rejects now, so that it does not show them (M14). Only the master ends
    /// them.
    pub doubtful: usize,
}

impl<R: Resource> View<R> {
    /// The state as its type shows it at that time (`transform`: clocks, countdowns); itself where it has no such hook.
    pub fn shown(&self, at: TimeMs) -> Arc<R::State> {
        match R::default().transform() {
            Some(transform) => Arc::new(transform(&self.state, at)),
            None => self.state.clone(),
        }
    }
}

impl<R: Resource> Clone for View<R> {
    fn clone(&self) -> Self {
        Self { state: self.state.clone(), subscribers: self.subscribers.clone(), ..*self }
    }
}

impl<R: Resource> std::fmt::Debug for View<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The state may be a secret of this client's (G4).
        f.debug_struct("View")
            .field("seq", &self.seq)
            .field("pending", &self.pending)
            .field("doubtful", &self.doubtful)
            .field("subscribers", &self.subscribers)
            .finish_non_exhaustive()
    }
}

/// Somebody who looks at a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscriber {
    /// Who.
    pub id: ClientId,
    /// What they say of themselves: JSON text of an object.
    pub info_json: Arc<str>,
    /// What they show of themselves at this resource: JSON text, not in the log.
    pub shows_json: Option<Arc<str>>,
}

impl Subscriber {
    /// What they say of themselves, read.
    ///
    /// # Errors
    /// When it has another form.
    pub fn info<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_str(&self.info_json)
    }

    /// What they show of themselves here, read; none when nothing.
    ///
    /// # Errors
    /// When it has another form.
    pub fn shows<T: DeserializeOwned>(&self) -> Result<Option<T>, serde_json::Error> {
        self.shows_json.as_deref().map(serde_json::from_str).transpose()
    }
}
