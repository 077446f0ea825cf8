//! The items kept behind the head, and states from which they can be folded again.

use std::collections::VecDeque;

use crate::context::TimeMs;
use crate::effect::Effect;
use crate::ids::{ClientId, Seq};
use crate::item::Item;
use crate::reducer::{Fold, State};

/// States at a place where the log may be cut (M5).
pub(super) struct Cut {
    pub(super) seq: Seq,
    pub(super) time: TimeMs,
    pub(super) last_reveal: Seq,
    pub(super) public: State,
    /// One for each author with outstanding entries; only types without reveal are cut where there are any.
    pub(super) forks: Vec<(ClientId, State)>,
    /// Authors whose fork is stopped; likewise.
    pub(super) stopped: Vec<ClientId>,
}

/// The retained end of the log.
pub(super) struct History {
    /// Oldest first; never empty. The first is where the retained log begins.
    cuts: VecDeque<Cut>,
    items: VecDeque<Item>,
    items_max: usize,
}

impl History {
    pub(super) fn new(begin: Cut, items_max: usize) -> Self {
        Self { cuts: VecDeque::from([begin]), items: VecDeque::new(), items_max }
    }

    pub(super) fn push(&mut self, item: Item) {
        self.items.push_back(item);
    }

    /// The oldest state kept.
    pub(super) fn base(&self) -> &Cut {
        &self.cuts[0]
    }

    /// Every item since.
    pub(super) fn items(&self) -> impl Iterator<Item = &Item> {
        self.items.iter()
    }

    /// Whether a place at the head is worth remembering: eight or so in all, enough that what is kept stays near
    /// the limit, few enough to cost nothing.
    pub(super) fn wants_cut(&self, head: Seq) -> bool {
        head.0 - self.cuts.back().map_or(0, |cut| cut.seq.0) >= self.stride()
    }

    fn stride(&self) -> u64 {
        (self.items_max / 4).max(1) as u64
    }

    /// Remembers a place where the log may be cut, and cuts it at an older one where enough is kept behind it.
    /// Tells whether it did.
    ///
    /// A phase that is long keeps more than the limit: a log is cut only where nothing is outstanding.
    pub(super) fn remember(&mut self, cut: Cut) -> bool {
        self.cuts.push_back(cut);
        // Twice the limit before anything goes: a cut costs the text of a state, so it is rare.
        if self.items.len() < 2 * self.items_max {
            return false;
        }
        let before = self.items.len();
        while self.items.len() > self.items_max && self.cuts.len() > 2 {
            self.cuts.pop_front();
            let begin = self.cuts[0].seq;
            while self.items.front().is_some_and(|item| item.seq() <= begin) {
                self.items.pop_front();
            }
        }
        self.items.len() < before
    }
}

impl super::Resource {
    /// After each append: remembers where the log may be cut, and forgets what lies before the oldest state kept. Tells
    /// whether it did.
    pub(super) fn settle(&mut self) -> bool {
        // A log is cut only where nothing is outstanding; a type without reveal may be cut anywhere (M5).
        let may_cut = self.forks.is_empty() || !self.features.can_reconcile;
        if !may_cut || !self.history.wants_cut(self.head) {
            return false;
        }
        let (stopped, forks): (Vec<_>, Vec<_>) = self.forks.iter().partition(|(_, fork)| fork.stopped);
        let cut = Cut {
            seq: self.head,
            time: self.time,
            last_reveal: self.last_reveal,
            public: self.public.state().clone(),
            stopped: stopped.into_iter().map(|(client, _)| client.clone()).collect(),
            forks: forks
                .into_iter()
                .map(|(client, fork)| (client.clone(), fork.view.state().clone()))
                .collect(),
        };
        let did_cut = self.history.remember(cut);
        if did_cut {
            let begin = self.history.base().seq;
            self.notes.retain(|note| note.seq > begin);
        }
        did_cut
    }
}

impl super::Resource {
    /// As [`Self::settle`], and lets the store forget the same.
    pub(super) fn settle_and_truncate(&mut self, out: &mut dyn FnMut(Effect)) {
        if !self.settle() {
            return;
        }
        match self.base() {
            Ok(base) => out(Effect::Truncate { base }),
            Err(failure) => self.report_failure("a snapshot", &failure, Fold::Public),
        }
    }
}
