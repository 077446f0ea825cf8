//! Deciding a dispatch (M7), and telling each distinct view (M10).

use super::marks::Known;
use super::phase::Phase;
use super::{Dispatch, Fork, Resource, refusal};
use crate::action::{Action, Body};
use crate::context::{Context, TimeMs};
use crate::effect::{Effect, Outcome, Reply, RequestId, Undecided};
use crate::error::{Code, Error};
use crate::ids::{ClientId, RidForm};
use crate::item::{Entry, ForfeitCause, Item, Note, NoteKind, NoteScope, PhaseEnd, Record};
use crate::reducer::{Applied, FailureKind, Fold, State};

/// A verdict yes: the view's next state, and whether a limit made it an entry without effect (M9).
struct Accepted {
    next: Option<State>,
    limit: bool,
}

/// An entry that is accepted and not yet appended.
pub(super) struct Decided {
    entry: Entry,
    own: Accepted,
    public: Accepted,
}

/// What an entry and all that follows from it come from: nothing, where the master acts by itself.
#[derive(Clone, Copy, Default)]
pub(super) struct Cause {
    pub(super) form: RidForm,
    pub(super) origin: Option<RequestId>,
}

/// A verdict no.
struct Refused {
    error: Error,
    limit: bool,
}

impl Resource {
    pub(super) fn dispatch(&mut self, now: TimeMs, dispatch: Dispatch, out: &mut dyn FnMut(Effect)) {
        if let Some(reply) = self.settled_before(&dispatch) {
            if let Some(request) = dispatch.origin {
                out(Effect::Reply { request, reply });
            }
            return;
        }
        let cause = Cause { form: dispatch.form, origin: dispatch.origin };
        let author = dispatch.author.clone();
        let (session, number, claim) = (dispatch.session.clone(), dispatch.client_seq, dispatch.claim);
        let time = self.time.max(now);
        let secret = dispatch.body.is_private() || self.forks.contains_key(&author);
        match self.decide(time, dispatch) {
            Ok(decided) => {
                self.flush_reports(None, out);
                if let Some(claim) = claim {
                    let outcome = Outcome::Acknowledged(decided.entry.seq);
                    self.marks.decided(&author, &session, claim, number, outcome);
                }
                self.append(decided, cause, out);
            }
            Err(error) => {
                let report_to = secret.then(|| author.clone());
                let checksum = self.checksum_shown(self.view_of(&author), time, self.fold_of(&author));
                self.flush_reports(report_to.as_ref(), out);
                if let Some(claim) = claim {
                    let rejection = (self.head, error.clone());
                    self.marks.rejected(&author, &session, claim, number, rejection);
                }
                if let Some(request) = cause.origin {
                    out(Effect::Reply { request, reply: Reply::Rejected { error, checksum, time } });
                }
            }
        }
    }

    /// What is answered without a decision: another log (M22), or a number that was decided before (M20, M21).
    fn settled_before(&self, dispatch: &Dispatch) -> Option<Reply> {
        let Dispatch { author, session, client_seq, epoch, claim, .. } = dispatch;
        if epoch.is_some_and(|epoch| epoch != self.epoch) {
            return Some(Reply::Undecided(Undecided::EpochChanged(self.epoch)));
        }
        match self.marks.look(author, session, (*claim)?.created, *client_seq) {
            Known::New => None,
            Known::Decided(outcome) => Some(Reply::Known(outcome)),
            Known::Forgotten => Some(Reply::Undecided(Undecided::Forgotten)),
        }
    }

    /// Decides on the author's own view and, for the public half, on the public state; on no other fork (M7).
    fn decide(&self, time: TimeMs, dispatch: Dispatch) -> Result<Decided, Error> {
        let Dispatch { author, session, client_seq, body, seen_reveal, claim, .. } = dispatch;
        if seen_reveal.is_some_and(|seen| seen < self.last_reveal) {
            return Err(Error::new(
                Code::StalePhase,
                "a reveal came in between: look at the new state first",
            ));
        }
        self.check_phase_share(&author)?;
        self.check_forks(&author, body.is_private())?;

        let seq = self.head.next();
        let body = body.stamp(time);
        let (entropy, private_entropy) =
            Entry::draws(&self.setting.entropy_key, &self.rid, self.epoch, seq, &body);
        let version = self.setting.version.clone();
        let session_created = claim.map(|claim| claim.created);
        let entry = Entry {
            seq,
            author,
            session,
            client_seq,
            time,
            entropy,
            private_entropy,
            body,
            version,
            session_created,
        };

        let has_fork = self.forks.get(&entry.author).is_some_and(|fork| !fork.stopped);
        let own = if entry.body.is_private() || has_fork {
            let (action, context) = entry.half(true);
            let fold = Fold::Private(&entry.author);
            match self.ask(self.view_of(&entry.author).state(), action, &context, fold) {
                Ok(own) => own,
                // `decide: public`: the verdict must not tell anything of the author's own view.
                Err(refused) if self.features.decide_public => Accepted { next: None, limit: refused.limit },
                Err(refused) => return Err(refused.error),
            }
        } else {
            Accepted { next: None, limit: false }
        };
        let (action, context) = entry.half(false);
        let public = self.ask(self.public.state(), action, &context, Fold::Public);
        let public = public.map_err(|refused| refused.error)?;
        Ok(Decided { entry, own, public })
    }

    /// One verdict. A failure after the entry's chance was read is a yes without effect (M9).
    fn ask(
        &self,
        state: &State,
        action: &Action,
        context: &Context,
        fold: Fold<'_>,
    ) -> Result<Accepted, Refused> {
        match self.reducer.apply(state, action, context, fold) {
            Applied::Next(next) => Ok(Accepted { next: Some(next), limit: false }),
            Applied::Rejected(rejection) => {
                Err(Refused { error: Error::new(Code::Rejected, rejection.reason), limit: false })
            }
            Applied::Failed(failure) => {
                self.report_failure("an action", &failure, fold);
                let limit = failure.kind == FailureKind::Limit;
                if failure.entropy_was_read {
                    return Ok(Accepted { next: None, limit });
                }
                Err(Refused { error: refusal(&failure), limit })
            }
        }
    }

    /// Decides an entry of the master's own; [`Resource::append_own`] appends it.
    pub(super) fn decide_own(&self, time: TimeMs, body: Body) -> Result<Decided, Error> {
        let dispatch = Dispatch {
            author: ClientId::master(),
            session: crate::ids::SessionId::new(""),
            client_seq: crate::ids::ClientSeq(self.head.next().0),
            body: body.into(),
            epoch: None,
            seen_reveal: None,
            form: RidForm::default(),
            claim: None,
            origin: None,
        };
        self.decide(time, dispatch)
    }

    pub(super) fn append_own(&mut self, decided: Decided, out: &mut dyn FnMut(Effect)) {
        self.append(decided, Cause::default(), out);
    }

    /// Appends an accepted entry, with the end of the phase where it causes one, and tells everybody.
    fn append(&mut self, decided: Decided, cause: Cause, out: &mut dyn FnMut(Effect)) {
        let Decided { entry, own, public } = decided;
        let mut records = vec![Record::Item(Item::Entry(entry.clone()))];
        let note = |limit: bool, scope: NoteScope| {
            limit.then_some(Note { seq: entry.seq, scope, kind: NoteKind::Limit })
        };
        let notes =
            [note(public.limit, NoteScope::Public), note(own.limit, NoteScope::Fork(entry.author.clone()))];
        for note in notes.into_iter().flatten() {
            self.keep_note(note, &mut records);
        }

        self.head = entry.seq;
        self.time = entry.time;
        self.open_phase(&entry);
        if let Some(fork) = self.forks.get_mut(&entry.author)
            && !fork.stopped
            && let Some(next) = own.next
        {
            fork.view.advance(next);
        }
        if let Some(next) = public.next {
            self.public.advance(next);
        }
        if let Some(phase) = &mut self.phase {
            phase.push(entry.clone());
        }
        self.history.push(Item::Entry(entry.clone()));

        let end = self.phase_end_due();
        let ending = end.map(|end| self.end_phase(end, &mut records));
        // The reveal's own folds come before the append: its notes belong into it. No secret is left to be timed.
        out(Effect::Append { epoch: self.epoch, records });
        self.tell_entry(&entry, end, cause, out);
        if let Some(ending) = ending {
            let origin = cause.origin.filter(|_| entry.body.is_private());
            self.finish_phase(ending, Cause { origin, ..cause }, out);
        }
        self.settle_and_truncate(out);
        self.rearm();
        self.flush_reports(None, out);
    }

    /// The first private entry opens a phase, an author's first one opens their fork.
    pub(super) fn open_phase(&mut self, entry: &Entry) {
        if !entry.body.is_private() {
            return;
        }
        if self.phase.is_none() && self.features.can_reconcile {
            self.phase = Some(Phase::new(self.public.clone()));
        }
        if !self.forks.contains_key(&entry.author) {
            let fork = Fork { view: self.public.clone(), limits_in_a_row: 0, stopped: false };
            self.forks.insert(entry.author.clone(), fork);
            self.set_fork_holders();
        }
    }

    /// What ends the phase right behind the entry at the head, if anything does.
    fn phase_end_due(&self) -> Option<PhaseEnd> {
        let phase = self.phase.as_ref()?;
        match self.reducer.can_reconcile(self.public.state()) {
            Ok(true) => return Some(PhaseEnd::Reveal),
            Ok(false) => {}
            Err(failure) => self.report_failure("`can_reconcile`", &failure, Fold::Public),
        }
        (phase.len() >= self.setting.limits.phase_entries_max)
            .then_some(PhaseEnd::Forfeit(ForfeitCause::Full))
    }

    /// Folds somebody else's entry into a fork; notes where it ran into a limit (M4, M11).
    pub(super) fn fold_into_fork(&mut self, holder: &ClientId, entry: &Entry) -> Vec<Note> {
        let Some(fork) = self.forks.get(holder) else {
            return Vec::new();
        };
        let scope = NoteScope::Fork(holder.clone());
        let folded = self.fold(fork.view.state(), entry, false, Fold::Private(holder), &scope);
        let mut notes = Vec::new();
        let limit = folded.limit;
        if limit {
            notes.push(Note { seq: entry.seq, scope: scope.clone(), kind: NoteKind::Limit });
        }
        let allowed = self.setting.limits.fork_limits_max;
        if let Some(fork) = self.forks.get_mut(holder) {
            fork.limits_in_a_row = if limit { fork.limits_in_a_row + 1 } else { 0 };
            if let Some(next) = folded.next {
                fork.view.advance(next);
            }
            if fork.limits_in_a_row >= allowed {
                fork.stopped = true;
                notes.push(Note { seq: entry.seq, scope, kind: NoteKind::Stopped });
            }
        }
        self.notes.extend(notes.iter().cloned());
        notes
    }

    pub(super) fn keep_note(&mut self, note: Note, records: &mut Vec<Record>) {
        records.push(Record::Note(note.clone()));
        self.notes.insert(note);
    }

    /// The fold in which that client's view is computed.
    pub(super) fn fold_of<'a>(&self, viewer: &'a ClientId) -> Fold<'a> {
        match self.forks.get(viewer) {
            Some(fork) if !fork.stopped => Fold::Private(viewer),
            _ => Fold::Public,
        }
    }
}
