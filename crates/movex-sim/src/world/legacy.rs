//! A client as npm movex is one: it folds what it hears, compares checksums, and takes the whole state anew where they
//! differ. At most once, no sessions, no rebase (M28).

use std::collections::BTreeMap;
use std::rc::Rc;

use movex_core::action::Body;
use movex_core::checksum::ChecksumV0;
use movex_core::context::{Context, Entropy, Stamp, TimeMs};
use movex_core::effect::EntryFrame;
use movex_core::ids::{ClientId, Seq};
use movex_core::master::{Answer, Ask, Event};
use movex_core::reducer::{Applied, DynReducer, Fold, State};

/// One resource as an npm client sees it.
pub(crate) struct Legacy {
    me: ClientId,
    reducer: Rc<dyn DynReducer>,
    pub(crate) state: Option<State>,
    refetching: bool,
    subscribed: bool,
    /// Dispatches without an answer, by the number of their request.
    open: BTreeMap<u64, Body>,
    /// What was acknowledged, with its place.
    pub(crate) acknowledged: Vec<(Seq, Body)>,
}

/// What the client asks for next, if anything.
pub(crate) type Next = Option<Ask>;

impl Legacy {
    pub(crate) fn new(me: ClientId, reducer: Rc<dyn DynReducer>) -> Self {
        Self {
            me,
            reducer,
            state: None,
            refetching: false,
            subscribed: false,
            open: BTreeMap::new(),
            acknowledged: Vec::new(),
        }
    }

    pub(crate) fn connected(&mut self) -> Ask {
        self.refetching = true;
        self.subscribed = false;
        // What had no answer by now has none ever: at most once.
        self.open.clear();
        Ask::Subscribe
    }

    /// Changes the own state at once; the ask is for the caller to send under that number.
    pub(crate) fn dispatch(&mut self, request: u64, body: Body, now: TimeMs) -> Ask {
        self.apply(body.own(), &self.me.clone(), now);
        self.open.insert(request, body.clone());
        Ask::Dispatch { body: body.into(), epoch: None, seen_reveal: None, number: None }
    }

    pub(crate) fn event(&mut self, event: &Event) -> Next {
        match event {
            Event::Entry { frame, .. } => self.forwarded(frame),
            Event::PhaseEnd { .. } => self.refetch(),
            Event::Refresh { checksum, .. } => self.compare(checksum.as_ref()),
            Event::Presence { .. } | Event::SubscriberAdded { .. } | Event::SubscriberRemoved { .. } => None,
        }
    }

    pub(crate) fn answer(&mut self, request: u64, answer: &Answer) -> Next {
        let dispatched = self.open.remove(&request);
        match answer {
            Answer::Resource { state, .. } => {
                self.refetching = false;
                self.subscribed = true;
                self.state = self.reducer.parse(state.json.as_deref()).ok();
                None
            }
            Answer::Acknowledged { frame, .. } => {
                if let Some(body) = dispatched {
                    self.acknowledged.push((frame.seq, body));
                }
                self.compare(frame.checksum.as_ref())
            }
            Answer::Rejected { checksum, .. } => self.compare(checksum.as_ref()),
            // Nothing is known of the state after these.
            Answer::PhaseEnded { .. } | Answer::Failed(_) => {
                self.refetching = false;
                self.refetch()
            }
            _ => None,
        }
    }

    fn forwarded(&mut self, frame: &EntryFrame) -> Next {
        self.apply(&frame.action, &frame.author, frame.time);
        if frame.ends_phase {
            return None;
        }
        self.compare(frame.checksum.as_ref())
    }

    fn apply(&mut self, action: &movex_core::action::Action, author: &ClientId, time: TimeMs) {
        let Some(state) = &self.state else { return };
        let stamp = Stamp { time, author: author.clone() };
        // v0 tells no chance.
        let context = Context::new(stamp, Entropy(0));
        if let Applied::Next(next) = self.reducer.apply(state, action, &context, Fold::Public) {
            self.state = Some(next);
        }
    }

    fn compare(&mut self, theirs: Option<&ChecksumV0>) -> Next {
        let ours = self.state.as_ref().and_then(|state| self.reducer.checksum_v0(state).ok());
        if theirs.is_some() && ours.as_ref() == theirs {
            return None;
        }
        self.refetch()
    }

    fn refetch(&mut self) -> Next {
        if self.refetching {
            return None;
        }
        self.refetching = true;
        Some(if self.subscribed { Ask::Resource } else { Ask::Subscribe })
    }
}
