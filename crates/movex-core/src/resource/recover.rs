//! Folding a log again: for a recovery, a replay, and a change of version. Reveals and forfeits are facts that no
//! refold decides anew (M2).

use std::rc::Rc;

use super::history::Cut;
use super::phase::Phase;
use super::view::View;
use super::{Claim, Fork, Resource, Setting};
use crate::effect::Outcome;
use crate::ids::ClientId;
use crate::ids::{ClientSeq, Epoch, Rid};
use crate::item::{Base, Entry, Item, Note, NoteKind, NoteScope, PhaseEnd, Record};
use crate::reducer::{Applied, DynReducer, Failure, Fold};

/// Why a log can't be folded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecoverError {
    /// The state that it begins with does not fit the reducer.
    #[error("the state that the log of {rid} begins with can't be taken in: {}", failure.message)]
    Base {
        /// The resource.
        rid: String,
        /// How.
        failure: Failure,
    },
    /// The reducer fails on an entry that was accepted.
    #[error("the reducer fails on entry {seq} of {rid}: {}", failure.message)]
    Entry {
        /// The resource.
        rid: String,
        /// The entry.
        seq: u64,
        /// How.
        failure: Failure,
    },
    /// The new code has no such type.
    #[error("the app has no reducer for {rid} any more: it stays with the old code")]
    TypeGone {
        /// The resource.
        rid: String,
    },
    /// An item is out of its place.
    #[error("the log of {rid} has item {found} where {expected} should be")]
    Gap {
        /// The resource.
        rid: String,
        /// What should be there.
        expected: u64,
        /// What is.
        found: u64,
    },
}

/// How a refold treats a reducer that fails on an entry in a view that had accepted it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum OnFailure {
    /// The same code folded it before: the view stays as it did then.
    Keep,
    /// Other code: better not to take it over than to lose the entry's effect.
    Refuse,
}

impl Resource {
    /// A resource as its log tells it. Says nothing to anybody.
    ///
    /// # Errors
    /// When the log is not whole or the reducer can't take its base in.
    pub fn recover(
        rid: Rid,
        epoch: Epoch,
        reducer: Rc<dyn DynReducer>,
        setting: Rc<Setting>,
        base: &Base,
        records: impl IntoIterator<Item = Record>,
    ) -> Result<Self, RecoverError> {
        let (items, notes) = split(records);
        let mut resource = Self::begin(rid, epoch, reducer, setting, base)?;
        resource.notes.extend(notes);
        let replayed = resource.replay(items, OnFailure::Keep);
        resource.setting.reports.forget_prints();
        replayed?;
        resource.rearm();
        Ok(resource)
    }

    /// It stands in the place of one that was ahead of the log, while connections live: what had been asked of that
    /// one and told of it holds.
    pub fn continue_from(&mut self, before: &Resource) {
        self.want(before.wanted());
        // Also where a change of version is lost: places go on over epochs.
        self.marks.keep_rejections(&before.marks, self.head);
    }

    /// The resource at the place where its log begins.
    pub(super) fn begin(
        rid: Rid,
        epoch: Epoch,
        reducer: Rc<dyn DynReducer>,
        setting: Rc<Setting>,
        base: &Base,
    ) -> Result<Self, RecoverError> {
        let take_in = |json: &Option<String>| {
            let json = json.as_deref();
            let taken = if base.version == setting.version {
                reducer.parse(json)
            } else {
                reducer.migrate(json, &base.version)
            };
            taken.map_err(|failure| RecoverError::Base { rid: rid.to_string(), failure })
        };
        let public = View::new(take_in(&base.public)?);
        let mut forks = Vec::new();
        for (client, json) in &base.forks {
            forks.push((client.clone(), take_in(json)?));
        }
        let cut = Cut {
            seq: base.seq,
            time: base.time,
            last_reveal: base.last_reveal,
            public: public.state().clone(),
            forks: forks.clone(),
            stopped: base.stopped.clone(),
        };
        let mut resource = Self::at(rid, epoch, reducer, setting, public, base.seq, base.time);
        resource.history = super::History::new(cut, resource.setting.limits.items_kept_max);
        for (client, state) in forks {
            resource
                .forks
                .insert(client, Fork { view: View::new(state), limits_in_a_row: 0, stopped: false });
        }
        for client in &base.stopped {
            let fork = Fork { view: resource.public.clone(), limits_in_a_row: 0, stopped: true };
            resource.forks.insert(client.clone(), fork);
        }
        resource.marks.take_in(&base.marks, base.horizon);
        resource.last_reveal = base.last_reveal;
        // A type that has learnt to reveal since: what was secret before the base can be told to nobody any more.
        if !resource.forks.is_empty() && resource.features.can_reconcile {
            resource.phase = Some(Phase::new(resource.public.clone()));
        }
        resource.set_fork_holders();
        Ok(resource)
    }

    pub(super) fn replay(&mut self, items: Vec<Item>, on_failure: OnFailure) -> Result<(), RecoverError> {
        for item in items {
            let expected = self.head.next();
            if item.seq() != expected {
                let rid = self.rid.to_string();
                return Err(RecoverError::Gap { rid, expected: expected.0, found: item.seq().0 });
            }
            self.time = item.time();
            match item {
                Item::Entry(entry) => self.replay_entry(entry, on_failure)?,
                Item::PhaseEnd { end, .. } => self.replay_phase_end(end),
            }
        }
        Ok(())
    }

    fn replay_entry(&mut self, entry: Entry, on_failure: OnFailure) -> Result<(), RecoverError> {
        if on_failure == OnFailure::Refuse {
            self.try_entry(&entry)?;
        }
        self.head = entry.seq;
        if let Some(created) = entry.session_created {
            let outcome = Outcome::Acknowledged(entry.seq);
            let claim = Claim { created, floor: ClientSeq(0) };
            self.marks.decided(&entry.author, &entry.session, claim, entry.client_seq, outcome);
        }
        self.open_phase(&entry);
        let holders: Vec<_> = self.forks.keys().cloned().collect();
        for holder in holders {
            self.replay_in_fork(&holder, &entry);
        }
        self.set_fork_holders();
        let public = self.fold(self.public.state(), &entry, false, Fold::Public, &NoteScope::Public);
        if public.limit {
            self.note_anew(Note { seq: entry.seq, scope: NoteScope::Public, kind: NoteKind::Limit });
        }
        if let Some(next) = public.next {
            self.public.advance(next);
        }
        if let Some(phase) = &mut self.phase {
            phase.push(entry.clone());
        }
        self.history.push(Item::Entry(entry));
        self.settle();
        Ok(())
    }

    fn replay_in_fork(&mut self, holder: &ClientId, entry: &Entry) {
        let Some(fork) = self.forks.get(holder) else {
            return;
        };
        let own = *holder == entry.author;
        let scope = NoteScope::Fork(holder.clone());
        let note = |kind| Note { seq: entry.seq, scope: scope.clone(), kind };
        let folded = self.fold(fork.view.state(), entry, own, Fold::Private(holder), &scope);
        if folded.limit {
            self.note_anew(note(NoteKind::Limit));
        }
        let limit = self.notes.contains(&note(NoteKind::Limit));
        let stopped = self.notes.contains(&note(NoteKind::Stopped));
        let allowed = self.setting.limits.fork_limits_max;
        let Some(fork) = self.forks.get_mut(holder) else {
            return;
        };
        if let Some(next) = folded.next {
            fork.view.advance(next);
        }
        if !own {
            fork.limits_in_a_row = if limit { fork.limits_in_a_row + 1 } else { 0 };
        }
        if fork.limits_in_a_row >= allowed && !fork.stopped && !stopped {
            fork.stopped = true;
            self.note_anew(note(NoteKind::Stopped));
        } else {
            fork.stopped |= stopped;
        }
    }

    /// A limit of which the log has no note: the store was lost between the entry and its note, and nobody was told of
    /// either, so it is decided now (M4).
    fn note_anew(&mut self, note: Note) {
        self.notes.insert(note.clone());
        self.notes_anew.push(note);
    }

    /// Notes that a recovery had to decide anew: to be appended to the log before anything else.
    pub fn take_notes_anew(&mut self) -> Vec<Note> {
        std::mem::take(&mut self.notes_anew)
    }

    /// Whether the views that had accepted the entry still take it.
    fn try_entry(&self, entry: &Entry) -> Result<(), RecoverError> {
        let mut folds = vec![(self.public.state(), false, Fold::Public)];
        if entry.body.is_private() || self.forks.contains_key(&entry.author) {
            folds.push((self.view_of(&entry.author).state(), true, Fold::Private(&entry.author)));
        }
        for (state, own, fold) in folds {
            let (action, context) = entry.half(own);
            if let Applied::Failed(failure) = self.reducer.apply(state, action, &context, fold)
                && !failure.entropy_was_read
            {
                return Err(RecoverError::Entry { rid: self.rid.to_string(), seq: entry.seq.0, failure });
            }
        }
        Ok(())
    }

    fn replay_phase_end(&mut self, end: PhaseEnd) {
        let seq = self.head.next();
        if let Some(phase) = self.phase.take()
            && end == PhaseEnd::Reveal
        {
            let mut notes = Vec::new();
            self.public = self.revealed(&phase, &mut notes);
            self.last_reveal = seq;
        }
        self.head = seq;
        self.forks.clear();
        self.set_fork_holders();
        self.history.push(Item::PhaseEnd { seq, time: self.time, end });
        self.settle();
    }
}

fn split(records: impl IntoIterator<Item = Record>) -> (Vec<Item>, Vec<Note>) {
    let (mut items, mut notes) = (Vec::new(), Vec::new());
    for record in records {
        match record {
            Record::Item(item) => items.push(item),
            Record::Note(note) => notes.push(note),
        }
    }
    (items, notes)
}
