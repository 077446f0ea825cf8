//! Telling each distinct view of an entry, in the order of M10.

use super::Resource;
use super::decide::Cause;
use crate::action::Body;
use crate::context::TimeMs;
use crate::effect::{Effect, EntryFrame, OwnHalf, RefreshCause, Viewers};
use crate::ids::ClientId;
use crate::item::{Entry, Note, NoteKind, NoteScope, PhaseEnd, Record};
use crate::reducer::Fold;

/// What an entry weighs beside its action, for the spacing of checksums.
const ENTRY_BYTES: usize = 64;
/// Public bytes after which a v1 checksum is due where each costs the whole state.
const BYTES_UNCHECKED_MAX: usize = 2_048;

impl Resource {
    /// The public view first, then the author's, then the other forks one after another (M10).
    pub(super) fn tell_entry(
        &mut self,
        entry: &Entry,
        end: Option<PhaseEnd>,
        cause: Cause,
        out: &mut dyn FnMut(Effect),
    ) {
        let Cause { form, origin } = cause;
        let secret = entry.body.is_private();
        let with_v1 = self.wants_checksum_v1(entry);
        let author_has_view = self.forks.get(&entry.author).is_some_and(|fork| !fork.stopped);
        let own = || own_half(entry);

        let viewers = Viewers::Public { except: self.fork_holders.clone() };
        let frame = self.entry_frame(entry, None, end.is_some(), with_v1);
        let (own_public, origin_public) = if author_has_view { (None, None) } else { (Some(own()), origin) };
        out(Effect::Entry { viewers, frame, own: own_public, form, origin: origin_public });

        if author_has_view {
            let frame = self.entry_frame(entry, Some(&entry.author), end.is_some(), with_v1);
            let viewers = Viewers::Author(entry.author.clone());
            out(Effect::Entry { viewers, frame, own: Some(own()), form, origin });
        }

        let others: Vec<ClientId> =
            self.fork_holders.iter().filter(|holder| **holder != entry.author).cloned().collect();
        for holder in others {
            // A private entry that ends the phase is told by the end itself: no fork is folded for nothing.
            if end.is_some() && secret {
                let frame = bare_frame(entry, true);
                let viewers = Viewers::Author(holder);
                out(Effect::Entry { viewers, frame, own: None, form, origin: None });
                continue;
            }
            let notes = self.fold_into_fork(&holder, entry);
            if !notes.is_empty() {
                let records = notes.into_iter().map(Record::Note).collect();
                out(Effect::Append { epoch: self.epoch, records });
            }
            let frame = self.entry_frame(entry, Some(&holder), end.is_some(), with_v1);
            let viewers = Viewers::Author(holder.clone());
            out(Effect::Entry { viewers, frame, own: None, form, origin: None });
            self.tell_if_stopped(&holder, entry.time, out);
        }
    }

    /// The entry at the head as one view sees it, with the checksums of that view as it is now.
    fn entry_frame(
        &self,
        entry: &Entry,
        viewer: Option<&ClientId>,
        ends_phase: bool,
        with_v1: bool,
    ) -> EntryFrame {
        let (view, fold, scope) = match viewer {
            // Also where this very entry has stopped it: its author is told so by the refresh that follows, and until
            // then compares with what they have folded (M16).
            Some(viewer) => (
                self.forks.get(viewer).map_or(&self.public, |fork| &fork.view),
                Fold::Private(viewer),
                NoteScope::Fork(viewer.clone()),
            ),
            None => (&self.public, Fold::Public, NoteScope::Public),
        };
        EntryFrame {
            checksum: self.checksum_shown(view, entry.time, fold),
            checksum_v1: with_v1.then(|| self.checksum_v1(view, fold)).flatten(),
            without_effect: self.has_no_effect(entry, scope),
            ..bare_frame(entry, ends_phase)
        }
    }

    /// Whether a limit was noted for the entry in that fold (M4).
    pub(super) fn has_no_effect(&self, entry: &Entry, scope: NoteScope) -> bool {
        self.notes.contains(&Note { seq: entry.seq, scope, kind: NoteKind::Limit })
    }

    /// Whether frames of this entry carry a v1 checksum. Where one costs the whole state that depends on the number and
    /// size of public bytes alone: whether there is one must not tell a secret (M8).
    fn wants_checksum_v1(&mut self, entry: &Entry) -> bool {
        if !self.checksums.v1 {
            return false;
        }
        self.bytes_unchecked += ENTRY_BYTES + entry.body.public().json().len();
        if !self.features.cheap_checksum_v1 && self.bytes_unchecked < BYTES_UNCHECKED_MAX {
            return false;
        }
        self.bytes_unchecked = 0;
        true
    }

    fn tell_if_stopped(&mut self, holder: &ClientId, time: TimeMs, out: &mut dyn FnMut(Effect)) {
        if self.forks.get(holder).is_some_and(|fork| fork.stopped) {
            self.set_fork_holders();
            out(Effect::Refresh {
                viewers: Viewers::Author(holder.clone()),
                time,
                checksum: self.checksum_shown(&self.public, time, Fold::Public),
                why: RefreshCause::ViewStopped,
            });
        }
    }
}

/// An entry as everybody may see it, without checksums.
pub(super) fn bare_frame(entry: &Entry, ends_phase: bool) -> EntryFrame {
    EntryFrame {
        seq: entry.seq,
        author: entry.author.clone(),
        time: entry.time,
        entropy: entry.entropy,
        action: entry.body.public().clone(),
        secret: entry.body.is_private(),
        checksum: None,
        checksum_v1: None,
        without_effect: false,
        ends_phase,
    }
}

/// What only the entry's author gets of it.
pub(super) fn own_half(entry: &Entry) -> OwnHalf {
    let private = match (&entry.body, entry.private_entropy) {
        (Body::Private { private, .. }, Some(entropy)) => Some((private.clone(), entropy)),
        _ => None,
    };
    OwnHalf { session: entry.session.clone(), client_seq: entry.client_seq, private }
}
