//! Own dispatches without an outcome, in their order.

use std::collections::VecDeque;

use crate::action::Body;
use crate::context::{Context, Entropy, Stamp, TimeMs};
use crate::ids::{ClientId, ClientSeq, Seq};
use crate::reducer::{Applied, DynReducer, Fold, State};

pub(super) struct Pending {
    pub(super) client_seq: ClientSeq,
    pub(super) body: Body,
    pub(super) optimistic: bool,
    pub(super) seen_reveal: Option<Seq>,
    /// It went to the master over the connection that there is.
    sent: bool,
    /// It went to the master once, over whichever connection.
    ever_sent: bool,
    /// The state that is shown rejects it now; it is tried again at each rebase (M14).
    pub(super) doubtful: bool,
}

#[derive(Default)]
pub(super) struct Queue {
    pending: VecDeque<Pending>,
    last: ClientSeq,
}

impl Queue {
    pub(super) fn push(&mut self, body: Body, optimistic: bool, seen_reveal: Option<Seq>) -> ClientSeq {
        self.last = self.last.next();
        let client_seq = self.last;
        self.pending.push_back(Pending {
            client_seq,
            body,
            optimistic,
            seen_reveal,
            sent: false,
            ever_sent: false,
            doubtful: false,
        });
        client_seq
    }

    pub(super) fn number_after(&mut self, last: ClientSeq) {
        self.last = self.last.max(last);
    }

    pub(super) fn last(&self) -> ClientSeq {
        self.last
    }

    /// Below this, no outcome is needed any more.
    pub(super) fn floor(&self) -> ClientSeq {
        self.pending.front().map_or(self.last.next(), |first| first.client_seq)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Pending> {
        self.pending.iter()
    }

    /// Hands over what the master does not have over this connection.
    pub(super) fn send_unsent(&mut self, mut send: impl FnMut(&Pending)) {
        for pending in self.pending.iter_mut().filter(|pending| !pending.sent) {
            pending.sent = true;
            pending.ever_sent = true;
            send(pending);
        }
    }

    /// The connection is another one: what has no outcome is sent again.
    pub(super) fn nothing_is_under_way(&mut self) {
        for pending in &mut self.pending {
            pending.sent = false;
        }
    }

    pub(super) fn remove(&mut self, client_seq: ClientSeq) -> bool {
        // By number, never by position (M20).
        let at = self.pending.iter().position(|pending| pending.client_seq == client_seq);
        at.and_then(|at| self.pending.remove(at)).is_some()
    }

    /// Takes out what the master may have had.
    pub(super) fn take_sent(&mut self) -> Vec<ClientSeq> {
        let (sent, unsent) = self.pending.drain(..).partition::<VecDeque<_>, _>(|pending| pending.ever_sent);
        self.pending = unsent;
        sent.into_iter().map(|pending| pending.client_seq).collect()
    }

    pub(super) fn drain(&mut self) -> impl Iterator<Item = Pending> {
        self.pending.drain(..)
    }

    /// All that is pending over a state.
    pub(super) fn fold(
        &mut self,
        reducer: &dyn DynReducer,
        confirmed: &State,
        me: &ClientId,
        time: TimeMs,
    ) -> State {
        let mut state = confirmed.clone();
        for pending in &mut self.pending {
            fold_one(reducer, &mut state, pending, me, time);
        }
        state
    }

    /// The newest over what is shown.
    pub(super) fn fold_newest(
        &mut self,
        reducer: &dyn DynReducer,
        shown: &State,
        me: &ClientId,
        time: TimeMs,
    ) -> State {
        let mut state = shown.clone();
        if let Some(newest) = self.pending.back_mut() {
            fold_one(reducer, &mut state, newest, me, time);
        }
        state
    }
}

/// Time and chance are guesses here: the master's come with the acknowledgement (M13).
fn fold_one(reducer: &dyn DynReducer, state: &mut State, pending: &mut Pending, me: &ClientId, time: TimeMs) {
    if !pending.optimistic {
        return;
    }
    let stamp = Stamp { time, author: me.clone() };
    let context = Context::new(stamp, Entropy(pending.client_seq.0));
    let applied = reducer.apply(state, pending.body.own(), &context, Fold::Public);
    pending.doubtful = !matches!(applied, Applied::Next(_));
    if let Applied::Next(next) = applied {
        *state = next;
    }
}
