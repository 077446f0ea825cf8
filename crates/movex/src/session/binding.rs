//! One resource that the app looks at.

use std::rc::Rc;
use std::sync::Arc;

use movex_core::client::ClientResource;
use movex_core::context::TimeMs;
use movex_core::ids::{ClientId, ClientSeq, SessionId};
use movex_core::master::Subscriber;
use movex_core::reducer::DynReducer;

/// How long to wait before asking again for what the server could not give just now.
const RETRY_MS: u64 = 1_000;

/// What the client shows of itself.
pub(super) struct Shown {
    pub(super) value: Option<Arc<str>>,
    /// Over the connection that there is.
    pub(super) sent: bool,
}

pub(super) struct Binding {
    reducer: Rc<dyn DynReducer>,
    /// None before the client knows who it is.
    pub(super) machine: Option<ClientResource>,
    /// The app looks at it; otherwise it waits for what is pending.
    pub(super) wanted: bool,
    pub(super) told_bound: bool,
    pub(super) subscribers: Vec<Subscriber>,
    pub(super) shown: Option<Shown>,
    pub(super) retry_at: Option<TimeMs>,
}

impl Binding {
    pub(super) fn new(reducer: Rc<dyn DynReducer>) -> Self {
        Self {
            reducer,
            machine: None,
            wanted: true,
            told_bound: false,
            subscribers: Vec::new(),
            shown: None,
            retry_at: None,
        }
    }

    pub(super) fn begin(&mut self, me: ClientId, session: SessionId, last: ClientSeq) {
        if self.machine.is_none() {
            let machine = ClientResource::new(me, session, self.reducer.clone(), None);
            self.machine = Some(machine.numbered_after(last));
        }
    }

    /// The machine, if it has a state to show.
    pub(super) fn shown_machine(&self) -> Option<&ClientResource> {
        self.machine.as_ref().filter(|machine| machine.state().is_some())
    }

    /// Whether it has just now a state for the first time.
    pub(super) fn becomes_bound(&mut self) -> bool {
        let becomes = !self.told_bound && self.shown_machine().is_some();
        self.told_bound |= becomes;
        becomes
    }

    pub(super) fn is_live(&self) -> bool {
        self.machine.as_ref().is_some_and(ClientResource::is_live)
    }

    pub(super) fn pending(&self) -> impl Iterator<Item = ClientSeq> {
        let machine = self.machine.iter();
        machine.flat_map(|machine| machine.pending().map(|(number, _)| number))
    }

    pub(super) fn has_pending(&self) -> bool {
        self.pending().next().is_some()
    }

    pub(super) fn last_number(&self) -> ClientSeq {
        self.machine.as_ref().map_or(ClientSeq(0), ClientResource::last_number)
    }

    pub(super) fn disconnected(&mut self) {
        self.retry_at = None;
        if let Some(machine) = &mut self.machine {
            machine.disconnected();
        }
        if let Some(shown) = &mut self.shown {
            shown.sent = false;
        }
    }

    pub(super) fn retry_later(&mut self, now: TimeMs) {
        self.retry_at = Some(TimeMs(now.0 + RETRY_MS));
    }

    /// What the master is to be told of what the client shows.
    pub(super) fn take_unsent_show(&mut self) -> Option<Option<Arc<str>>> {
        let shown = self.shown.as_mut().filter(|shown| !shown.sent)?;
        shown.sent = true;
        Some(shown.value.clone())
    }

    pub(super) fn joined(&mut self, subscriber: Subscriber) {
        match self.subscribers.iter_mut().find(|other| other.id == subscriber.id) {
            Some(known) => *known = subscriber,
            None => self.subscribers.push(subscriber),
        }
    }

    pub(super) fn left(&mut self, client: &ClientId) {
        self.subscribers.retain(|other| other.id != *client);
    }

    pub(super) fn shows(&mut self, client: &ClientId, value: Option<Arc<str>>) {
        if let Some(subscriber) = self.subscribers.iter_mut().find(|other| other.id == *client) {
            subscriber.presence = value;
        }
    }
}
