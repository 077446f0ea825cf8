//! The view that the master's frames alone change: the fold of the log as this client may see it.

use std::collections::HashSet;

use super::Divergence;
use crate::action::Action;
use crate::context::{Context, Entropy, Stamp, TimeMs};
use crate::effect::{EntryFrame, ItemFrame, OwnHalf, PhaseEndFrame, ViewBase};
use crate::ids::{ClientSeq, Epoch, Seq, SessionId};
use crate::reducer::{Applied, DynReducer, Failure, Fold, State};

/// An entry of the phase under way, kept because the reveal folds it again (M17).
struct Held {
    frame: EntryFrame,
    private: Option<(Action, Entropy)>,
    /// Its number, if this session dispatched it.
    client_seq: Option<ClientSeq>,
}

/// A phase under way, as this client sees it.
struct Phase {
    /// The state before the first outstanding private entry.
    checkpoint: State,
    tail: Vec<Held>,
}

pub(super) struct Confirmed {
    epoch: Epoch,
    seq: Seq,
    time: TimeMs,
    state: State,
    phase: Option<Phase>,
    /// The own view is stopped: own private halves wait for the reveal, and the public ones are folded (M11).
    stopped: bool,
    last_reveal: Seq,
    can_reconcile: bool,
}

impl Confirmed {
    /// Begins where a snapshot begins.
    pub(super) fn begin(
        reducer: &dyn DynReducer,
        epoch: Epoch,
        last_reveal: Seq,
        base: &ViewBase,
    ) -> Result<Self, Failure> {
        let state = reducer.parse(base.json.as_deref())?;
        let phase = base.checkpoint.then(|| Phase { checkpoint: state.clone(), tail: Vec::new() });
        Ok(Self {
            epoch,
            seq: base.seq,
            time: TimeMs(0),
            state,
            phase,
            stopped: base.stopped,
            last_reveal,
            can_reconcile: reducer.features().can_reconcile,
        })
    }

    pub(super) fn state(&self) -> &State {
        &self.state
    }

    pub(super) fn position(&self) -> (Epoch, Seq) {
        (self.epoch, self.seq)
    }

    /// The time of the newest item.
    pub(super) fn time(&self) -> TimeMs {
        self.time
    }

    pub(super) fn last_reveal(&self) -> Seq {
        self.last_reveal
    }

    /// Folds the next item. Gives the own private entries that are void in a reveal (M4).
    pub(super) fn fold(
        &mut self,
        reducer: &dyn DynReducer,
        session: &SessionId,
        item: ItemFrame,
    ) -> Result<Vec<ClientSeq>, Divergence> {
        self.seq = item.seq();
        match item {
            ItemFrame::Entry { frame, own } => {
                self.entry(reducer, session, frame, own);
                Ok(Vec::new())
            }
            ItemFrame::PhaseEnd { seq, time, frame, .. } => {
                self.time = time;
                self.phase_end(reducer, seq, frame)
            }
        }
    }

    fn entry(
        &mut self,
        reducer: &dyn DynReducer,
        session: &SessionId,
        frame: EntryFrame,
        own: Option<OwnHalf>,
    ) {
        self.time = frame.time;
        if frame.secret && self.can_reconcile && self.phase.is_none() {
            self.phase = Some(Phase { checkpoint: self.state.clone(), tail: Vec::new() });
        }
        let client_seq = own.as_ref().filter(|own| own.session == *session).map(|own| own.client_seq);
        let private = own.and_then(|own| own.private);
        let half = private.as_ref().filter(|_| !self.stopped);
        if !frame.without_effect {
            advance(reducer, &mut self.state, &frame, half);
        }
        if let Some(phase) = &mut self.phase {
            phase.tail.push(Held { frame, private, client_seq });
        }
    }

    /// From the checkpoint on, with all private actions in their places, or with all public ones (M2, M3).
    fn phase_end(
        &mut self,
        reducer: &dyn DynReducer,
        seq: Seq,
        end: PhaseEndFrame,
    ) -> Result<Vec<ClientSeq>, Divergence> {
        let Some(Phase { checkpoint, tail }) = self.phase.take() else {
            return Err(Divergence::NoCheckpoint { seq });
        };
        self.stopped = false;
        self.state = checkpoint;
        let mut voided = Vec::new();
        match end {
            PhaseEndFrame::Reveal { secrets, without_effect } => {
                self.last_reveal = seq;
                let without_effect: HashSet<Seq> = without_effect.into_iter().collect();
                let mut secrets = secrets.into_iter().peekable();
                for held in tail {
                    let told = secrets.next_if(|secret| secret.seq == held.frame.seq);
                    let half = told.map(|secret| (secret.private, secret.entropy)).or(held.private);
                    let folded = !without_effect.contains(&held.frame.seq)
                        && advance(reducer, &mut self.state, &held.frame, half.as_ref());
                    if !folded && held.frame.secret {
                        voided.extend(held.client_seq);
                    }
                }
            }
            PhaseEndFrame::Forfeit { without_effect, .. } => {
                for held in tail {
                    if !without_effect.contains(&held.frame.seq) {
                        advance(reducer, &mut self.state, &held.frame, None);
                    }
                }
            }
        }
        Ok(voided)
    }
}

/// Folds one entry, with its private half where one is given; tells whether the view took it (M4).
fn advance(
    reducer: &dyn DynReducer,
    state: &mut State,
    frame: &EntryFrame,
    private: Option<&(Action, Entropy)>,
) -> bool {
    let stamp = Stamp { time: frame.time, author: frame.author.clone() };
    let (action, entropy) = match private {
        Some((action, entropy)) => (action, *entropy),
        None => (&frame.action, frame.entropy),
    };
    match reducer.apply(state, action, &Context::new(stamp, entropy), Fold::Public) {
        Applied::Next(next) => {
            *state = next;
            true
        }
        Applied::Rejected(_) | Applied::Failed(_) => false,
    }
}
