//! Bringing a viewer to where the master is: the items that it missed, or a snapshot (M17, M18, G6).

use super::tell::{bare_frame, own_half};
use super::view::View;
use super::{Resource, Subscription, refusal};
use crate::effect::{Effect, ItemFrame, Reply, Subscribed, ViewBase};
use crate::error::Error;
use crate::ids::{ClientId, Seq};
use crate::item::{Entry, Item, NoteScope};

impl Resource {
    pub(super) fn subscribe(&mut self, subscription: &Subscription, out: &mut dyn FnMut(Effect)) {
        let reply = match self.subscribed(subscription) {
            Ok(subscribed) => Reply::Subscribed(subscribed),
            Err(error) => Reply::Failed(error),
        };
        self.flush_reports(None, out);
        out(Effect::Reply { request: subscription.request, reply });
    }

    fn subscribed(&mut self, subscription: &Subscription) -> Result<Subscribed, Error> {
        let Subscription { viewer, session, claim, from, .. } = subscription;
        let (outcomes, forgotten) = self.marks.outcomes(viewer, session, *claim);
        // What a stopped view folded before is not what it sees now.
        let stopped = self.forks.get(viewer).is_some_and(|fork| fork.stopped);
        let goes_on = from.filter(|(epoch, seq)| *epoch == self.epoch && self.still_has(*seq) && !stopped);
        let (base, items) = match goes_on {
            Some((_, seq)) => (None, self.items_since(seq, viewer)),
            None => {
                let (base, items) = self.snapshot(viewer)?;
                (Some(base), items)
            }
        };
        Ok(Subscribed {
            epoch: self.epoch,
            head: self.head,
            version: self.setting.version.clone(),
            last_reveal: self.last_reveal,
            base,
            items,
            checksum_v1: self.checksum_v1(self.view_of(viewer), self.fold_of(viewer)),
            outcomes,
            forgotten,
        })
    }

    /// Whether every item after that one is still here.
    fn still_has(&self, seq: Seq) -> bool {
        seq <= self.head && seq >= self.history.base().seq
    }

    /// The checkpoint and what came since, or the view where nothing is outstanding.
    fn snapshot(&self, viewer: &ClientId) -> Result<(ViewBase, Vec<ItemFrame>), Error> {
        let text = |view: &View| view.json(&*self.reducer).map_err(|failure| refusal(&failure));
        let stopped = self.forks.get(viewer).is_some_and(|fork| fork.stopped);
        let Some(phase) = &self.phase else {
            let json = text(self.view_of(viewer))?;
            // A type without reveal has forks without a phase (M5): a stopped one is stopped for ever.
            let base = ViewBase { seq: self.head, json, checkpoint: false, stopped };
            return Ok((base, Vec::new()));
        };
        let tail = phase.tail();
        let begin = tail.first().map_or(self.head, |first| Seq(first.seq.0 - 1));
        let base = ViewBase { seq: begin, json: text(phase.checkpoint())?, checkpoint: true, stopped };
        // A fork folds from its author's first entry on; before, it is the public view.
        let mut own_from = None;
        let items = tail.iter().map(|entry| {
            if entry.author == *viewer && entry.body.is_private() {
                own_from.get_or_insert(entry.seq);
            }
            self.entry_for(entry, viewer, own_from.is_some() && !stopped, false)
        });
        Ok((base, items.collect()))
    }

    /// The items after that one as the viewer sees them: the same frames as live ones (M18), but for checksums, of which
    /// the last alone matters.
    fn items_since(&self, seq: Seq, viewer: &ClientId) -> Vec<ItemFrame> {
        let mut frames = Vec::new();
        let mut phase: Vec<&Entry> = Vec::new();
        // A type without reveal may be cut where there are forks (M5).
        let forks = &self.history.base().forks;
        let mut has_fork = forks.iter().any(|(author, _)| author == viewer);
        let mut items = self.history.items().peekable();
        while let Some(item) = items.next() {
            let ends_phase = matches!(items.peek(), Some(Item::PhaseEnd { .. }));
            let frame = match item {
                Item::Entry(entry) => {
                    if entry.body.is_private() || !phase.is_empty() {
                        phase.push(entry);
                    }
                    has_fork |= entry.body.is_private() && entry.author == *viewer;
                    (entry.seq > seq).then(|| self.entry_for(entry, viewer, has_fork, ends_phase))
                }
                Item::PhaseEnd { seq: place, time, end } => {
                    let phase = std::mem::take(&mut phase);
                    has_fork = false;
                    (*place > seq).then(|| ItemFrame::PhaseEnd {
                        seq: *place,
                        time: *time,
                        frame: self.phase_end_frame(*end, phase.into_iter(), Some(viewer)),
                        checksum_v1: None,
                    })
                }
            };
            frames.extend(frame);
        }
        frames
    }

    fn entry_for(&self, entry: &Entry, viewer: &ClientId, has_fork: bool, ends_phase: bool) -> ItemFrame {
        let scope = if has_fork { NoteScope::Fork(viewer.clone()) } else { NoteScope::Public };
        let mut frame = bare_frame(entry, ends_phase);
        frame.without_effect = self.has_no_effect(entry, scope);
        ItemFrame::Entry { frame, own: (entry.author == *viewer).then(|| own_half(entry)) }
    }
}
