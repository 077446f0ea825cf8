//! The secret phase: from the first outstanding private entry to the reveal or the forfeit (M2, M3).

use std::collections::HashMap;

use super::Resource;
use super::decide::Cause;
use super::view::View;
use crate::action::Body;
use crate::context::TimeMs;
use crate::effect::{Effect, PhaseEndFrame, Reply, RequestId, Revealed, Viewers};
use crate::error::{Code, Error};
use crate::ids::{ClientId, Seq};
use crate::item::{Entry, ForfeitCause, Item, Note, NoteKind, NoteScope, PhaseEnd, Record};
use crate::reducer::Fold;

/// A phase under way.
pub(super) struct Phase {
    /// The state before the first outstanding private entry.
    checkpoint: View,
    /// Every entry since.
    tail: Vec<Entry>,
    /// How many of them each author wrote (M3).
    shares: HashMap<ClientId, usize>,
}

impl Phase {
    pub(super) fn new(checkpoint: View) -> Self {
        Self { checkpoint, tail: Vec::new(), shares: HashMap::new() }
    }

    pub(super) fn push(&mut self, entry: Entry) {
        *self.shares.entry(entry.author.clone()).or_default() += 1;
        self.tail.push(entry);
    }

    pub(super) fn tail(&self) -> &[Entry] {
        &self.tail
    }

    /// The state before the first outstanding private entry.
    pub(super) fn checkpoint(&self) -> &View {
        &self.checkpoint
    }

    pub(super) fn len(&self) -> usize {
        self.tail.len()
    }
}

/// A phase end that is decided, and of which nobody was told yet.
pub(super) struct Ending {
    seq: Seq,
    end: PhaseEnd,
    phase: Phase,
    holders: Vec<ClientId>,
    /// The state from here on, after a reveal.
    revealed: Option<View>,
}

impl Resource {
    /// Refuses what is beyond an author's share of the phase (M3).
    pub(super) fn check_phase_share(&self, author: &ClientId) -> Result<(), Error> {
        let share = self.phase.as_ref().and_then(|phase| phase.shares.get(author)).copied().unwrap_or(0);
        if share >= self.setting.limits.phase_author_entries_max && !author.is_master() {
            return Err(Error::new(
                Code::PhaseFull,
                "you have too many actions in this secret phase: wait until its secrets are revealed",
            ));
        }
        Ok(())
    }

    /// Refuses one more author with a view of their own than are allowed: each costs a fold of every entry (G9).
    pub(super) fn check_forks(&self, author: &ClientId, is_private: bool) -> Result<(), Error> {
        if is_private && !self.forks.contains_key(author) && self.forks.len() >= self.setting.limits.forks_max
        {
            return Err(Error::new(
                Code::PhaseFull,
                "too many people have secrets in this resource: wait until they are revealed",
            ));
        }
        Ok(())
    }

    /// Ends the phase: its item, and the state that follows. What comes before it is told first, so the views stay
    /// as they are until [`Resource::finish_phase`].
    pub(super) fn end_phase(&mut self, end: PhaseEnd, records: &mut Vec<Record>) -> Ending {
        let phase = self.phase.take().expect("only a phase that is under way is ended");
        let seq = self.head.next();
        let revealed = (end == PhaseEnd::Reveal).then(|| {
            self.last_reveal = seq;
            self.revealed(&phase, records)
        });
        self.head = seq;
        let item = Item::PhaseEnd { seq, time: self.time, end };
        self.history.push(item.clone());
        records.push(Record::Item(item));
        // Every author with a fork, stopped ones too: each is told what the others wrote.
        let holders = self.forks.keys().cloned().collect();
        Ending { seq, end, phase, holders, revealed }
    }

    /// The fold from the checkpoint with all private actions in their places. An entry that is void in it stays in
    /// the log and stops nothing (M4).
    pub(super) fn revealed(&mut self, phase: &Phase, records: &mut Vec<Record>) -> View {
        let mut view = phase.checkpoint.clone();
        for entry in &phase.tail {
            let folded = self.fold(view.state(), entry, true, Fold::Revealed, &NoteScope::Reveal);
            if let Some(next) = folded.next {
                view.advance(next);
            }
            if folded.limit {
                self.keep_note(
                    Note { seq: entry.seq, scope: NoteScope::Reveal, kind: NoteKind::Limit },
                    records,
                );
            }
        }
        view
    }

    /// Tells every distinct view of the end; from here on all share the public one.
    pub(super) fn finish_phase(&mut self, ending: Ending, cause: Cause, out: &mut dyn FnMut(Effect)) {
        let Ending { seq, end, phase, holders, revealed } = ending;
        if let Some(view) = revealed {
            self.public = view;
        }
        let Cause { form, origin } = cause;
        let actor = phase.tail.last().map(|entry| entry.author.clone());
        self.forks.clear();
        self.set_fork_holders();
        let time = self.time;
        let checksum = self.checksum_shown(&self.public, time, Fold::Public);
        let checksum_v1 = if self.checksums.v1 { self.checksum_v1(&self.public, Fold::Public) } else { None };
        let tell = |viewers: Viewers, frame: PhaseEndFrame, origin: Option<RequestId>| Effect::PhaseEnd {
            viewers,
            seq,
            time,
            frame,
            checksum: checksum.clone(),
            checksum_v1,
            form,
            origin,
        };
        let viewers = Viewers::Public { except: holders.clone().into() };
        out(tell(viewers, self.phase_end_frame(end, phase.tail.iter(), None), None));
        // The cause's own author last, as their answer comes after what the others get.
        let (mine, others): (Vec<_>, Vec<_>) =
            holders.into_iter().partition(|holder| origin.is_some() && Some(holder) == actor.as_ref());
        for (holder, origin) in
            others.into_iter().map(|holder| (holder, None)).chain(mine.into_iter().map(|mine| (mine, origin)))
        {
            let frame = self.phase_end_frame(end, phase.tail.iter(), Some(&holder));
            out(tell(Viewers::Author(holder), frame, origin));
        }
    }

    /// What a viewer is told at the end of a phase of these entries (M18).
    pub(super) fn phase_end_frame<'e>(
        &self,
        end: PhaseEnd,
        phase: impl Iterator<Item = &'e Entry>,
        viewer: Option<&ClientId>,
    ) -> PhaseEndFrame {
        if let PhaseEnd::Forfeit(cause) = end {
            let limited = phase.filter(|entry| self.has_no_effect(entry, NoteScope::Public));
            return PhaseEndFrame::Forfeit {
                cause,
                without_effect: limited.map(|entry| entry.seq).collect(),
            };
        }
        let (mut secrets, mut without_effect) = (Vec::new(), Vec::new());
        for entry in phase {
            if viewer != Some(&entry.author) {
                secrets.extend(revealed_entry(entry));
            }
            if self.has_no_effect(entry, NoteScope::Reveal) {
                without_effect.push(entry.seq);
            }
        }
        PhaseEndFrame::Reveal { secrets, without_effect }
    }

    pub(super) fn forfeit_by_operator(
        &mut self,
        now: TimeMs,
        request: Option<RequestId>,
        out: &mut dyn FnMut(Effect),
    ) {
        let reply = if self.phase.is_some() {
            self.forfeit(now, ForfeitCause::Operator, out);
            Reply::Done
        } else {
            Reply::Failed(Error::new(Code::Rejected, "no secret phase is under way here"))
        };
        if let Some(request) = request {
            out(Effect::Reply { request, reply });
        }
    }

    /// Gives the phase up: no secret is disclosed, everybody sees the public view (M3).
    pub(super) fn forfeit(&mut self, now: TimeMs, cause: ForfeitCause, out: &mut dyn FnMut(Effect)) {
        self.time = self.time.max(now);
        let mut records = Vec::new();
        let ending = self.end_phase(PhaseEnd::Forfeit(cause), &mut records);
        out(Effect::Append { epoch: self.epoch, records });
        self.finish_phase(ending, Cause::default(), out);
        self.settle_and_truncate(out);
        self.rearm();
        self.flush_reports(None, out);
    }
}

fn revealed_entry(entry: &Entry) -> Option<Revealed> {
    match (&entry.body, entry.private_entropy) {
        (Body::Private { private, .. }, Some(entropy)) => {
            Some(Revealed { seq: entry.seq, author: entry.author.clone(), private: private.clone(), entropy })
        }
        _ => None,
    }
}
