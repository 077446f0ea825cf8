//! The meaning of a log, told as the design's one sentence tells it: each state is the fold of the log as its viewer is
//! allowed to see it. Slow and plain on purpose; nothing of the resource's own code is used.

use movex_core::ids::ClientId;
use movex_core::item::{Item, Note, NoteKind, NoteScope, PhaseEnd, Record};
use movex_core::reducer::{Applied, DynReducer, Fold, State};

/// How the phase of an item ended.
#[derive(Clone, Copy, PartialEq)]
enum Fate {
    Revealed,
    Forfeited,
    Outstanding,
    NoPhase,
}

/// The state of a viewer (`None`: a spectator) after the whole of a log.
pub fn fold(reducer: &dyn DynReducer, base: State, log: &[Record], viewer: Option<&ClientId>) -> State {
    let items: Vec<&Item> = log
        .iter()
        .filter_map(|record| match record {
            Record::Item(item) => Some(item),
            Record::Note(_) => None,
        })
        .collect();
    let notes: Vec<&Note> = log
        .iter()
        .filter_map(|record| match record {
            Record::Note(note) => Some(note),
            Record::Item(_) => None,
        })
        .collect();
    let fates = fates(&items);

    let stopped = viewer.is_some_and(|viewer| {
        let last_end = items.iter().rposition(|item| matches!(item, Item::PhaseEnd { .. }));
        let since = last_end.map_or(0, |at| items[at].seq().0);
        notes.iter().any(|note| {
            note.kind == NoteKind::Stopped
                && note.scope == NoteScope::Fork(viewer.clone())
                && note.seq.0 > since
        })
    });
    let mut has_fork = false;
    let mut state = base;
    for (item, fate) in items.iter().zip(fates) {
        let Item::Entry(entry) = item else { continue };
        let mine = viewer == Some(&entry.author) && !stopped;
        if fate == Fate::Outstanding && mine && entry.body.is_private() {
            has_fork = true;
        }
        let (own, scope) = match fate {
            Fate::Revealed => (true, NoteScope::Reveal),
            Fate::Outstanding if has_fork => (mine, NoteScope::Fork(viewer.unwrap().clone())),
            Fate::Outstanding | Fate::Forfeited | Fate::NoPhase => (false, NoteScope::Public),
        };
        let noted = Note { seq: entry.seq, scope, kind: NoteKind::Limit };
        if notes.contains(&&noted) {
            continue;
        }
        let (action, context) = entry.half(own);
        if let Applied::Next(next) = reducer.apply(&state, action, &context, Fold::Public) {
            state = next;
        }
    }
    state
}

/// A phase runs from a private entry to the next phase end.
fn fates(items: &[&Item]) -> Vec<Fate> {
    let mut fates = vec![Fate::NoPhase; items.len()];
    let mut begun = None;
    for (at, item) in items.iter().enumerate() {
        match item {
            Item::Entry(entry) => {
                if entry.body.is_private() && begun.is_none() {
                    begun = Some(at);
                }
                if begun.is_some() {
                    fates[at] = Fate::Outstanding;
                }
            }
            Item::PhaseEnd { end, .. } => {
                let fate = if *end == PhaseEnd::Reveal { Fate::Revealed } else { Fate::Forfeited };
                if let Some(begun) = begun.take() {
                    fates[begun..at].fill(fate);
                }
            }
        }
    }
    fates
}
